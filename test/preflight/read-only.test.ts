import { afterAll, beforeAll, expect, test } from "vitest";
import { listSessions } from "../local/postgres/databases.ts";
import { type PostgresServer, startPostgres } from "../local/postgres/servers.ts";
import { openGuarded } from "../../src/preflight/guard.ts";
import { defaultLimits } from "../../src/preflight/facts.ts";
import { parseDatabaseUrl } from "../../src/postgres/database-url.ts";
import { createSource, createTarget, runScene, sceneContext } from "./scene.ts";
import { preflight } from "../../src/preflight/preflight.ts";

let server: PostgresServer;
let targetServer: PostgresServer;

beforeAll(async () => {
  const settings = { autovacuum: "off", wal_level: "minimal", max_wal_senders: "0", checkpoint_timeout: "1h" };
  [server, targetServer] = await Promise.all([startPostgres({ major: 17, settings }), startPostgres({ major: 17 })]);
});

afterAll(async () => {
  await Promise.all([server?.stop(), targetServer?.stop()]);
});

const shop = `
  create extension citext; create extension pg_trgm;
  create table customers (id int generated always as identity primary key, mail citext unique);
  create table orders (id serial primary key, customer int references customers, note text);
  create function tidy(text) returns text language plpgsql immutable as $$ begin return lower($1); end $$;
  create index on orders (tidy(note));
  insert into customers (mail) select g || '@example.org' from generate_series(1, 2000) g;
  insert into orders (customer, note) select 1 + g % 2000, repeat('note ', 20) from generate_series(1, 20000) g;
  create materialized view totals as select customer, count(*) from orders group by 1;
  select lo_create(0);`;

/** Where the next byte of WAL goes, the next transaction id, and every row of the catalogs. */
const stateQuery = `
  select pg_current_wal_insert_lsn()::text as lsn, pg_snapshot_xmax(pg_current_snapshot())::text as next_id,
         (select md5(string_agg(c::text, '' order by c.oid)) from pg_class c) as classes,
         (select md5(string_agg(a::text, '' order by a.attrelid, a.attnum)) from pg_attribute a) as columns,
         (select md5(string_agg(p::text, '' order by p.oid)) from pg_proc p) as functions,
         (select md5(string_agg(s::text, '' order by s.starelid, s.staattnum)) from pg_statistic s) as statistics,
         (select md5(string_agg(d::text, '' order by d.oid)) from pg_database d) as databases,
         (select md5(string_agg(r::text, '' order by r.oid)) from pg_authid r) as roles`;

test("the gate writes nothing: neither WAL nor a transaction id nor a catalog row", async () => {
  const { database, url } = await createSource(server, shop);
  // Reading a page with dead rows tidies it, which is written to the WAL: after this there are none.
  for (const each of ["postgres", database]) {
    await server.query(each, "vacuum (freeze, analyze)");
    await server.query(each, "vacuum (freeze)");
  }
  await server.query(database, "checkpoint");
  const before = await server.query(database, stateQuery);
  const result = await runScene({
    source: url,
    target: await createTarget(targetServer, "target"),
    inputs: { "data-probes": "true" },
  });
  expect(result.checks.every(({ outcome }) => outcome === "pass")).toBe(true);
  expect(await server.query(database, stateQuery)).toEqual(before);
});

test("a session of the gate cannot write, whoever it belongs to", async () => {
  const { url } = await createSource(server, "create table t (id int)");
  const { signal } = new AbortController();
  await using session = await openGuarded(parseDatabaseUrl(url, "url"), {
    limits: defaultLimits,
    side: "source",
    signal,
  });
  for (const sql of [
    "insert into public.t values (1)",
    "create table public.u (id int)",
    "select nextval('public.s')",
  ]) {
    await expect(session.execute(sql), sql).rejects.toThrow(/read-only|does not exist/u);
  }
});

test("a lock on a table is not waited for", async () => {
  const { database, url } = await createSource(
    server,
    "create table t (id int primary key); insert into t values (1); create table free (id int)",
  );
  const { default: pg } = await import("pg");
  const holder = new pg.Client({ connectionString: url });
  await holder.connect();
  await holder.query("begin; lock table t in access exclusive mode");
  const startedAt = Date.now();
  const result = await runScene({ source: url });
  expect(Date.now() - startedAt).toBeLessThan(6000);
  expect(result.checks.find(({ title }) => title.includes("lock would stop"))?.outcome).toBe("warning");
  expect(result.checks.filter(({ outcome, note }) => outcome === "could-not-check" && note === undefined)).toEqual([]);
  await holder.end();
  expect(await listSessions(server, database)).toEqual([]);
});

test("an aborted gate ends within seconds and leaves no session behind", async () => {
  const { database, url } = await createSource(server, "create table t (id int)");
  const stop = new AbortController();
  const running = preflight(sceneContext({ source: url, signal: stop.signal }));
  setTimeout(() => stop.abort(new Error("stop")), 60);
  const startedAt = Date.now();
  await expect(running).rejects.toThrow("stop");
  expect(Date.now() - startedAt).toBeLessThan(3000);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await listSessions(server, database)).toEqual([]);
});
