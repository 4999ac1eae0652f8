import type { Session } from "../postgres/session.ts";
import { qualifiedName } from "../postgres/session.ts";
import type { HashMethod, TableId } from "./fingerprint-model.ts";
import { type HashedColumns, rowValue, sumColumns } from "./row-hash.ts";

/** A table whose rows are to be read. */
export interface ReadableTable extends TableId, HashedColumns {
  columns: string[];
  columnTypes: string[];
  /** Heap and TOAST, bytes on disk. */
  bytes: number;
  /** Pages of the heap alone, where it can be read by ranges of them. */
  pages: number;
  condition: string | null;
  hashRoot: TableId | null;
}

/**
 * Every table with rows of the user: children and partitions for themselves, the configuration tables of extensions with
 * the condition that a dump puts on them. An enum's hash is made of its OID, so that pg_dump loads hash partitions on one
 * through their root and rows may change partition: `hashRoot` is the topmost ancestor that spreads rows by hash. A standby
 * has no rows of unlogged tables.
 */
const listTablesSql = `
  with recursive ancestor as (
    select c.oid as leaf, i.inhparent as oid, 1 as level
    from pg_class c join pg_inherits i on i.inhrelid = c.oid where c.relispartition
    union all
    select a.leaf, i.inhparent, a.level + 1
    from ancestor a join pg_inherits i on i.inhrelid = a.oid),
  hash_root as (
    select distinct on (a.leaf) a.leaf, n.nspname as schema, c.relname as "table"
    from ancestor a
    join pg_partitioned_table p on p.partrelid = a.oid and p.partstrat = 'h'
    join pg_class c on c.oid = a.oid
    join pg_namespace n on n.oid = c.relnamespace
    order by a.leaf, a.level desc)
  select n.nspname as schema, c.relname as "table",
    coalesce(cols.names, '[]') as columns, coalesce(cols.types, '[]') as "columnTypes",
    pg_table_size(c.oid) as bytes,
    case when coalesce(am.amname, 'heap') = 'heap' then pg_relation_size(c.oid) / current_setting('block_size')::int8 else 0 end as pages,
    nullif(e.condition, '') as condition,
    case when h.leaf is not null then json_build_object('schema', h.schema, 'table', h."table") end as "hashRoot"
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_am am on am.oid = c.relam
  left join hash_root h on h.leaf = c.oid
  left join lateral (
    select json_agg(a.attname order by a.attname collate "C") as names,
      json_agg(bn.nspname || '.' || bt.typname order by a.attname collate "C") as types
    from pg_attribute a
    cross join lateral (
      with recursive base as (
        select t.oid, t.typbasetype from pg_type t where t.oid = a.atttypid
        union all select t.oid, t.typbasetype from base join pg_type t on t.oid = base.typbasetype)
      select base.oid from base where base.typbasetype = 0) as b
    join pg_type bt on bt.oid = b.oid
    join pg_namespace bn on bn.oid = bt.typnamespace
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as cols on true
  left join lateral (
    select x.oid, x.extcondition[array_position(x.extconfig, c.oid)] as condition
    from pg_depend d join pg_extension x on x.oid = d.refobjid
    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
      and d.refclassid = 'pg_extension'::regclass and c.oid = any (x.extconfig)) as e on true
  where c.relkind = 'r' and c.relpersistence <> 't' and not (c.relpersistence = 'u' and pg_is_in_recovery()) and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and (e.oid is not null or not exists (select from pg_depend d
      where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'))
  order by n.nspname, c.relname`;

export async function listReadableTables(session: Session): Promise<ReadableTable[]> {
  return await session.rows<ReadableTable>(listTablesSql);
}

/** A half-open range of heap pages, the last one open-ended. */
export interface PageRange {
  from: number;
  to: number | undefined;
}

/** Ranges of pages that hold about `sliceBytes` each; a table that cannot be cut is one range without bounds. */
export function cutTable(table: ReadableTable, sliceBytes: number): (PageRange | undefined)[] {
  const count = Math.min(table.pages, Math.ceil(table.bytes / sliceBytes));
  if (count < 2) return [undefined];
  const bounds = Array.from({ length: count }, (_, index) => Math.floor((index * table.pages) / count));
  return bounds.map((from, index) => ({ from, to: bounds[index + 1] }));
}

/** `only`, because the rows of children are the children's. */
export function fromTable(table: TableId & { condition?: string | null | undefined }, range?: PageRange): string {
  const conditions = range === undefined ? (table.condition ?? "") : pageCondition(range);
  return `from only ${qualifiedName(table.schema, table.table)} as t ${conditions}`;
}

/** Read as a range of the heap from PostgreSQL 14 on; before, each range reads the whole table. */
function pageCondition({ from, to }: PageRange): string {
  const end = to === undefined ? "" : ` and t.ctid < '(${to},0)'::tid`;
  return `where t.ctid >= '(${from},0)'::tid${end}`;
}

/** Columns `item`, `rows`, `first`, `second`: counts, and with a method sums of hashes, of a table or a range of it. */
export function sumsSql(
  item: number,
  table: ReadableTable,
  range: PageRange | undefined,
  method: HashMethod | null,
): string {
  const from = fromTable(table, range);
  if (method === null) return `select ${item} as item, count(*)::int8 as rows, null as first, null as second ${from}`;
  // `offset 0` keeps the planner from merging the two levels, which would fetch and print each value twice.
  return `select ${item} as item, ${sumColumns(method)} from (select ${rowValue(table, method)} as r ${from} offset 0) as hashed`;
}
