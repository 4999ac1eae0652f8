import { lstat, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withSession, type DatabaseConnection } from "./connection.ts";
import type { Tier } from "./plans.ts";

/** What Heroku's documentation lets the owner of a database create. */
export const offeredExtensions: readonly string[] = `
  address_standardizer bloom btree_gin btree_gist citext cube dblink dict_int
  dict_xsyn earthdistance fuzzystrmatch hstore intarray isn ltree pg_partman
  pg_stat_statements pg_trgm pgcrypto pgrowlocks pgstattuple plpgsql postgis postgis_tiger_geocoder
  postgis_topology postgres_fdw tablefunc unaccent uuid-ossp vector
`
  .trim()
  .split(/\s+/);

/**
 * Publishes the allow-list where Heroku keeps it: `extwlist.extensions`, or `rds.allowed_extensions` on the Essential
 * plans. Here it is a setting of the database, read with `current_setting` like the real one. It allows nothing by
 * itself: see `allowExtensions`.
 */
export async function publishAllowList(
  connection: DatabaseConnection,
  tier: Tier,
  extensions: readonly string[],
): Promise<void> {
  const setting = tier === "essential" ? "rds.allowed_extensions" : "extwlist.extensions";
  await withSession(connection, connection.superuser, async (client) => {
    const database = client.escapeIdentifier(connection.database);
    await client.query(`alter database ${database} set ${setting} to ${client.escapeLiteral(extensions.join(","))}`);
  });
}

/**
 * Lets a database's owner create exactly these extensions, as extwlist does on Heroku: in the control files of the
 * server's own view of the extensions (`startPostgres({ extensions: {} })`) the allow-listed ones are made trusted, so
 * PostgreSQL runs their scripts as superuser, and the others are not. Without it a stock server allows the owner what
 * PostgreSQL trusts: that leaves out bloom, dblink, dict_xsyn, earthdistance, pg_stat_statements, pgrowlocks, pgstattuple
 * and postgres_fdw.
 */
export async function allowExtensions(connection: DatabaseConnection, extensions: readonly string[]): Promise<void> {
  const folder = await readExtensionFolder(connection);
  // In a view of a server's own the files are links into the shared binaries, which are not ours to change.
  const isOwnView = (await lstat(join(folder, "plpgsql.control"))).isSymbolicLink();
  if (!isOwnView) throw new Error("the server shares its extension files with others: start it with `extensions: {}`");
  for (const file of await readdir(folder)) {
    const [, name] = /^(.+)\.control$/.exec(file) ?? [];
    if (name !== undefined && name !== "plpgsql") await setTrusted(join(folder, file), extensions.includes(name));
  }
}

async function readExtensionFolder(connection: DatabaseConnection): Promise<string> {
  return withSession(connection, connection.superuser, async (client) => {
    const { rows } = await client.query<{ share: string }>(shareQuery);
    return join(rows[0]!.share, "extension");
  });
}

const shareQuery = `select setting as "share" from pg_config where name = 'SHAREDIR'`;

async function setTrusted(controlFile: string, isTrusted: boolean): Promise<void> {
  const text = await readFile(controlFile, "utf8");
  const rest = text.split("\n").filter((line) => !/^\s*trusted\s*=/.test(line));
  await writeFile(`${controlFile}.new`, `${rest.join("\n").trimEnd()}\ntrusted = ${isTrusted}\n`, { mode: 0o644 });
  await rename(`${controlFile}.new`, controlFile);
}

const extensionShape = /^(?:([^.]+)\.)?([^.]+)$/;

export function isExtensionName(text: unknown): text is string {
  return typeof text === "string" && extensionShape.test(text);
}

/** Creates the extensions that a reset or restore was asked for, each `name` or `schema.name`, as the owner. */
export async function createExtensions(connection: DatabaseConnection, extensions: readonly string[]): Promise<void> {
  if (extensions.length === 0) return;
  await withSession(connection, connection.owner, async (client) => {
    for (const text of extensions) {
      const [, schema = "public", name = text] = extensionShape.exec(text) ?? [];
      const into = client.escapeIdentifier(schema);
      await client.query(`create schema if not exists ${into}`);
      await client.query(`create extension if not exists ${client.escapeIdentifier(name)} with schema ${into}`);
    }
  });
}
