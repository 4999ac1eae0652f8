import type { Session } from "../../postgres/session.ts";
import type { Scope } from "./scope.ts";

export interface Relation {
  oid: number;
  schema: string;
  name: string;
  /** `r` table, `p` partitioned table, `m` materialized view, `v` view, `S` sequence, `f` foreign table. */
  kind: string;
  owner: string;
  heapBytes: number;
  toastBytes: number;
  indexBytes: number;
  indexCount: number;
  /** -1 when the table has never been analysed. */
  estimatedRows: number;
  persistence: string;
  isPopulated: boolean;
  hasRowSecurity: boolean;
  forcesRowSecurity: boolean;
  isOwned: boolean;
  /** `false` where the size is an estimate, because somebody holds an exclusive lock on the relation. */
  isMeasured: boolean;
}

/**
 * The size functions lock the relation and would wait behind an exclusive lock, held or queued: such relations get the
 * size that the catalog last knew.
 */
const query = `
  with locked as materialized (
    select distinct relation as oid from pg_locks
     where locktype = 'relation' and mode = 'AccessExclusiveLock' and pid <> pg_backend_pid()
       and database = (select oid from pg_database where datname = current_database())
  ), members as materialized (
    select objid from pg_depend where classid = 'pg_class'::regclass and deptype = 'e'
  ), indexes as materialized (
    select indrelid, count(*)::int as count from pg_index group by indrelid
  )
  select c.oid, n.nspname::text as schema, c.relname::text as name, c.relkind::text as kind,
         pg_get_userbyid(c.relowner)::text as owner, c.relpersistence::text as persistence,
         c.relispopulated as "isPopulated", c.relrowsecurity as "hasRowSecurity",
         c.relforcerowsecurity as "forcesRowSecurity", pg_has_role(c.relowner, 'usage') as "isOwned",
         coalesce(case when c.relkind not in ('r', 'm') then 0
                       when l.oid is null then pg_relation_size(c.oid)
                       else c.relpages::int8 * 8192 end, 0) as "heapBytes",
         coalesce(case when c.reltoastrelid = 0 then 0 when l.oid is null then pg_table_size(c.reltoastrelid)
                       else 0 end, 0) as "toastBytes",
         coalesce(case when i.count is null then 0 when l.oid is null then pg_indexes_size(c.oid) else 0 end, 0)
           as "indexBytes",
         coalesce(i.count, 0) as "indexCount",
         c.reltuples::float8 as "estimatedRows",
         l.oid is null as "isMeasured"
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    left join locked l on l.oid = c.oid
    left join indexes i on i.indrelid = c.oid
   where c.relkind in ('r', 'p', 'm', 'v', 'S', 'f') and c.relnamespace = any($1) and c.relpersistence <> 't'
     and not exists (select from members m where m.objid = c.oid)
   order by n.nspname, c.relname`;

/** Relations that a dump carries, without those that belong to extensions. */
export async function listRelations(session: Session, scope: Scope): Promise<Relation[]> {
  return await session.rows<Relation>(query, [scope.oids]);
}

/** With rows of their own. */
export function isTable(relation: Pick<Relation, "kind">): boolean {
  return relation.kind === "r";
}

/** Table data as it lies at the source: heap and TOAST, without indexes. */
export function dataBytes(relation: Pick<Relation, "heapBytes" | "toastBytes">): number {
  return relation.heapBytes + relation.toastBytes;
}

export function relationName(relation: Pick<Relation, "schema" | "name">): string {
  return `${relation.schema}.${relation.name}`;
}

/** Whether the table's rows are left behind by an input; its definition still moves. */
export function isDataExcluded(
  relation: Pick<Relation, "schema" | "name">,
  excluded: readonly { schema: string; table: string }[],
): boolean {
  return excluded.some(({ schema, table }) => schema === relation.schema && table === relation.name);
}
