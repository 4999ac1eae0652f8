import type { Session } from "../postgres/session.ts";
import { asciiIdentifier, quoteIdentifier } from "../postgres/session.ts";

/** What the dump must know of a table to read its rows as pg_dump would. */
export interface TableShape {
  oid: number;
  schema: string;
  table: string;
  /** Names in pg_dump's order: by attnum, dropped and generated columns left out. */
  columns: string[];
  /** Heap and TOAST together, bytes on disk. */
  bytes: number;
  /** Pages of the heap alone: the range that slices divide. */
  pages: number;
  /** Slices need a heap: only its row addresses are ranges of pages. */
  isHeap: boolean;
  /** `WHERE …` of an extension's configuration table: the other rows come with the extension itself. */
  condition: string;
}

const listShapesSql = `
  select c.oid::int8 as oid, n.nspname as schema, c.relname as table,
    coalesce((select json_agg(a.attname order by a.attnum) from pg_catalog.pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''), '[]') as columns,
    pg_catalog.pg_table_size(c.oid) as bytes,
    (pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int8) as pages,
    coalesce(am.amname = 'heap', false) as "isHeap",
    coalesce((select e.extcondition[pg_catalog.array_position(e.extconfig, c.oid)] from pg_catalog.pg_extension e
      where c.oid = any (e.extconfig) limit 1), '') as condition
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_am am on am.oid = c.relam
  where c.relkind = 'r' and c.oid = any ($1::oid[])`;

/** The shapes of the tables with these OIDs, by OID. */
export async function readTableShapes(session: Session, oids: readonly number[]): Promise<Map<number, TableShape>> {
  const shapes = await session.rows<TableShape>(listShapesSql, [oids]);
  return new Map(shapes.map((shape) => [shape.oid, shape]));
}

/** A half-open range of heap pages; the last one of a table is open-ended, because a table may have grown. */
export interface PageRange {
  from: number;
  to: number | undefined;
}

/**
 * Statements go out as UTF-8, but the session's client encoding is the archive's: identifiers are spelt in ASCII. SQL_ASCII
 * is no encoding that the server could convert an escape to; it takes the bytes as they are.
 */
export function quoteFor(encoding: string): (identifier: string) => string {
  return encoding === "SQL_ASCII" ? quoteIdentifier : asciiIdentifier;
}

/** The statement that reads a table, or a range of its pages, as pg_dump would print it. */
export function copySql(shape: TableShape, quote: (identifier: string) => string, range?: PageRange): string {
  const name = `${quote(shape.schema)}.${quote(shape.table)}`;
  const columns = shape.columns.map(quote).join(", ");
  if (shape.condition !== "") return `copy (select ${columns} from ${name} ${shape.condition}) to stdout`;
  if (range === undefined) return columns === "" ? `copy ${name} to stdout` : `copy ${name} (${columns}) to stdout`;
  return `copy (select ${columns} from only ${name} where ${pageCondition(range)}) to stdout`;
}

/** TID range scans exist from PostgreSQL 14 on; before that every range would read the whole table. */
function pageCondition({ from, to }: PageRange): string {
  const lower = `ctid >= '(${from},0)'::pg_catalog.tid`;
  return to === undefined ? lower : `${lower} and ctid < '(${to},0)'::pg_catalog.tid`;
}

/** Equal ranges of pages, so that each holds about `sliceBytes` of heap and TOAST. One range for what cannot be cut. */
export function sliceTable(shape: TableShape, sliceBytes: number, canSlice: boolean): PageRange[] | undefined {
  const count = Math.min(shape.pages, Math.ceil(shape.bytes / sliceBytes));
  if (!canSlice || !shape.isHeap || shape.condition !== "" || shape.columns.length === 0 || count < 2) return undefined;
  const bounds = Array.from({ length: count }, (_, index) => Math.floor((index * shape.pages) / count));
  return bounds.map((from, index) => ({ from, to: bounds[index + 1] }));
}
