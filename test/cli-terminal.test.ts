import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { fillShop } from "./local/demo/fill.ts";
import { type World, appName, startWorld } from "./local/world.ts";
import { type Program, type ProgramPackage, buildPackage, environmentOf, start } from "./support/program.ts";

let program: ProgramPackage;
let world: World;
let folder: string;

beforeAll(async () => {
  [program, world] = await Promise.all([buildPackage(), startWorld()]);
  await fillShop(world.sourceUrl, 2000);
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

/** On a pseudo-terminal of util-linux's `script`: what is written to it is typed, what it prints is what the screen gets. */
function type(words: string, env: Record<string, string> = {}): Program {
  const command = `stty cols 100; exec '${process.execPath}' '${program.entry}' ${words}`;
  const environment = { ...environmentOf(world), TMPDIR: folder, TERM: "xterm-256color", SHELL: "/bin/sh", ...env };
  return start("script", ["-qec", command, "/dev/null"], { cwd: folder, env: environment });
}

const escape = "\u001B";
const ctrlC = "\u0003";

/** What is to be seen at the end: of every line what was drawn after it was wiped last. */
function screenOf({ stdout }: Program): string[] {
  return stdout
    .split(/\r*\n/u)
    .map((line) => line.split(`\r${escape}[K`).at(-1) ?? "")
    .map(stripVTControlCharacters);
}

test("a bar moves while a stage runs, and is gone when it has ended", async () => {
  const running = type("migrate --scale-down all");
  expect(await running.ended).toBe(0);
  expect(running.stdout).toMatch(/\[4\/8 proof\] .*█.* of .* \(100 %\)/u);
  expect(running.stdout).toContain(`${escape}[36m█`);
  const screen = screenOf(running);
  expect(screen.filter((line) => /[█░]|\[\d\/8 /u.test(line))).toEqual([]);
  const done = screen.map((line) => /^([\w-]+) (?:done|skipped) in /u.exec(line)?.[1]).filter(Boolean);
  expect(done).toEqual(["preflight", "quiesce", "dump", "proof", "safety-backup", "restore", "verify", "finish"]);
  expect(screen.findLast((line) => line !== "")).toMatch(/^Source and target match/u);
});

test("NO_COLOR takes the colours, not the bar", async () => {
  const running = type("preflight", { NO_COLOR: "1" });
  expect(await running.ended).toBe(0);
  expect(running.stdout).toContain("█");
  expect(running.stdout.replaceAll(`${escape}[K`, "")).not.toContain(escape);
});

test("a dumb terminal gets plain lines", async () => {
  const running = type("preflight", { TERM: "dumb", NO_COLOR: "1" });
  expect(await running.ended).toBe(0);
  expect(running.stdout).toMatch(/\[1\/8 preflight\] (\d+) of \1 checks \(100 %\)\r?\n/u);
  expect(running.stdout).not.toContain(escape);
});

test("Ctrl-C stops it; the screen says what was put back", async () => {
  world.bucket.faults.add({ operation: "UploadPart", action: { stallMs: 60_000 } });
  const running = type("migrate --scale-down all");
  await expect.poll(() => world.bucket.uploads().length, { timeout: 30_000 }).toBe(1);
  running.child.stdin?.write(ctrlC);
  expect(await running.ended).toBe(130);
  const screen = screenOf(running).join("\n");
  expect(screen).toContain("Ctrl-C again ends at once");
  expect(screen).toContain("maintenance mode off");
  expect(screen).toMatch(/Interrupted by SIGINT/u);
  expect(world.heroku.app(appName).maintenance).toBe(false);
  expect(world.bucket.uploads()).toEqual([]);
});

test("Ctrl-C twice ends it at once, with the command that puts things back", async () => {
  world.bucket.faults.add({ operation: "UploadPart", action: { stallMs: 60_000 } });
  const running = type("migrate --scale-down all --work-dir 'my state'");
  await expect.poll(() => world.bucket.uploads().length, { timeout: 30_000 }).toBe(1);
  const patch = world.heroku.faults.add({ match: { method: "PATCH" }, action: { kind: "hang" }, times: Infinity });
  running.child.stdin?.write(ctrlC);
  await running.says("Ctrl-C again");
  await sleep(400);
  const startedAt = performance.now();
  running.child.stdin?.write(ctrlC);
  expect(await running.ended).toBe(130);
  expect(performance.now() - startedAt).toBeLessThan(1000);
  expect(screenOf(running)).toContain("  migrate-to-heroku-postgres cleanup --work-dir 'my state' --scale-down all");
  patch.remove();
  expect(await type("cleanup --work-dir 'my state' --scale-down all").ended).toBe(0);
  expect(world.heroku.app(appName).maintenance).toBe(false);
});

test("what a table is called cannot reach the terminal", async () => {
  await world.source.query("shop", `create table public."evil${escape}[2J\u202Ename" (n int)`);
  try {
    const running = type("preflight --bucket-prefix evil/");
    expect(await running.ended).toBe(2);
    expect(running.stdout).toContain("evil");
    expect(running.stdout).not.toContain(`${escape}[2J`);
    expect(running.stdout).not.toContain("\u202E");
  } finally {
    await world.source.query("shop", `drop table public."evil${escape}[2J\u202Ename"`);
  }
});
