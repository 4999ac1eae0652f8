import { type SpawnOptions, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { type DatabaseUrl, parseDatabaseUrl } from "../../src/postgres/database-url.ts";
import type { Major } from "../local/postgres/binaries.ts";
import { clientDirectory } from "../local/postgres/clients.ts";
import { createDatabase } from "../local/postgres/databases.ts";
import { type PostgresServer, startPostgres } from "../local/postgres/servers.ts";

/** Two servers of their own majors, as a provider and Heroku have them. */
export interface ServerPair extends AsyncDisposable {
  source: PostgresServer;
  target: PostgresServer;
}

export async function startPair(sourceMajor: Major, targetMajor: Major): Promise<ServerPair> {
  const [source, target] = await Promise.all([
    startPostgres({ major: sourceMajor }),
    startPostgres({ major: targetMajor }),
  ]);
  const stop = async (): Promise<void> => void (await Promise.all([source.stop(), target.stop()]));
  return { source, target, [Symbol.asyncDispose]: stop };
}

export type Schema = "oddities" | "superuser-oddities";

/** A new database with the schemas of these names. */
export async function createSource(server: PostgresServer, ...schemas: Schema[]): Promise<string> {
  const database = await createDatabase(server);
  for (const name of schemas) {
    await server.query(database, await readSchema(name));
  }
  return database;
}

async function readSchema(name: Schema): Promise<string> {
  return await readFile(new URL(`../fixtures/schemas/${name}.sql`, import.meta.url), "utf8");
}

/** Copies a database as a migration does: pg_dump and pg_restore of the target's major, without owners and privileges. */
export async function restoreInto(pair: ServerPair, from: string, to: string): Promise<void> {
  await copyDatabase(pair, pair.source.superuserUrl(from), pair.target.superuserUrl(to));
}

/** The same between two URLs. */
export async function copyDatabase({ target }: ServerPair, from: string, to: string): Promise<void> {
  const bin = join(await clientDirectory(target.major), `${target.major}/bin`);
  const start = (program: string, args: string[], stdio: SpawnOptions["stdio"] & unknown[]) =>
    spawn(join(bin, program), args, { stdio, env: { PGOPTIONS: "" } });
  const dump = start("pg_dump", ["-Fc", "--dbname", from], ["ignore", "pipe", "inherit"]);
  const args = ["--no-owner", "--no-privileges", "--dbname", to];
  const restore = start("pg_restore", args, [dump.stdout, "inherit", "inherit"]);
  const codes = await Promise.all([once(dump, "exit"), once(restore, "exit")]);
  if (codes.some(([code]) => code !== 0)) throw new Error(`pg_dump and pg_restore ended with ${JSON.stringify(codes)}`);
}

/** As the owner of a hosted database would have made it, without a superuser. */
export async function createOwnedSource(server: PostgresServer): Promise<{ database: string; url: string }> {
  const database = `app_${randomBytes(4).toString("hex")}`;
  const url = await server.createOwner({ role: database, database, password: "p@ss" });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(await readSchema("oddities"));
  await client.end();
  return { database, url };
}

export function databaseUrl(server: PostgresServer, database: string): DatabaseUrl {
  return parseDatabaseUrl(server.superuserUrl(database), "the test's URL");
}
