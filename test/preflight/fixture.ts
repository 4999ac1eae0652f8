import pg from "pg";
import { describe, expect, test } from "vitest";
import type { FindingCode } from "../../src/preflight/codes.ts";
import { codes } from "../../src/preflight/codes.ts";
import type { DatabaseUrl } from "../../src/postgres/database-url.ts";
import type { Finding } from "../../src/report.ts";
import { dropDatabase } from "../local/postgres/databases.ts";
import type { PostgresServer } from "../local/postgres/servers.ts";
import { type SceneOptions, createSource, findingsOf, runScene } from "./scene.ts";

/** What a fixture may touch. Sessions and whatever else it opens end with the test. */
export interface Stage {
  server: PostgresServer;
  target: DatabaseUrl;
  targetServer: PostgresServer;
  database: string;
  url: string;
  /** Runs statements one after another on a superuser's connection that stays open, e.g. with a transaction. */
  hold: (...statements: string[]) => Promise<pg.Client>;
  later: (cleanUp: () => unknown) => void;
}

type Change = Partial<SceneOptions>;

/** One hazard, really present, and what must be said of it. */
export interface Fixture {
  code: FindingCode;
  /** Tells several of one code apart. */
  name?: string;
  /** Runs in a new database of the source as the superuser. */
  sql?: string;
  arrange?: (stage: Stage) => Promise<Change | void> | Change | void;
  /** Each must be among the finding's objects. */
  objects?: (string | RegExp)[];
  message?: RegExp;
  remedy?: RegExp;
  /** Questions that this hazard itself keeps from being answered. */
  unanswered?: string[];
  /** Statements of the remedy are run, `on` the source unless told, and the finding must be gone. */
  repair?: { on?: "source" | "target"; before?: (stage: Stage) => Promise<void> };
}

export interface World {
  /** A database that fixtures without SQL of their own share, where none of them changes it. */
  shared?: { database: string; url: string };
  server: PostgresServer;
  target: DatabaseUrl;
  targetServer: PostgresServer;
}

export function testFixtures(fixtures: readonly Fixture[], world: () => World): void {
  describe.each(fixtures.map((fixture) => ({ title: `${fixture.code} ${fixture.name ?? ""}`.trim(), fixture })))(
    "$title",
    ({ fixture }) => {
      test("is found", async () => {
        await withStage(world(), fixture, async (stage, change) => {
          const options = { source: stage.url, target: world().target, ...change };
          const found = await expectFinding(fixture, options);
          if (fixture.repair === undefined) return;
          await fixture.repair.before?.(stage);
          await repair(stage, fixture, found);
          expect(findingsOf(await runScene(options), fixture.code), "after the remedy").toEqual([]);
        });
      });
    },
  );
}

async function expectFinding(fixture: Fixture, options: SceneOptions): Promise<Finding> {
  const result = await runScene(options);
  const [found] = findingsOf(result, fixture.code);
  if (found === undefined) {
    const others = findingsOf(result).map((other) => `${other.code}: ${other.message}`);
    throw new Error(`${fixture.code} was not found, but:\n${others.join("\n")}`);
  }
  const unanswered = findingsOf(result).filter(({ severity }) => severity === "could-not-check");
  expect(
    unanswered.map(({ code }) => code),
    "questions without an answer",
  ).toEqual(fixture.unanswered ?? []);
  expect(found.severity).toBe(codes[fixture.code].severity);
  expect(found.message).toMatch(fixture.message ?? /\S/u);
  expect(found.remedy).toMatch(fixture.remedy ?? /\S/u);
  for (const object of fixture.objects ?? []) {
    expect(found.objects).toContainEqual(typeof object === "string" ? object : expect.stringMatching(object));
  }
  return found;
}

async function withStage(
  world: World,
  fixture: Fixture,
  use: (stage: Stage, change: Change) => Promise<void>,
): Promise<void> {
  const shared = fixture.sql === undefined ? world.shared : undefined;
  const { database, url } = shared ?? (await createSource(world.server, fixture.sql ?? ""));
  const cleanUps: (() => unknown)[] = [];
  const stage: Stage = {
    ...world,
    database,
    url,
    later: (cleanUp) => cleanUps.push(cleanUp),
    hold: async (...statements) => {
      const client = new pg.Client({ connectionString: url, application_name: "holder" });
      client.on("error", () => {});
      await client.connect();
      cleanUps.push(() => client.end());
      for (const statement of statements) await client.query(statement);
      return client;
    },
  };
  try {
    const change = await fixture.arrange?.(stage);
    await use(stage, change ?? {});
  } finally {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
    if (shared === undefined) await dropDatabase(world.server, database);
  }
}

async function repair(stage: Stage, fixture: Fixture, found: Finding): Promise<void> {
  expect(found.sql, "the remedy has statements").toBeDefined();
  const isTarget = fixture.repair?.on === "target";
  const server = isTarget ? stage.targetServer : stage.server;
  const database = isTarget ? stage.target.database : stage.database;
  for (const statement of statementsOf(found.sql ?? "")) await server.query(database, statement);
}

/** One statement per line, as the remedies are written; a block stays whole. */
function statementsOf(sql: string): string[] {
  return sql.includes("$block$") ? [sql] : sql.split("\n").filter((line) => line.trim() !== "");
}

/** Nothing of these may be said of a database that has none of the hazards. */
export async function expectSilence(fixtures: readonly Fixture[], options: SceneOptions): Promise<void> {
  const result = await runScene(options);
  const codesHere = new Set<string>(fixtures.map(({ code }) => code));
  expect(findingsOf(result).filter(({ code }) => codesHere.has(code))).toEqual([]);
}
