import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { ClientPrograms } from "../../src/postgres/client-programs.ts";
import type { Bucket } from "../local/bucket/bucket.ts";
import { createDatabase, dropDatabase } from "../local/postgres/databases.ts";
import type { PostgresServer } from "../local/postgres/servers.ts";
import { runWithInput } from "./rig.ts";

export type TableHashes = Record<string, string>;

/** Partitions as one table: rows hashed by an enum's OID change places. */
const listTablesSql = `
  select (case c.relkind when 'r' then 'only ' else '' end) || c.oid::regclass::text as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_toast'
  order by 1`;

/** Rows and a hash of their text that does not depend on their order, for each table; the same for large objects. */
export async function hashTables(url: string): Promise<TableHashes> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(listTablesSql);
    const hashes: TableHashes = {};
    for (const { name } of rows) {
      const sql = `select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 1)), 0) as hash from ${name} t`;
      hashes[name] = (await client.query<{ hash: string }>(sql)).rows[0]?.hash ?? "";
    }
    const objects = await client.query<{ hash: string }>(
      "select count(*) || ' ' || coalesce(sum(hashtextextended(oid || md5(lo_get(oid)), 1)), 0) as hash from pg_largeobject_metadata",
    );
    hashes["large objects"] = objects.rows[0]?.hash ?? "";
    return hashes;
  } finally {
    await client.end();
  }
}

/** Restores an archive from a pipe, and from a file with four jobs, into databases of their own. Throws for any message of pg_restore. */
export async function restoreBothWays(
  server: PostgresServer,
  bucket: Bucket,
  key: string,
  client: ClientPrograms,
): Promise<[pipe: TableHashes, file: TableHashes]> {
  const pipe = await inNewDatabase(server, async (database, environment) => {
    const args = ["--exit-on-error", `--dbname=${database}`];
    await runWithInput(client.pgRestore, args, environment, bucket.objects.stream(key));
  });
  const folder = await mkdtemp(join(tmpdir(), "restore-"));
  try {
    const archive = join(folder, "archive");
    await writeFile(archive, bucket.objects.stream(key));
    const file = await inNewDatabase(server, async (database, environment) => {
      const args = ["--exit-on-error", "--jobs=4", `--dbname=${database}`, archive];
      await runWithInput(client.pgRestore, args, environment, undefined);
    });
    return [pipe, file];
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function inNewDatabase(
  server: PostgresServer,
  restore: (database: string, environment: Record<string, string>) => Promise<void>,
): Promise<TableHashes> {
  const database = await createDatabase(server);
  try {
    const url = new URL(server.superuserUrl(database));
    const environment = {
      PGHOST: url.hostname,
      PGPORT: url.port,
      PGUSER: url.username,
      PGPASSWORD: decodeURIComponent(url.password),
      PATH: process.env["PATH"] ?? "",
    };
    await restore(database, environment);
    return await hashTables(server.superuserUrl(database));
  } finally {
    await dropDatabase(server, database);
  }
}
