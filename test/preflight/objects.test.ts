import { afterAll, beforeAll, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../local/postgres/servers.ts";
import { type World, expectSilence, testFixtures } from "./fixture.ts";
import { objectFixtures, sourceExtensions, targetExtensions } from "./fixtures-objects.ts";
import { codesOf, createSource, createTarget, runScene } from "./scene.ts";

let server: PostgresServer;
let targetServer: PostgresServer;
let world: World;

beforeAll(async () => {
  const settings = {
    autovacuum: "off",
    wal_level: "logical",
    max_replication_slots: "4",
    allow_in_place_tablespaces: "on",
  };
  [server, targetServer] = await Promise.all([
    startPostgres({ major: 17, settings, extensions: { added: sourceExtensions, hidden: ["plperl"] } }),
    startPostgres({ major: 17, settings, extensions: { added: targetExtensions, hidden: ["pg_buffercache"] } }),
  ]);
  world = { server, targetServer, target: await createTarget(targetServer, "target") };
});

afterAll(async () => {
  await Promise.all([server?.stop(), targetServer?.stop()]);
});

testFixtures(objectFixtures, () => world);

/** A schema with a harmless relative of every hazard. */
const harmless = `
  create extension citext; create extension fancy version '2.0'; drop extension fancy;
  create table customers (id int primary key, mail citext unique);
  create table orders (id int primary key, customer int references customers, note text check (note <> ''));
  create index on orders (lower(note));
  create function shout(text) returns text language sql immutable set search_path = public as 'select upper($1)';
  create index on orders (shout(note));
  create materialized view totals as select count(*) as total from orders;
  create view recent as select * from orders;
  create type mood as enum ('good', 'bad'); create domain mail as text check (value like '%@%');
  create cast (text as mood) with inout;
  create table moods (id int generated always as identity, mood mood, words text collate "C");
  alter table moods enable row level security; create policy everyone on moods to public using (true);
  create function read() returns text language sql as 'select ''copy that''';
  insert into customers select g, g::text from generate_series(1, 20) g; insert into orders values (1, 1, 'x');
  select lo_create(0); analyze;`;

test("a database without any of the hazards is passed in silence", async () => {
  const { url } = await createSource(server, harmless);
  await expectSilence(objectFixtures, { source: url, target: world.target, inputs: { "data-probes": "true" } });
  const result = await runScene({ source: url, target: world.target, inputs: { "data-probes": "true" } });
  expect(codesOf(result)).toEqual([]);
  expect(result.verdict).toBe("passed");
});
