import type { PostgresServer } from "../postgres/servers.ts";
import type { World } from "../world.ts";

interface RowComparison {
  tables: number;
  rows: number;
  different: string[];
}

interface CompareOptions {
  /** Of the source; the shop's where absent. */
  database?: string;
  /** Schemas that stay behind. */
  leftOut?: readonly string[];
}

const listTablesSql = `
  select format('%I.%I', nspname, relname) as name from pg_class join pg_namespace n on n.oid = relnamespace
  where relkind = 'r' and nspname not in ('pg_catalog', 'information_schema') and nspname !~ '^pg_toast'
    and nspname <> all ($1)
  order by 1`;

/** Counts and hashes every table of both databases as superuser: a judgement that owes nothing to the action's own. */
export async function compareRows(
  world: World,
  { database = world.sourceDatabase, leftOut = [] }: CompareOptions = {},
): Promise<RowComparison> {
  const target = world.connectTarget().database;
  const names = await listTables(world.source, database, leftOut);
  let rows = 0;
  const different: string[] = [];
  for (const name of names) {
    const [left, right] = [await digest(world.source, database, name), await digest(world.target, target, name)];
    rows += Number(left.split(" ")[0]);
    if (left !== right) different.push(name);
  }
  return { tables: names.length, rows, different };
}

async function listTables(server: PostgresServer, database: string, leftOut: readonly string[]): Promise<string[]> {
  const rows = await server.query<{ name: string }>(database, listTablesSql, [leftOut]);
  return rows.map((row) => row.name);
}

async function digest(server: PostgresServer, database: string, table: string): Promise<string> {
  const sql = `select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 7)), 0) as digest from ${table} t`;
  const rows = await server.query<{ digest: string }>(database, sql).catch(() => [{ digest: "0 missing" }]);
  return rows[0]?.digest ?? "";
}
