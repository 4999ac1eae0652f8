import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CommandResult, runCommand } from "../src/commands.ts";
import { parseInputs } from "../src/inputs/parse.ts";
import { silentLog } from "../src/log.ts";
import { execute } from "./local/demo/fill.ts";
import { repositoryRoot } from "./local/demo/migration.ts";
import { createAuthority } from "./local/postgres/certificates.ts";
import { runAction } from "./local/runner/action.ts";
import { type World, appName, startWorld } from "./local/world.ts";

let world: World;
let workDirectory: string;

beforeAll(async () => {
  world = await startWorld();
  workDirectory = await mkdtemp(join(tmpdir(), "bad-input-"));
  await execute(world.sourceUrl, "create table kept (n int)");
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await rm(workDirectory, { recursive: true, force: true });
});

async function runWith(changes: Record<string, string>): Promise<CommandResult> {
  const inputs = parseInputs({ ...world.inputs, command: "preflight", confirm: appName, ...changes });
  const platform = { runId: "1-1", runUrl: undefined, isPublic: false, kind: "local" as const, processors: 2 };
  const result = await runCommand({
    inputs,
    log: silentLog,
    platform,
    workDirectory,
    signal: new AbortController().signal,
    onSecret: () => {},
  });
  if (result === undefined) throw new Error("no result");
  return result;
}

/** What a person reads: the failure, and every finding with its remedy. */
function wordsOf({ report }: CommandResult): string {
  const findings = report.checks.flatMap((check) => check.findings);
  return [
    report.headline,
    report.failure?.message,
    report.failure?.hint,
    ...findings.map((finding) => `${finding.code} ${finding.message} ${finding.remedy} ${finding.objects.join(" ")}`),
  ].join("\n");
}

function sourceUrl(change: (url: URL) => void): string {
  const url = new URL(world.sourceUrl);
  change(url);
  return url.href;
}

const cases: [name: string, changes: () => Promise<Record<string, string>> | Record<string, string>, says: RegExp][] = [
  [
    "a wrong password",
    () => ({ "source-database-url": sourceUrl((url) => (url.password = "wrong-password")) }),
    /refused the password of shop_owner/u,
  ],
  [
    "an unknown database",
    () => ({ "source-database-url": sourceUrl((url) => (url.pathname = "/nowhere")) }),
    /no database named nowhere/u,
  ],
  [
    "an unreachable host",
    () => ({ "source-database-url": sourceUrl((url) => (url.port = "1")) }),
    /refused the connection/u,
  ],
  [
    "a host that nobody knows",
    () => ({ "source-database-url": sourceUrl((url) => (url.hostname = "nowhere.invalid")) }),
    /host name that (nobody knows|could not be resolved)/u,
  ],
  [
    "a CA that did not sign",
    async () => ({
      "source-ca": (await createAuthority("Unrelated")).caPem,
      "source-database-url": sourceUrl((url) => (url.hostname = "localhost")),
    }),
    /certificate that the given CA did not sign/u,
  ],
  ["a token that Heroku does not know", () => ({ "heroku-api-key": "HRKU-00000000-not-a-token" }), /token/iu],
  [
    "an app that does not exist",
    () => ({ "heroku-app": "no-such-app", confirm: "no-such-app" }),
    /no app named no-such-app/u,
  ],
  [
    "a database that the app does not have",
    () => ({ "heroku-database": "HEROKU_POSTGRESQL_PINK_URL" }),
    /no add-on named HEROKU_POSTGRESQL_PINK_URL[\s\S]*DATABASE/u,
  ],
  ["a bucket that does not exist", () => ({ bucket: "no-such-bucket" }), /no-such-bucket/u],
  ["a wrong bucket secret", () => ({ "s3-secret-access-key": "wrong-secret-wrong-secret" }), /secret|signature/iu],
  ["source and target the same", () => ({ "source-database-url": targetUrl() }), /same database|Heroku/iu],
];

function targetUrl(): string {
  const { host, port, database, owner } = world.connectTarget();
  return `postgres://${owner.user}:${owner.password}@${host}:${port}/${database}`;
}

test.for(cases)("%s is refused with its own message, and nothing is touched", async ([, changes, says]) => {
  const result = await runWith(await changes());
  expect(result.outcome).not.toBe("ok");
  expect(wordsOf(result)).toMatch(says);
  expect(wordsOf(result)).not.toContain("wrong-password");
  expect(world.heroku.state.transfers).toEqual([]);
  expect(world.heroku.app(appName).maintenance).toBe(false);
});

test("a follower as target is refused", async () => {
  const database = world.heroku.database("postgresql-curved-12345");
  database.following = "postgresql-other-1";
  try {
    const result = await runWith({});
    expect(result.outcome).toBe("blocked");
    expect(wordsOf(result)).toMatch(/follow/iu);
  } finally {
    database.following = null;
  }
});

test("a source newer than the target is refused", async () => {
  await using newer = await startWorld({ sourceMajor: 18, targetMajor: 15 });
  const inputs = parseInputs({ ...newer.inputs, command: "preflight" });
  const platform = { runId: "1-1", runUrl: undefined, isPublic: false, kind: "local" as const, processors: 2 };
  const result = await runCommand({
    inputs,
    log: silentLog,
    platform,
    workDirectory,
    signal: new AbortController().signal,
    onSecret: () => {},
  });
  expect(result?.outcome).toBe("blocked");
  expect(wordsOf(result as CommandResult)).toMatch(/PostgreSQL 18[\s\S]*15/u);
});

test("all mistakes in inputs are reported at once, misspelt names included, and no secret with them", async () => {
  const url = "mysql://root:hunter2hunter2@db/x";
  const result = await runAction({
    path: repositoryRoot,
    // As a secret: the runner itself prints what is written literally into a workflow.
    secrets: { URL: url },
    inputs: {
      command: "migrate",
      "source-database-url": url,
      "heroku-app": "Example App",
      confrim: "x",
      jobs: "many",
      "maintenance-mode": "perhaps",
    },
  });
  expect(result.conclusion).toBe("failure");
  const message = result.annotations.map((annotation) => annotation.message).join("\n");
  for (const part of [
    "source-database-url does not start with postgres://",
    "heroku-app is not an app's name",
    "did you mean confirm?",
    "jobs is not a number",
    "maintenance-mode is",
    "heroku-api-key is missing",
    "bucket is missing",
    "confirm is missing",
  ]) {
    expect(message).toContain(part);
  }
  expect(result.log).not.toContain("hunter2");
  expect(result.log.match(/inputs are wrong/gu)).toHaveLength(1);
});

test.each(["another-app", ""])("confirm %j does not start anything", async (confirm) => {
  const result = await runAction({ path: repositoryRoot, inputs: { ...world.inputs, command: "migrate", confirm } });
  expect(result.conclusion).toBe("failure");
  expect(result.annotations.map((annotation) => annotation.message).join("\n")).toMatch(
    /confirm (does not equal heroku-app|is missing)/u,
  );
  expect(world.heroku.state.transfers).toEqual([]);
});
