import { formatBytes, formatCount, plural } from "../../format.ts";
import { qualifiedName, quoteIdentifier } from "../../postgres/session.ts";
import type { Session } from "../../postgres/session.ts";
import type { Finding } from "../../report.ts";
import type { Check } from "../check.ts";
import { finding, findingAbout } from "../check.ts";
import { type Relation, isDataExcluded, isTable, relationName } from "../catalog/relations.ts";

const largeObjectsQuery = `
  select (select count(*) from pg_largeobject_metadata) as count, pg_table_size('pg_largeobject') as bytes,
         (select count(distinct lomowner) from pg_largeobject_metadata) as owners`;

export const largeObjectsAreFew: Check = {
  id: "large-objects",
  title: "Large objects are few",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { count, bytes, owners } = await gate.source.session.row<{ count: number; bytes: number; owners: number }>(
      largeObjectsQuery,
    );
    if (count === 0) return [];
    const message = `${plural(count, "large object")} of ${plural(owners, "owner")}, ${formatBytes(bytes)}.`;
    if (count < gate.limits.manyLargeObjects) return { findings: [], note: message };
    return [finding("LARGE_OBJECTS_MANY", { message, objects: ["pg_largeobject"] })];
  },
};

/** Smaller TOAST cannot hold a value that matters, compressed as it may be. */
const smallestToastBytes = 256 * 1024;
const sampledHeapBytes = 256 * 2 ** 20;
const tableTimeoutMs = 4000;
const budgetMs = 15_000;

interface WideColumn {
  name: string;
  isBytea: boolean;
}

/** octet_length knows the length of text and bytea without reading the value; other types count as they are stored. */
const columnsQuery = `
  select a.attname::text as name, t.typname = 'bytea' as "isBytea",
         t.typname in ('text', 'varchar', 'bpchar', 'bytea') as "hasLength"
    from pg_attribute a join pg_type t on t.oid = a.atttypid
   where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped and a.attlen = -1
     and coalesce(to_jsonb(a) ->> 'attgenerated', '') <> 'v'`;

interface Widest {
  object: string;
  bytes: number;
  isBytea: boolean;
}

export const valuesAreNarrow: Check = {
  id: "wide-values",
  title: "No single value is very large",
  area: "source",
  needs: ["source"],
  budgetMs: budgetMs + 10_000,
  async run(gate) {
    const { session, catalog } = gate.source;
    const { wideValueBytes, widestValueBytes, statementTimeoutMs } = gate.limits;
    const tables = (await catalog.relations())
      .filter((relation) => isTable(relation) && relation.isMeasured && relation.toastBytes >= smallestToastBytes)
      .filter((relation) => !isDataExcluded(relation, gate.inputs.excludeTableData))
      .toSorted((a, b) => b.toastBytes - a.toastBytes);
    const { widest, looked } = await measureTables(session, tables, statementTimeoutMs);
    const tooWide = widest.filter(({ bytes, isBytea }) => isBytea && bytes >= widestValueBytes);
    const wide = widest.filter((column) => column.bytes >= wideValueBytes && !tooWide.includes(column));
    const findings: Finding[] = [
      ...findingAbout("VALUE_TOO_WIDE", tooWide.map(sentence), (count) => ({
        message: `${plural(count, "column")} with a value that COPY cannot write.`,
      })),
      ...findingAbout("WIDE_VALUES", wide.map(sentence), (count) => ({
        message: `${plural(count, "column")} with single values of ${formatBytes(wideValueBytes)} or more.`,
      })),
    ];
    const cut = looked < tables.length ? `; cut short, ${formatCount(tables.length - looked)} not looked at` : "";
    return { findings, note: `${plural(looked, "table")} looked at${cut}` };
  },
};

function sentence({ object, bytes }: Widest): string {
  return `${object}: ${formatBytes(bytes)}`;
}

async function measureTables(
  session: Session,
  tables: readonly Relation[],
  statementTimeoutMs: number,
): Promise<{ widest: Widest[]; looked: number }> {
  const deadline = performance.now() + budgetMs;
  const widest: Widest[] = [];
  let looked = 0;
  await session.execute(`set statement_timeout = ${tableTimeoutMs}`);
  try {
    for (const table of tables) {
      if (performance.now() > deadline) break;
      const measured = await measureTable(session, table).catch((error: unknown) => {
        if (session.isLost) throw error;
        return undefined;
      });
      if (measured === undefined) continue;
      widest.push(...measured);
      looked += 1;
    }
  } finally {
    await session.execute(`set statement_timeout = ${statementTimeoutMs}`);
  }
  return { widest, looked };
}

async function measureTable(session: Session, table: Relation): Promise<Widest[]> {
  const columns = await session.rows<WideColumn & { hasLength: boolean }>(columnsQuery, [table.oid]);
  if (columns.length === 0) return [];
  const lengths = columns.map(({ name, hasLength }, index) => {
    const column = quoteIdentifier(name);
    return `coalesce(max(${hasLength ? `octet_length(${column})` : `pg_column_size(${column})`}), 0)::int8 as "${index}"`;
  });
  const sampling = table.heapBytes > sampledHeapBytes ? " tablesample system (10)" : "";
  const sql = `select ${lengths.join(", ")} from only ${qualifiedName(table.schema, table.name)}${sampling}`;
  const row = await session.row<Record<string, number>>(sql);
  return columns.map(({ name, isBytea }, index) => ({
    object: `${relationName(table)}.${name}`,
    bytes: row[String(index)] ?? 0,
    isBytea,
  }));
}
