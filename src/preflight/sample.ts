import { deflateRawSync } from "node:zlib";
import { qualifiedName } from "../postgres/session.ts";
import type { Session } from "../postgres/session.ts";
import { type Relation, dataBytes, isTable } from "./catalog/relations.ts";

/** What a few rows of a table look like as COPY text. */
export interface TableSample {
  oid: number;
  rows: number;
  textBytes: number;
  compressedBytes: number;
  readMs: number;
  compressMs: number;
}

const tablesSampled = 10;
const sampleBytes = 4 * 2 ** 20;
const mostRows = 20_000;
const tableTimeoutMs = 4000;
const pageBytes = 8192;

interface SampleOptions {
  compressionLevel: number;
  budgetMs: number;
  /** Of the session, put back afterwards. */
  statementTimeoutMs: number;
  signal: AbortSignal;
}

/**
 * Reads a few megabytes of the largest tables as the dump will read them, and compresses them as it will. Tables that may
 * not be read, or are locked, are passed over: other checks report those.
 */
export async function sampleTables(
  session: Session,
  relations: readonly Relation[],
  options: SampleOptions,
): Promise<TableSample[]> {
  const deadline = performance.now() + options.budgetMs;
  const tables = relations
    .filter((relation) => isTable(relation) && relation.isMeasured && relation.heapBytes > 0 && !hasHugeRows(relation))
    .toSorted((a, b) => dataBytes(b) - dataBytes(a))
    .slice(0, tablesSampled);
  const samples: TableSample[] = [];
  await session.execute(`set statement_timeout = ${tableTimeoutMs}`);
  for (const table of tables) {
    options.signal.throwIfAborted();
    if (performance.now() > deadline || session.isLost) break;
    const sample = await sampleTable(session, table, options).catch(() => undefined);
    if (sample !== undefined && sample.rows > 0) samples.push(sample);
  }
  if (!session.isLost) await session.execute(`set statement_timeout = ${options.statementTimeoutMs}`);
  return samples;
}

/** A sample of one row could be the whole table. */
function hasHugeRows(table: Relation): boolean {
  return table.toastBytes / (table.heapBytes / pageBytes) > sampleBytes;
}

async function sampleTable(session: Session, table: Relation, options: SampleOptions): Promise<TableSample> {
  const startedAt = performance.now();
  const chunks: Buffer[] = [];
  for await (const chunk of session.copyTo(sampleSql(table))) chunks.push(chunk as Buffer);
  const readMs = performance.now() - startedAt;
  const text = Buffer.concat(chunks);
  const compressed = deflateRawSync(text, { level: options.compressionLevel });
  return {
    oid: table.oid,
    rows: countRows(text),
    textBytes: text.length,
    compressedBytes: compressed.length,
    readMs,
    compressMs: performance.now() - startedAt - readMs,
  };
}

/** Whole pages from all over the table where it is large; its first rows where it is small. */
function sampleSql(table: Relation): string {
  const bytes = dataBytes(table);
  const rowBytes =
    table.estimatedRows > 0 ? bytes / table.estimatedRows : Math.max(200, (bytes / table.heapBytes) * 100);
  const rows = Math.min(mostRows, Math.max(1, Math.ceil(sampleBytes / Math.max(rowBytes, 20))));
  const isLarge = table.heapBytes > 4 * sampleBytes;
  const percent = Math.min(100, Math.max(0.001, ((1.5 * sampleBytes) / bytes) * 100));
  const sampling = isLarge ? ` tablesample system (${percent.toFixed(4)})` : "";
  return `copy (select * from only ${qualifiedName(table.schema, table.name)}${sampling} limit ${rows}) to stdout`;
}

/** COPY text ends each row with a newline and escapes those inside values. */
function countRows(text: Buffer): number {
  let count = 0;
  for (let at = text.indexOf(10); at !== -1; at = text.indexOf(10, at + 1)) count += 1;
  return count;
}
