import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { PostgresServer } from "./servers.ts";

export interface DatabaseOptions {
  /** A database to copy; nobody may be connected to it. Default: an empty one. */
  template?: string | undefined;
  owner?: string | undefined;
}

export interface Session {
  pid: number;
  database: string;
  role: string;
  application: string;
  state: string;
  query: string;
}

/** Makes a database, hands its name to `use`, and drops it. Fails if `use` succeeded but left sessions behind. */
export async function withDatabase<T>(
  server: PostgresServer,
  options: DatabaseOptions,
  use: (database: string) => Promise<T>,
): Promise<T> {
  const database = await createDatabase(server, options);
  try {
    const result = await use(database);
    await expectNoSessions(server, database);
    return result;
  } finally {
    await dropDatabase(server, database);
  }
}

/** Makes a database with a name nobody else has; returns the name. */
export async function createDatabase(server: PostgresServer, options: DatabaseOptions = {}): Promise<string> {
  const database = `test_${randomBytes(6).toString("hex")}`;
  const owner = options.owner === undefined ? "" : ` owner ${pg.escapeIdentifier(options.owner)}`;
  const template = pg.escapeIdentifier(options.template ?? "template0");
  await server.query("postgres", `create database ${database}${owner} template ${template}`);
  return database;
}

/** Drops a database, ending whatever is still connected to it. */
export async function dropDatabase(server: PostgresServer, database: string): Promise<void> {
  await server.query("postgres", `drop database if exists ${pg.escapeIdentifier(database)} with (force)`);
}

const sessionsQuery = `
  select pid, datname as database, usename as role, application_name as application,
         coalesce(state, '') as state, left(query, 200) as query
    from pg_stat_activity
   where backend_type in ('client backend', 'walsender') and pid <> pg_backend_pid() and ($1::text is null or datname = $1)
   order by backend_start`;

/** Sessions of clients on one database, or on all of the server's, without the one that asks. */
export async function listSessions(server: PostgresServer, database?: string): Promise<Session[]> {
  return server.query<Session & pg.QueryResultRow>("postgres", sessionsQuery, [database ?? null]);
}

/** Throws, naming each, if sessions remain two seconds later: a client that has just hung up takes a moment to go. */
export async function expectNoSessions(server: PostgresServer, database?: string): Promise<void> {
  const deadline = Date.now() + 2_000;
  let sessions = await listSessions(server, database);
  while (sessions.length > 0 && Date.now() < deadline) {
    await sleep(20);
    sessions = await listSessions(server, database);
  }
  if (sessions.length === 0) return;
  const lines = sessions.map(
    ({ pid, role, database: on, application, state, query }) =>
      `  ${pid} ${role}@${on} ${application}: ${state} ${query}`,
  );
  throw new Error(`${sessions.length} sessions were left open:\n${lines.join("\n")}`);
}
