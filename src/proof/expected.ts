import type { TableName } from "../inputs/inputs.ts";
import { listEmptyConfigurationTables } from "../postgres/configuration-tables.ts";
import type { Session } from "../postgres/session.ts";
import type { Snapshot, SourceTable } from "../postgres/snapshot.ts";

interface LeftBehind {
  schemas: readonly string[];
  extensions: readonly string[];
  tableData: readonly TableName[];
  /** A standby has no rows of unlogged tables, and pg_dump leaves them out there. */
  isStandby: boolean;
}

const listUnexpectedSql = `
  select c.oid::int8 as oid
  from pg_catalog.pg_class c
  left join pg_catalog.pg_extension e on c.oid = any (e.extconfig)
  where e.extname = any ($1) or ($2 and c.relpersistence = 'u')`;

/** The tables whose rows the archive must hold, from the source's catalogs alone. */
export async function listExpectedTables(snapshot: Snapshot, leftBehind: LeftBehind): Promise<SourceTable[]> {
  const unexpected = await listUnexpected(snapshot.holder, leftBehind);
  const schemas = new Set(leftBehind.schemas);
  const dataLeftBehind = new Set(leftBehind.tableData.map(({ schema, table }) => JSON.stringify([schema, table])));
  return snapshot.tables.filter(
    ({ oid, kind, schema, table }) =>
      kind === "r" &&
      !schemas.has(schema) &&
      !unexpected.has(oid) &&
      !dataLeftBehind.has(JSON.stringify([schema, table])),
  );
}

async function listUnexpected(session: Session, { extensions, isStandby }: LeftBehind): Promise<Set<number>> {
  const rows = await session.rows<{ oid: number }>(listUnexpectedSql, [extensions, isStandby]);
  const empty = await listEmptyConfigurationTables(session, extensions);
  return new Set([...rows, ...empty].map((row) => row.oid));
}
