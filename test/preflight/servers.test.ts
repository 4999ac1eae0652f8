import { afterAll, beforeAll } from "vitest";
import { type PostgresServer, startPostgres } from "../local/postgres/servers.ts";
import { type World, testFixtures } from "./fixture.ts";
import { serverFixtures } from "./fixtures-servers.ts";
import { createTarget } from "./scene.ts";

const superuserPassword = "one-password-for-both";
let server: PostgresServer;
let other: PostgresServer;
let world: World;

beforeAll(async () => {
  [server, other] = await Promise.all([
    startPostgres({ major: 17, superuserPassword }),
    startPostgres({ major: 17, superuserPassword }),
  ]);
  world = { server, targetServer: other, target: await createTarget(other, "target") };
});

afterAll(async () => {
  await Promise.all([server?.stop(), other?.stop()]);
});

testFixtures(serverFixtures, () => world);
