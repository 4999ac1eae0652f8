import { ContentsReader } from "../archive/contents.ts";
import { type VerifiedArchive, type VerifiedBlock, verifyArchive } from "../archive/verify.ts";
import { MigrationError, describeError } from "../errors.ts";
import { formatBytes, formatCount, formatSeconds, listNames, plural } from "../format.ts";
import type { SourceTable } from "../postgres/snapshot.ts";
import type { ProofRecord } from "../report.ts";
import type { Run } from "../run.ts";
import type { Secret } from "../secret.ts";
import { readAsHeroku } from "../storage/ranged-reader.ts";

export interface ProofRequest {
  run: Run;
  /** The very URL that Heroku will get. */
  url: Secret;
  archive: { key: string; bytes: number; sha256: string };
  /** Tables that must have their rows in the archive, by the source's catalogs. */
  expectedTables: readonly SourceTable[];
  /** Rows that the dump counted, by dump id; empty where pg_dump wrote the blocks. */
  dumpedRows: ReadonlyMap<number, number>;
}

export interface Proof {
  record: ProofRecord;
  /** Rows of each table as they stand in the archive, by OID. Empty for a quick proof. */
  rowsByOid: Map<number, number>;
}

/**
 * Reads the archive back the way Heroku will, before Heroku is told of it: length, ranges, checksum; and, unless asked to
 * be quick, every entry, every block inflated, every row counted.
 *
 * @throws MigrationError saying what is wrong with it; nothing on Heroku has been touched then
 */
export async function proveArchive(request: ProofRequest): Promise<Proof> {
  const startedAt = performance.now();
  const { run, archive } = request;
  const source = withProgress(
    run,
    archive.bytes,
    readAsHeroku(request.url, {
      bytes: archive.bytes,
      name: archive.key,
      signal: run.signal,
      log: run.log,
      expectedSha256: archive.sha256,
    }),
  );
  const isFull = run.inputs.archiveProof === "full";
  const found = isFull ? await readWholly(source, request) : await readQuickly(source, request);
  const record: ProofRecord = {
    kind: run.inputs.archiveProof,
    seconds: (performance.now() - startedAt) / 1000,
    bytes: archive.bytes,
    entries: found.entries,
    blocks: found.blocks.length,
    rows: found.blocks.reduce((sum, block) => sum + (block.rows ?? 0), 0),
    sha256: archive.sha256,
  };
  return { record, rowsByOid: new Map(found.blocks.map((block) => [block.oid, block.rows ?? 0])) };
}

interface Found {
  entries: number;
  blocks: VerifiedBlock[];
}

async function readWholly(source: AsyncIterable<Buffer>, request: ProofRequest): Promise<Found> {
  const verified = await refusing(() => verifyArchive(source, { signal: request.run.signal }));
  compareTables(verified, request);
  return { entries: verified.head.entries.length, blocks: verified.blocks };
}

/** Contents are parsed; the rest is read for its length and checksum alone. */
async function readQuickly(source: AsyncIterable<Buffer>, request: ProofRequest): Promise<Found> {
  return await refusing(async () => {
    const reader = new ContentsReader();
    let isComplete = false;
    for await (const bytes of source) isComplete ||= reader.push(bytes);
    const { head } = reader.finish();
    compareOids(
      new Set(head.entries.filter((entry) => entry.desc === "TABLE DATA").map((entry) => entry.oid)),
      request.expectedTables,
    );
    return { entries: head.entries.length, blocks: [] };
  });
}

async function refusing<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof MigrationError) throw error;
    throw new MigrationError(`The archive in the bucket is not sound: ${describeError(error)}`, {
      code: "ARCHIVE_DAMAGED",
      hint: "Run again: the archive is written anew. Nothing on Heroku has been touched.",
      cause: error,
    });
  }
}

function compareTables({ blocks }: VerifiedArchive, { expectedTables, dumpedRows }: ProofRequest): void {
  compareOids(new Set(blocks.filter((block) => block.desc === "TABLE DATA").map((block) => block.oid)), expectedTables);
  const different = blocks.filter(
    (block) => dumpedRows.has(block.dumpId) && block.rows !== null && block.rows !== dumpedRows.get(block.dumpId),
  );
  if (different.length > 0) {
    const names = different.map(
      (block) =>
        `${block.schema}.${block.table} (${formatCount(block.rows ?? 0)} of ${formatCount(dumpedRows.get(block.dumpId) ?? 0)} rows)`,
    );
    throw unlikeSource(`has another number of rows than were read: ${listNames(names)}`);
  }
}

function compareOids(found: ReadonlySet<number>, expected: readonly SourceTable[]): void {
  const missing = expected.filter((table) => !found.has(table.oid));
  if (missing.length > 0)
    throw unlikeSource(`lacks the rows of ${listNames(missing.map((table) => `${table.schema}.${table.table}`))}`);
  const known = new Set(expected.map((table) => table.oid));
  const extra = [...found].filter((oid) => !known.has(oid));
  if (extra.length > 0)
    throw unlikeSource(`holds rows of tables that the source does not have (OIDs ${listNames(extra.map(String))})`);
}

function unlikeSource(problem: string): MigrationError {
  return new MigrationError(`The archive ${problem}.`, {
    code: "ARCHIVE_INCOMPLETE",
    hint: "Run again; if it happens again, use dump-engine: pg_dump and report it. Nothing on Heroku has been touched.",
  });
}

async function* withProgress(run: Run, totalBytes: number, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let done = 0;
  for await (const bytes of source) {
    yield bytes;
    done += bytes.length;
    run.log.progress({ stage: "proof", done, total: totalBytes, unit: "bytes" });
  }
}

/** One line for the log and the report. */
export function describeProof({ record }: Proof): string {
  const rate = record.seconds > 0 ? ` (${formatBytes(record.bytes / record.seconds)}/s)` : "";
  const inflated =
    record.kind === "full"
      ? `${plural(record.blocks, "block")} inflated, ${formatCount(record.rows)} rows counted`
      : "not inflated";
  return `read back ${formatBytes(record.bytes)} in ${formatSeconds(record.seconds)}${rate}: ${plural(record.entries, "entry", "entries")}, ${inflated}, SHA-256 as uploaded`;
}
