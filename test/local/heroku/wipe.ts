import type { Client } from "pg";
import { withSession, type DatabaseConnection } from "./connection.ts";

const batchRows = 500;

/**
 * Empties a database as Heroku's reset does: every other session is ended, every schema, extension, large object and
 * publication goes, `public` comes back as a fresh database has it. The database, its settings and its owner stay.
 * Objects are dropped in batches, each its own transaction: thousands at once would exhaust the lock table.
 */
export async function wipeDatabase(connection: DatabaseConnection): Promise<void> {
  await withSession(connection, connection.superuser, async (client) => {
    await client.query(endSessionsQuery);
    for (const [list, drop] of disposals) await dropAll(client, list, drop);
    await dropOwned(client, connection.owner.user, connection.database);
    await restorePublicSchema(client);
  });
}

export async function endSessions(connection: DatabaseConnection): Promise<void> {
  await withSession(connection, connection.superuser, (client) => client.query(endSessionsQuery));
}

const endSessionsQuery = `
select pg_terminate_backend(pid, 5000) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`;

const subscriptionsQuery = `
select quote_ident(subname) as name from pg_subscription
where subdbid = (select oid from pg_database where datname = current_database())`;
const publicationsQuery = `select quote_ident(pubname) as name from pg_publication`;
const eventTriggersQuery = `select quote_ident(evtname) as name from pg_event_trigger`;
const extensionsQuery = `select quote_ident(extname) as name from pg_extension where extname <> 'plpgsql'`;
const tablesQuery = `
select format('%I.%I', nspname, relname) as name from pg_class join pg_namespace on pg_namespace.oid = relnamespace
where relkind in ('r', 'p') and nspname !~ '^pg_' and nspname <> 'information_schema'
order by relispartition, pg_class.oid limit ${batchRows}`;
const schemasQuery = `
select quote_ident(nspname) as name from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'`;
const largeObjectsQuery = `select oid::text as name from pg_largeobject_metadata limit ${batchRows}`;

/** What is listed, and the statement that drops what the list named. Repeated until the list is empty. */
const disposals: [list: string, drop: (names: string[]) => string][] = [
  [subscriptionsQuery, ([name]) => `drop subscription ${name}`],
  [publicationsQuery, (names) => `drop publication if exists ${names.join(", ")}`],
  [eventTriggersQuery, ([name]) => `drop event trigger ${name}`],
  [extensionsQuery, (names) => `drop extension if exists ${names.join(", ")} cascade`],
  [tablesQuery, (names) => `drop table if exists ${names.join(", ")} cascade`],
  [schemasQuery, (names) => `drop schema if exists ${names.join(", ")} cascade`],
  [largeObjectsQuery, (names) => `select lo_unlink(oid) from unnest(array[${names.join(", ")}]::oid[]) as oid`],
];

async function dropAll(client: Client, list: string, drop: (names: string[]) => string): Promise<void> {
  while (true) {
    const { rows } = await client.query<{ name: string }>(list);
    if (rows.length === 0) return;
    await client.query(drop(rows.map(({ name }) => name)));
  }
}

/** Foreign servers, default privileges and the like, which lie in no schema. It also revokes the owner's grants. */
async function dropOwned(client: Client, owner: string, database: string): Promise<void> {
  const role = client.escapeIdentifier(owner);
  await client.query(`drop owned by ${role} cascade`);
  await client.query(`grant all on database ${client.escapeIdentifier(database)} to ${role}`);
}

async function restorePublicSchema(client: Client): Promise<void> {
  await client.query("create schema public");
  const { rows } = await client.query<{ isClosed: boolean }>(
    `select current_setting('server_version_num')::integer >= 150000 as "isClosed"`,
  );
  if (rows[0]!.isClosed) await client.query("alter schema public owner to pg_database_owner");
  await client.query(`grant ${rows[0]!.isClosed ? "usage" : "all"} on schema public to public`);
  await client.query("comment on schema public is 'standard public schema'");
}
