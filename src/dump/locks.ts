import { type Session, asciiIdentifier, quoteIdentifier } from "../postgres/session.ts";
import type { BlockPlan } from "./tasks.ts";

export interface SourceTableName {
  schema: string;
  table: string;
}

const lockTableSizeSql = `
  select pg_catalog.current_setting('max_locks_per_transaction')::int8
    * (pg_catalog.current_setting('max_connections')::int8 + pg_catalog.current_setting('max_prepared_transactions')::int8)`;

/**
 * The tables that every reader locks before the first row is read. Then whoever wants one for himself (TRUNCATE, ALTER)
 * waits for the dump's end, and no reader ever queues behind him. All sessions share the server's lock table, whose size
 * is fixed at its start: a database of very many tables gets locks table by table.
 */
export async function listTablesToLock(
  session: Session,
  blocks: readonly BlockPlan[],
  jobs: number,
  lockTableShare: number,
): Promise<SourceTableName[]> {
  const tables = blocks.flatMap((block) =>
    block.kind === "table" ? [{ schema: block.shape.schema, table: block.shape.table }] : [],
  );
  const capacity = await session.value<number>(lockTableSizeSql);
  return tables.length * jobs <= capacity * lockTableShare ? tables : [];
}

/** Many names in one statement: a round trip per table would cost seconds on thousands of them. */
const tablesPerStatement = 200;

export async function lockTablesAhead(
  session: Session,
  tables: readonly SourceTableName[],
  encoding: string,
): Promise<void> {
  const quote = encoding === "SQL_ASCII" ? quoteIdentifier : asciiIdentifier;
  for (let start = 0; start < tables.length; start += tablesPerStatement) {
    const names = tables
      .slice(start, start + tablesPerStatement)
      .map(({ schema, table }) => `only ${quote(schema)}.${quote(table)}`);
    await session.execute(`lock table ${names.join(", ")} in access share mode`);
  }
}
