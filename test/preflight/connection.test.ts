import pg from "pg";
import { startPgbouncer } from "../local/postgres/pgbouncer.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseDatabaseUrl } from "../../src/postgres/database-url.ts";
import { type PostgresServer, startPostgres } from "../local/postgres/servers.ts";
import { type World, expectSilence, testFixtures } from "./fixture.ts";
import { connectionFixtures } from "./fixtures-connection.ts";
import { resolveHere } from "./network.ts";
import { codesOf, createSource, createTarget, runScene } from "./scene.ts";

const password = "one-password-for-both";
let server: PostgresServer;
let other: PostgresServer;
let world: World;
let putBack: () => void;

beforeAll(async () => {
  putBack = resolveHere((host) => /\.(rds\.amazonaws|akamaidb|ondigitalocean|example)\.(com|net)$/u.test(host));
  [server, other] = await Promise.all([
    startPostgres({ major: 17, tls: true, superuserPassword: password, settings: { autovacuum: "off" } }),
    startPostgres({ major: 17, tls: true, superuserPassword: password }),
  ]);
  world = { server, targetServer: other, target: await createTarget(other, "target") };
});

afterAll(async () => {
  putBack();
  await Promise.all([server?.stop(), other?.stop()]);
});

testFixtures(connectionFixtures, () => world);

test("a direct, encrypted connection to a primary is passed in silence", async () => {
  const { url } = await createSource(server);
  await expectSilence(connectionFixtures, { source: `${url}?sslmode=require`, target: world.target });
  const { checks } = await runScene({ source: `${url}?sslmode=require`, target: world.target });
  expect(checks.find(({ title }) => title.includes("encrypted"))?.note).toMatch(/TLSv1\.3, certificate not verified/u);
});

test("a pooler's server connections are left as they were: nothing is set before it is known to be one", async () => {
  await server.query("postgres", "create role shared login password 'p'");
  const { database } = await createSource(server);
  const login = { user: "shared", password: "p", database };
  await using pgbouncer = await startPgbouncer({ server, users: [login], poolSize: 1 });
  const result = await runScene({ source: pgbouncer.url(login), target: world.target });
  expect(codesOf(result)).toEqual(["SOURCE_IS_POOLER"]);
  const client = new pg.Client({ connectionString: pgbouncer.url(login) });
  await client.connect();
  const { rows } = await client.query(
    "select name, setting from pg_settings where name in ('default_transaction_read_only', 'search_path', 'row_security', 'statement_timeout') order by 1",
  );
  await client.end();
  expect(rows.map(({ setting }) => setting as string)).toEqual(["off", "on", '"$user", public', "0"]);
});

describe("when the source is not there", () => {
  test("what needs it is not looked at, the rest is, and the verdict is blocked", async () => {
    const result = await runScene({ source: server.superuserUrl("nowhere"), target: world.target });
    expect(result.verdict).toBe("blocked");
    expect(codesOf(result)).toEqual(["SOURCE_DATABASE_MISSING"]);
    const skipped = result.checks.filter(({ outcome }) => outcome === "could-not-check");
    expect(skipped.length).toBeGreaterThan(40);
    expect(new Set(skipped.map(({ note }) => note))).toEqual(
      new Set(["Not looked at: the source could not be connected to."]),
    );
    expect(result.target?.reachable).toBe(true);
  });
});

test("the same server under another name is still the same database", async () => {
  const source = other.superuserUrl("target").replace("127.0.0.1", "localhost");
  const target = parseDatabaseUrl(other.superuserUrl("target"), "target");
  expect(codesOf(await runScene({ source, target }))).toContain("SOURCE_IS_TARGET");
});
