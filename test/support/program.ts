import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildDist } from "../../scripts/bundle.ts";
import { repositoryRoot } from "../local/demo/migration.ts";
import { type World, appName } from "../local/world.ts";

/** The package with a bundle of the sources as they are now, in a folder of its own. */
export interface ProgramPackage extends AsyncDisposable {
  folder: string;
  /** The file that npm links as `migrate-to-heroku-postgres`. */
  entry: string;
}

export async function buildPackage(): Promise<ProgramPackage> {
  const folder = await mkdtemp(join(tmpdir(), "package-"));
  await cp(join(repositoryRoot, "package.json"), join(folder, "package.json"));
  await cp(join(repositoryRoot, "bin"), join(folder, "bin"), { recursive: true });
  await buildDist(join(folder, "dist"));
  return {
    folder,
    entry: join(folder, "bin/migrate-to-heroku-postgres.js"),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** What a person would export: each input as its variable, and nothing of this process's own environment but the path. */
export function environmentOf(world: World, changes: Record<string, string> = {}): Record<string, string> {
  const inputs: Record<string, string> = { ...world.inputs, confirm: appName, ...changes };
  const variables = Object.entries(inputs).map(([name, value]) => [name.toUpperCase().replaceAll("-", "_"), value]);
  return { PATH: process.env["PATH"] ?? "", HOME: tmpdir(), ...Object.fromEntries(variables) };
}

export interface Program {
  child: ChildProcess;
  /** What was written so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves once the text has been written to one of the two. */
  says: (text: string | RegExp) => Promise<void>;
  /** The exit code, or the signal's name. */
  ended: Promise<number | string>;
}

interface ProgramOptions {
  env: Record<string, string>;
  cwd: string;
}

export function start(command: string, args: readonly string[], { env, cwd }: ProgramOptions): Program {
  const child = spawn(command, args, { env, cwd, stdio: "pipe" });
  const written = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (written.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (written.stderr += text));
  let isOver = false;
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      isOver = true;
      resolve(code ?? signal ?? "");
    });
  });
  const says = async (text: string | RegExp): Promise<void> => {
    for (;;) {
      const all = written.stdout + written.stderr;
      if (typeof text === "string" ? all.includes(text) : text.test(all)) return;
      if (isOver) throw new Error(`it ended without saying ${String(text)}:\n${all}`);
      await sleep(20);
    }
  };
  return {
    child,
    says,
    ended,
    get stdout() {
      return written.stdout;
    },
    get stderr() {
      return written.stderr;
    },
  };
}
