import { afterAll, beforeAll, test } from "vitest";
import { type PostgresServer, startPostgres } from "../local/postgres/servers.ts";
import { type World, expectSilence, testFixtures } from "./fixture.ts";
import { stateFixtures } from "./fixtures-state.ts";
import { createSource, createTarget } from "./scene.ts";

let server: PostgresServer;
let targetServer: PostgresServer;
let world: World;

beforeAll(async () => {
  const settings = { autovacuum: "off", max_prepared_transactions: "5" };
  [server, targetServer] = await Promise.all([startPostgres({ major: 17, settings }), startPostgres({ major: 17 })]);
  world = { server, targetServer, target: await createTarget(targetServer, "target") };
});

afterAll(async () => {
  await Promise.all([server?.stop(), targetServer?.stop()]);
});

testFixtures(stateFixtures, () => world);

test("a quiet database on a quiet server is passed in silence", async () => {
  const { url } = await createSource(server, "create table orders (id int primary key); analyze");
  await expectSilence(stateFixtures, { source: url, target: world.target });
});
