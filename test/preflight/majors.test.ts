import { expect, test } from "vitest";
import pg from "pg";
import type { Major } from "../local/postgres/binaries.ts";
import { startPostgres } from "../local/postgres/servers.ts";
import { codesOf, createTarget, findingsOf, goodRunner, runScene } from "./scene.ts";

/** As a customer has it: an ordinary owner, no superuser, and one of most things. */
const shop = `
  create extension citext; create extension pg_trgm; create extension hstore; create extension "uuid-ossp";
  create schema app; create type app.mood as enum ('good', 'bad'); create domain app.mail as citext check (value like '%@%');
  create table app.customers (id int generated always as identity primary key, mail app.mail unique, extra hstore);
  create table app.orders (id bigserial, customer int references app.customers, day date not null, note text,
                           shout text generated always as (upper(note)) stored, primary key (id, day)) partition by range (day);
  create table app.orders_1 partition of app.orders for values from ('2026-01-01') to ('2027-01-01');
  create index on app.orders using gin (note gin_trgm_ops);
  create function app.tidy(text) returns text language plpgsql immutable as $$ begin return lower($1); end $$;
  create index on app.customers (app.tidy(mail::text));
  create materialized view app.totals as select customer, count(*) from app.orders group by 1;
  create view app.recent as select * from app.orders where day > '2026-06-01';
  create function app.watch() returns trigger language plpgsql as $$ begin return new; end $$;
  create trigger watcher before insert on app.customers for each row execute function app.watch();
  alter table app.customers enable row level security; create policy everyone on app.customers using (true);
  insert into app.customers (mail) select g || '@example.org' from generate_series(1, 100) g;
  insert into app.orders (customer, day, note) select g, '2026-03-03', repeat('note ', 30) from generate_series(1, 100) g;
  select lo_create(0); analyze app.customers; analyze app.orders;`;

test.each<[Major, Major]>([
  [14, 18],
  [15, 18],
  [16, 17],
  [18, 18],
])(
  "PostgreSQL %i to %i, as an ordinary owner: every question is answered, nothing stands in the way",
  async (from, to) => {
    await using source = await startPostgres({ major: from });
    await using target = await startPostgres({ major: to });
    const url = await source.createOwner({ role: "shop_owner", database: "shop", password: "owner-password" });
    const owner = new pg.Client({ connectionString: url });
    await owner.connect();
    await owner.query(shop);
    await owner.end();
    const runner = { ...goodRunner, client: { major: to, version: `${to}.0` } };
    const result = await runScene({
      source: url,
      target: await createTarget(target, "target"),
      runner,
      inputs: { "data-probes": "true" },
    });
    expect(findingsOf(result).filter(({ severity }) => severity !== "warning")).toEqual([]);
    // Counters of the fixture's own writes may arrive while the gate runs.
    expect(codesOf(result).filter((code) => code !== "WRITES_ARRIVING")).toEqual(
      from < to ? ["MAJOR_VERSION_CHANGES"] : [],
    );
    expect(result.plan?.tables.map(({ table }) => table)).toEqual(["orders_1", "customers"]);
    expect(result.extensions?.map(({ name, action }) => `${name} ${action}`)).toEqual([
      "citext create",
      "hstore create",
      "pg_trgm create",
      "plpgsql keep",
      "uuid-ossp create",
    ]);
  },
);

test("rows that an input leaves behind are neither planned for nor asked for", async () => {
  await using server = await startPostgres({ major: 17 });
  await server.query(
    "postgres",
    "create table kept (id int); create table logs (id int); insert into logs select generate_series(1, 9); analyze",
  );
  const inputs = { "exclude-table-data": "public.logs", "exclude-schemas": "nothing_*" };
  const result = await runScene({
    source: server.superuserUrl("postgres"),
    target: await createTarget(server, "target"),
    inputs,
  });
  expect(result.plan?.tables.map(({ table }) => table)).toEqual(["kept"]);
  expect(result.source?.tableCount).toBe(2);
  expect(result.leaveOut.schemas).toEqual(["nothing_*"]);
});
