import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checks } from "../../src/preflight/checks.ts";
import { couldNotCheckCode, runChecks } from "../../src/preflight/check.ts";
import { Gate } from "../../src/preflight/gate.ts";
import { openSource } from "../../src/preflight/source.ts";
import { TargetCatalog } from "../../src/preflight/catalog/target-catalog.ts";
import { openGuarded } from "../../src/preflight/guard.ts";
import { defaultLimits } from "../../src/preflight/facts.ts";
import { type PostgresServer, startPostgres } from "../local/postgres/servers.ts";
import { type World, expectSilence, testFixtures } from "./fixture.ts";
import { factFixtures } from "./fixtures-facts.ts";
import {
  codesOf,
  createSource,
  createTarget,
  findingsOf,
  goodBucket,
  goodHeroku,
  goodRunner,
  runScene,
  sceneContext,
} from "./scene.ts";

let server: PostgresServer;
let world: World;

beforeAll(async () => {
  server = await startPostgres({ major: 17, settings: { autovacuum: "off" } });
  const shared = await createSource(server);
  world = { server, targetServer: server, target: await createTarget(server, "target"), shared };
});

afterAll(async () => {
  await server?.stop();
});

testFixtures(factFixtures, () => world);

test("a Heroku app, a bucket and a runner in good order are passed in silence", async () => {
  const { url } = await createSource(server, "create table t (id int); analyze");
  const heroku = { ...goodHeroku, formation: [{ type: "web", quantity: 2 }] };
  await expectSilence(factFixtures, { source: url, target: world.target, heroku });
  const local = { "heroku-data-url": "http://127.0.0.1:8080" };
  const bucket = { endpointHost: "127.0.0.1:9000", isHttps: false };
  await expectSilence(factFixtures, {
    source: url,
    target: world.target,
    inputs: local,
    bucket: { ...goodBucket, ...bucket },
  });
});

test("CLIENT_MISSING stays silent where a missing client would be installed", async () => {
  const { url } = await createSource(server);
  const { client: _, ...runner } = { ...goodRunner, canInstallClient: true };
  const result = await runScene({ source: url, target: world.target, runner });
  expect(codesOf(result)).toEqual([]);
});

describe("accepted codes", () => {
  test("turn a blocked finding into a warning that says so, and no other", async () => {
    const { url } = await createSource(server, "create function f(text) returns int language internal as 'textlen'");
    const options = {
      source: url,
      target: world.target,
      heroku: { ...goodHeroku, runningTransfers: [{ number: 1, kind: "backup", createdAt: "x" }] },
    };
    const inputs = { accept: "FUNCTION_LANGUAGE_NOT_OFFERED" };
    const one = await runScene({ ...options, inputs });
    expect(one.verdict).toBe("blocked");
    expect(findingsOf(one, "FUNCTION_LANGUAGE_NOT_OFFERED")).toMatchObject([{ severity: "warning", accepted: true }]);
    expect(findingsOf(one, "TRANSFER_RUNNING")).toMatchObject([{ severity: "blocked" }]);
    const both = await runScene({ ...options, inputs: { accept: "FUNCTION_LANGUAGE_NOT_OFFERED,TRANSFER_RUNNING" } });
    expect(both.verdict).toBe("warnings");
    expect(both.record.accepted).toEqual(["FUNCTION_LANGUAGE_NOT_OFFERED", "TRANSFER_RUNNING"]);
  });

  test("cannot lift what is certain to fail", async () => {
    const { url } = await createSource(server);
    const heroku = { ...goodHeroku, info: { ...goodHeroku.info, following: "other" } };
    const result = await runScene({
      source: url,
      target: world.target,
      heroku,
      inputs: { accept: "TARGET_IS_FOLLOWER" },
    });
    expect(result.verdict).toBe("blocked");
    expect(findingsOf(result, "TARGET_IS_FOLLOWER")[0]?.remedy).toMatch(/cannot be accepted/u);
  });
});

/** Checks that put no question to a server: their could-not-check comes from somewhere else, or they have none. */
const withoutQuestions = new Set([
  "source-connection",
  "heroku-access",
  "target-connection",
  "plan",
  "target-state",
  "target-shared",
  "app-stopped",
  "config-vars",
  "bucket",
  "bucket-address",
  "bucket-leftovers",
  "accept",
  "data-probes",
]);

test("when the connections break, every check that asks them says that it could not, under its own code", async () => {
  const { url } = await createSource(server);
  const context = sceneContext({ source: url, target: world.target });
  const { signal } = context;
  const source = await openSource(context.inputs, defaultLimits, signal);
  if (source instanceof Error) throw source;
  const session = await openGuarded(world.target, { limits: defaultLimits, side: "target", signal });
  const parts = { ...context, limits: defaultLimits, now: () => new Date() };
  source.session.destroy();
  session.destroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const lost = { ...source, open: () => Promise.reject(new Error("no more connections")) };
  // The settings were read before the connection broke; here they were not.
  const catalog = Object.assign(source.catalog, { settings: () => Promise.reject(new Error("gone")) });
  const gate = new Gate({
    ...parts,
    plan: new Error("no plan"),
    source: { ...lost, catalog },
    target: { session, catalog: new TargetCatalog(session) },
  });
  const results = await runChecks(checks, gate);
  for (const [index, check] of checks.entries()) {
    if (withoutQuestions.has(check.id)) continue;
    const [found] = results[index]?.findings ?? [];
    expect(found, check.id).toMatchObject({ severity: "could-not-check", code: couldNotCheckCode(check) });
  }
});

test("could-not-check blocks, and is accepted only by its own code", async () => {
  const { url } = await createSource(server);
  const heroku = { ...goodHeroku, info: {} };
  const unreachable = { unavailable: true as const, reason: "timeout" };
  const options = { source: url, target: unreachable, heroku };
  const first = await runScene({ ...options, inputs: { accept: "TARGET_UNREACHABLE" } });
  expect(first.verdict).toBe("blocked");
  expect(codesOf(first)).toContain("COULD_NOT_CHECK_MAJOR_VERSIONS");
  const accept = "TARGET_UNREACHABLE,COULD_NOT_CHECK_MAJOR_VERSIONS,COULD_NOT_CHECK_CLIENT";
  expect((await runScene({ ...options, inputs: { accept } })).verdict).toBe("warnings");
});
