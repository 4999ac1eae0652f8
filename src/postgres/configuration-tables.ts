import type { TableName } from "../inputs/inputs.ts";
import { type Session, quoteIdentifier } from "./session.ts";

/** A table that an extension makes and some of whose rows pg_dump carries: those that are the user's own. */
export interface ConfigurationTable {
  oid: number;
  schema: string;
  name: string;
  extension: string;
}

/** A statement that fails would end the snapshot: what may not be read, or only in part, is not asked. */
const listTablesSql = `
  select c.oid::int8 as oid, n.nspname as schema, c.relname as name, e.extname as extension, t.condition
  from pg_catalog.pg_extension e
  cross join lateral unnest(e.extconfig, e.extcondition) as t(oid, condition)
  join pg_catalog.pg_class c on c.oid = t.oid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and e.extname <> all ($1) and not c.relrowsecurity and pg_catalog.has_table_privilege(c.oid, 'select')
    and pg_catalog.has_schema_privilege(n.oid, 'usage')`;

/** Those that hold no row of the user's, but for the tables of extensions that stay behind. */
export async function listEmptyConfigurationTables(
  session: Session,
  leftOut: readonly string[],
): Promise<ConfigurationTable[]> {
  const tables = await session.rows<ConfigurationTable & { condition: string | null }>(listTablesSql, [leftOut]);
  const empty: ConfigurationTable[] = [];
  for (const { condition, ...table } of tables) {
    const from = `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)} ${condition ?? ""}`;
    if (await session.value<boolean>(`select not exists (select from ${from})`)) empty.push(table);
  }
  return empty;
}

const listRelationsSql = `
  select n.nspname as schema, c.relname as table
  from pg_catalog.pg_extension e
  join pg_catalog.pg_class c on c.oid = any (e.extconfig)
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where e.extname = any ($1)`;

/** Tables and sequences whose rows and values pg_dump would carry for these extensions. */
export async function listConfigurationRelations(
  session: Session,
  extensions: readonly string[],
): Promise<TableName[]> {
  return await session.rows<TableName>(listRelationsSql, [extensions]);
}
