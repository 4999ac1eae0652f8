import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { compareRows } from "./local/demo/compare.ts";
import { execute, fillShop } from "./local/demo/fill.ts";
import { type World, addonName, appName, startWorld } from "./local/world.ts";
import { type Program, type ProgramPackage, buildPackage, environmentOf, start } from "./support/program.ts";

let program: ProgramPackage;
let world: World;
/** Where the user stands; every test has a new one. */
let folder: string;

beforeAll(async () => {
  [program, world] = await Promise.all([buildPackage(), startWorld()]);
  await fillShop(world.sourceUrl, 1000);
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await program?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cli-"));
});
afterEach(async () => {
  world.bucket.faults.clear();
  world.heroku.faults.clear();
  await rm(folder, { recursive: true, force: true });
});

function begin(argv: string[], changes: Record<string, string> = {}, env: Record<string, string> = {}): Program {
  const environment = { ...environmentOf(world, changes), TMPDIR: folder, ...env };
  return start(process.execPath, [program.entry, ...argv], { cwd: folder, env: environment });
}

interface Ended {
  code: number | string;
  stdout: string;
  stderr: string;
}

async function run(argv: string[], changes?: Record<string, string>, env?: Record<string, string>): Promise<Ended> {
  const running = begin(argv, changes, env);
  const code = await running.ended;
  return { code, stdout: running.stdout, stderr: running.stderr };
}

async function evidence(command: string): Promise<string[]> {
  return (await readdir(join(folder, "migration-evidence", command))).toSorted();
}

async function evidenceText(command: string): Promise<string> {
  const names = await evidence(command);
  const texts = await Promise.all(
    names.map((name) => readFile(join(folder, "migration-evidence", command, name), "utf8")),
  );
  return texts.join("\n");
}

function eventsOf({ stdout }: Ended): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("a whole migration", () => {
  test("preflight, migrate and verify end with 0 and leave their evidence, from variables and from files", async () => {
    const urlFile = join(folder, "source-url");
    const keyFile = join(folder, "heroku-key");
    await writeFile(urlFile, `${world.sourceUrl}\n`);
    await writeFile(keyFile, `${world.inputs["heroku-api-key"]}\n`);
    const files = ["--source-database-url-file", urlFile, "--heroku-api-key-file", keyFile];
    const without = { "source-database-url": "", "heroku-api-key": "" };
    const outputs: string[] = [];
    for (const command of ["preflight", "migrate", "verify"]) {
      const { code, stdout, stderr } = await run([command, ...files], without);
      expect(stderr).not.toContain("Error");
      expect(code).toBe(0);
      expect(stdout).toBe("");
      outputs.push(stderr, await evidenceText(command));
    }
    expect((await compareRows(world)).different).toEqual([]);
    expect(await evidence("preflight")).toEqual([
      "connections.csv",
      "extensions-diff.md",
      "extensions.csv",
      "losses.sql",
      "preflight.json",
      "report.html",
      "settings-diff.csv",
      "settings.csv",
      "summary.md",
    ]);
    expect(await evidence("migrate")).toEqual(["report.html", "restore.log", "summary.md", "verification.json"]);
    expect(await evidence("verify")).toEqual(["report.html", "summary.md", "verification.json"]);
    for (const secret of world.secrets) expect(outputs.join("\n")).not.toContain(secret);
    expect(outputs[2]).toMatch(
      /Source and target match: [\d,]+ rows in \d+ tables and \d+ objects were compared\.\n$/u,
    );
    expect(outputs[2]).toContain(`heroku pg:promote ${addonName}`);
  });

  test("the evidence is for its owner alone, and no folder is left in the temporary one", async () => {
    await run(["preflight"]);
    expect((await stat(join(folder, "migration-evidence"))).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, "migration-evidence/preflight/settings.csv"))).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["migration-evidence"]);
  });

  test("--output-dir is taken as it is", async () => {
    expect(await run(["preflight", "--output-dir", "out/here"])).toMatchObject({ code: 0 });
    expect(await readdir(join(folder, "out/here"))).toContain("summary.md");
  });
});

describe("exit codes", () => {
  test("1: a mistake in inputs, all of them at once, and how to give them", async () => {
    const { code, stderr } = await run(["migrate"], { bucket: "", "heroku-app": "Example App", "heroku-api-key": "" });
    expect(code).toBe(1);
    for (const part of ["bucket is missing", "heroku-app is not an app's name", "--heroku-app", "HEROKU_APP"])
      expect(stderr).toContain(part);
    expect(await readdir(folder)).toEqual([]);
  });

  test("1: a secret as a flag, which is not repeated", async () => {
    const { code, stderr } = await run(["preflight", "--heroku-api-key=hunter22x"]);
    expect(code).toBe(1);
    expect(stderr).toContain("--heroku-api-key-file");
    expect(stderr).not.toContain("hunter22x");
  });

  test("1: a run that fails says what to do, and has evidence too", async () => {
    const { code, stderr } = await run(["migrate"], { "heroku-app": "no-such-app", confirm: "no-such-app" });
    expect(code).toBe(1);
    expect(stderr).toMatch(/Error: .*no app named no-such-app/u);
    expect(await evidence("migrate")).toEqual(["report.html", "summary.md"]);
  });

  test("1: a folder for the evidence that cannot be made stops the run before it starts", async () => {
    await writeFile(join(folder, "taken"), "");
    const requests = world.heroku.requests.length;
    const { code, stderr } = await run(["migrate", "--output-dir", "taken/here"]);
    expect([code, world.heroku.requests.length]).toEqual([1, requests]);
    expect(stderr).toContain("--output-dir");
  });

  test("2: a gate that says no, with the statement to type", async () => {
    await execute(world.source.superuserUrl("shop"), "create table private_notes (note text)");
    try {
      // Under a prefix of its own, whose gate no other run meets.
      const { code, stderr } = await run(["preflight", "--bucket-prefix", "blocked/"]);
      expect(code).toBe(2);
      expect(stderr).toMatch(/blocked \w+: .*\n {4}public\.private_notes\n/u);
      expect(stderr).toMatch(/ {4}grant select on .*private_notes/iu);
      expect(stderr).toMatch(/Error: The migration must not run yet.*\n$/u);
      expect(await evidenceText("preflight")).toContain("private_notes");
    } finally {
      await execute(world.source.superuserUrl("shop"), "drop table private_notes");
    }
  });

  test("3: a database that differs", async () => {
    await run(["migrate"]);
    await world.target.query(world.connectTarget().database, "update customers set full_name = 'x' where id = 7");
    const { code, stderr } = await run(["verify"]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/Error: Source and target differ in 1 place\.\n$/u);
    expect(await evidenceText("verify")).toContain("customers");
  });

  test("4: nothing was compared, as asked", async () => {
    const { code, stderr } = await run(["migrate", "--verify", "off"]);
    expect(code).toBe(4);
    expect(stderr).toContain("Nothing was compared");
  });
});

describe("--json", () => {
  test("gives events on standard output, one a line, and not a word besides", async () => {
    const ended = await run(["migrate", "--json"]);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const events = eventsOf(ended);
    const stagesOf = (name: string): unknown[] =>
      events.filter(({ event }) => event === name).map(({ stage }) => stage);
    const stages = ["preflight", "quiesce", "dump", "proof", "safety-backup", "restore", "verify", "finish"];
    expect(stagesOf("stage-started")).toEqual(stages);
    expect(stagesOf("stage-finished")).toEqual(stages);
    expect(stagesOf("progress")).toEqual(expect.arrayContaining(["dump", "proof", "restore", "verify"]));
    for (const { at } of events) expect(at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/u);
    expect(events.filter(({ event }) => event === "finished")).toEqual([
      {
        at: expect.any(String),
        event: "finished",
        command: "migrate",
        verdict: "migrated",
        outcome: "ok",
        exitCode: 0,
        headline: expect.stringContaining("Source and target match"),
        nextSteps: [expect.stringContaining("pg:promote")],
        evidence: { folder: "migration-evidence/migrate", files: expect.arrayContaining(["summary.md"]) },
      },
    ]);
    expect(events.at(-1)?.["event"]).toBe("finished");
  });

  test("says of a mistake in one event how it ended; people read it on standard error", async () => {
    const ended = await run(["migrate", "--json"], { bucket: "" });
    expect(eventsOf(ended)).toEqual([expect.objectContaining({ event: "finished", outcome: "failed", exitCode: 1 })]);
    expect(ended.stderr).toContain("bucket is missing");
  });

  test("goes on when nobody reads any longer", async () => {
    const running = begin(["preflight", "--json"]);
    running.child.stdout?.once("data", () => running.child.stdout?.destroy());
    expect(await running.ended).toBe(0);
    expect(await evidence("preflight")).toContain("preflight.json");
  });
});

describe("identifiers", () => {
  test.each([
    ["auto", "public", false],
    ["auto", "private", true],
    ["true", "public", true],
    ["false", "private", false],
  ])("show-identifiers %s in a %s project", async (show, visibility, isShown) => {
    const { stderr } = await run(["preflight"], { "show-identifiers": show }, { CI_PROJECT_VISIBILITY: visibility });
    const text = stderr + (await evidenceText("preflight"));
    expect(text.includes("shop_owner")).toBe(isShown);
  });
});

describe("what a run that was cut off left behind", () => {
  const slowUpload = { operation: "UploadPart", action: { stallMs: 60_000 } } as const;

  async function runUntilUpload(argv: string[]): Promise<Program> {
    const running = begin(["migrate", "--scale-down", "all", "--freeze-source", "database", ...argv]);
    await expect.poll(() => world.bucket.uploads().length, { timeout: 30_000 }).toBe(1);
    expect(world.heroku.app(appName).maintenance).toBe(true);
    return running;
  }

  async function expectAllPutBack(): Promise<void> {
    const app = world.heroku.app(appName);
    expect(app.maintenance).toBe(false);
    expect(app.formation.map(({ quantity }) => quantity)).toEqual([2, 1]);
    expect(world.bucket.uploads()).toEqual([]);
    await execute(world.sourceUrl, "create table written (n int); drop table written");
  }

  test("SIGINT: it stops within 5 seconds with 130 and puts everything back by itself", async () => {
    world.bucket.faults.add(slowUpload);
    const running = await runUntilUpload([]);
    const startedAt = performance.now();
    running.child.kill("SIGINT");
    expect(await running.ended).toBe(130);
    expect(performance.now() - startedAt).toBeLessThan(5500);
    await expectAllPutBack();
    expect(running.stderr).toMatch(/Warning: Stopping/u);
    expect(await evidence("migrate")).toEqual(["report.html", "summary.md"]);
    expect(await readdir(folder)).toEqual(["migration-evidence"]);
  });

  test("a closed terminal is an interruption too", async () => {
    world.bucket.faults.add(slowUpload);
    const running = await runUntilUpload([]);
    running.child.kill("SIGHUP");
    expect(await running.ended).toBe(130);
    await expectAllPutBack();
  });

  test("what cannot be put back in time: the command to run stands there, and does it", async () => {
    world.bucket.faults.add(slowUpload);
    const running = await runUntilUpload([]);
    const patch = world.heroku.faults.add({ match: { method: "PATCH" }, action: { kind: "hang" }, times: Infinity });
    const startedAt = performance.now();
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(130);
    expect(performance.now() - startedAt).toBeLessThan(6000);
    patch.remove();
    const [, words = ""] = /\n {2}migrate-to-heroku-postgres (cleanup .*)\n/u.exec(running.stderr) ?? [];
    expect(words).toContain("--scale-down all");
    const cleanup = await run(words.split(" "));
    expect(cleanup).toMatchObject({ code: 0, stderr: expect.stringMatching(/Everything is put back\.\n$/u) });
    await expectAllPutBack();
  });

  test("a second SIGINT ends it at once, and says so", async () => {
    world.bucket.faults.add(slowUpload);
    const running = await runUntilUpload(["--json"]);
    world.heroku.faults.add({ match: { method: "PATCH" }, action: { kind: "hang" } });
    running.child.kill("SIGINT");
    await running.says("Stopping");
    await new Promise((resolve) => setTimeout(resolve, 400));
    const startedAt = performance.now();
    running.child.kill("SIGINT");
    expect(await running.ended).toBe(130);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    const last = eventsOf({ code: 130, stdout: running.stdout, stderr: "" }).at(-1);
    expect(last).toMatchObject({ event: "finished", verdict: "interrupted", exitCode: 130 });
    world.heroku.faults.clear();
    await run(String(last?.["cleanup"]).split(" ").slice(1));
    await expectAllPutBack();
  });

  test("killed: cleanup puts everything back from --work-dir, once", async () => {
    world.bucket.faults.add(slowUpload);
    const running = await runUntilUpload(["--work-dir", "state"]);
    running.child.kill("SIGKILL");
    await running.ended;
    expect(world.heroku.app(appName).maintenance).toBe(true);
    const cleanup = await run(["cleanup", "--work-dir", "state"]);
    expect(cleanup).toMatchObject({ code: 0, stderr: expect.stringContaining("Everything is put back.") });
    await expectAllPutBack();
    expect(await run(["cleanup", "--work-dir", "state"])).toMatchObject({
      code: 0,
      stderr: "Nothing in state is left to put back.\n",
    });
  });

  test("cleanup without --work-dir asks for it", async () => {
    const { code, stderr } = await run(["cleanup"]);
    expect(code).toBe(1);
    expect(stderr).toContain("Give --work-dir");
  });
});
