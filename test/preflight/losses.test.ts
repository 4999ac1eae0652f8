import { afterAll, beforeAll, expect, test } from "vitest";
import pg from "pg";
import { renderConnectionsCsv } from "../../src/report/connections-csv.ts";
import { renderLossesSql } from "../../src/report/losses-sql.ts";
import { type PostgresServer, startPostgres } from "../local/postgres/servers.ts";
import { createSource, createTarget, goodHeroku, runScene } from "./scene.ts";

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres({ major: 17, settings: { wal_level: "logical" } });
});

afterAll(async () => {
  await server?.stop();
});

const schema = `
  create table prices (id int, cost int); create table "odd "" name" (id int);
  create function secret(int) returns int language sql as 'select $1';
  create sequence numbers; create schema private; create table owned (id int);`;

const lost = `
  create role app login createdb; create role team; grant team to app with admin option;
  grant select, insert on prices, "odd "" name" to app; grant select (cost) on prices to team with grant option;
  grant usage on sequence numbers to app; grant usage on schema private to team; revoke execute on function secret(int) from public;
  alter default privileges in schema public grant select on tables to team;
  alter default privileges for role app grant usage on sequences to public;
  alter table owned owner to app;
  alter role app set statement_timeout = '5s'; alter role postgres set work_mem = '8MB';
  create publication everything for all tables;
  create function watch() returns event_trigger language plpgsql as $$ begin end $$;
  create event trigger "watch; drop table prices" on ddl_command_start when tag in ('DROP TABLE') execute function watch();
  create extension postgres_fdw;
  create server books foreign data wrapper postgres_fdw options (host 'books.example', dbname 'b');
  create user mapping for app server books options (user 'reader', password 'very-secret-word');`;

test("losses.sql recreates what Heroku allows, and nothing in it can break out of a comment", async () => {
  const { database, url } = await createSource(server, `${schema}${lost}`);
  await server.query(
    "postgres",
    `alter database ${database} set timezone = 'Asia/Tokyo'; alter database ${database} set search_path = private, public;
     alter database ${database} set app.jwt_secret = 'very-secret-word'`,
  );
  await server.query(
    database,
    `comment on schema private is 'x'; create role "two
lines; drop table prices; --"; grant select on prices to "two
lines; drop table prices; --"`,
  );
  const { losses = [] } = await runScene({ source: url });
  const kinds = new Set(losses.map(({ kind }) => kind));
  for (const kind of [
    "role",
    "membership",
    "grant",
    "default-privilege",
    "role-setting",
    "database-setting",
    "owner",
    "publication",
    "event-trigger",
    "foreign-server",
  ]) {
    expect(kinds).toContain(kind);
  }
  const sql = renderLossesSql(losses);
  expect(sql).not.toContain("very-secret-word");
  expect(sql).toContain(
    "create server books foreign data wrapper postgres_fdw options (host 'books.example', dbname 'b')",
  );

  await server.query("postgres", "create database restored template template0");
  await server.query("restored", schema);
  await server.query("restored", sql);
  const grants = await server.query<{ may: boolean }>(
    "restored",
    `select has_table_privilege('app', 'prices', 'insert') and has_table_privilege('app', '"odd "" name"', 'select')
            and has_column_privilege('team', 'prices', 'cost', 'select with grant option')
            and has_sequence_privilege('app', 'numbers', 'usage') and has_schema_privilege('team', 'private', 'usage')
            and not has_function_privilege('team', 'secret(int)', 'execute') as may`,
  );
  expect(grants).toEqual([{ may: true }]);
  await server.query("restored", "create table public.later (id int)");
  const [after] = await server.query(
    "restored",
    "select current_setting('timezone') as zone, current_setting('search_path') as path, has_table_privilege('team', 'public.later', 'select') as may",
  );
  expect(after).toMatchObject({ zone: "Asia/Tokyo", path: "private, public" });
});

test("connections.csv names who is connected, joined with the config vars that name the source", async () => {
  const { url } = await createSource(server, "create table t (id int)");
  const clients = ["web.1", "=HYPERLINK(evil)"].map(
    (name) => new pg.Client({ connectionString: url, application_name: name }),
  );
  for (const client of clients) await client.connect();
  const heroku = { ...goodHeroku, configVars: [{ app: "reports", name: "WAREHOUSE_URL" }] };
  const target = await createTarget(server, "target");
  const result = await runScene({ source: url, target, heroku });
  for (const client of clients) await client.end();
  expect(result.connections).toMatchObject([
    { application: "=HYPERLINK(evil)", user: "postgres", address: "127.0.0.1", count: 1, tls: false },
    { application: "web.1", user: "postgres", address: "127.0.0.1", count: 1, tls: false },
  ]);
  expect(result.identifiers?.roles).toContain("postgres");
  const csv = renderConnectionsCsv(result.connections ?? [], result.configVars ?? []).split("\n");
  expect(csv[1]).toMatch(/^connection,'=HYPERLINK\(evil\),postgres,127\.0\.0\.1,1,no,\d{4}-\d\d-\d\dT/u);
  expect(csv[3]).toBe("config var,reports: WAREHOUSE_URL,,,,,");
});
