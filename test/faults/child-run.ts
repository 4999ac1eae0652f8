import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface ChildOptions {
  folder: string;
  inputs: Record<string, string>;
  /** Where the state file is; a new folder where absent. */
  workDirectory: string;
  /** As GitHub numbers runs and attempts; a run of its own where absent. */
  runId: string;
  environment: Record<string, string>;
  /** Shell commands before it, such as `ulimit`. */
  before: string;
}

export interface ChildEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Both streams, as they came. */
  output: string;
  seconds: number;
  /** From the first signal that we sent to the end. */
  stopSeconds?: number;
}

export interface ChildRun {
  process: ChildProcess;
  kill: (signal: NodeJS.Signals) => void;
  runId: string;
  workDirectory: string;
  /** Where its evidence goes. */
  evidence: string;
  /** Resolves when the stage begins; never, where it does not. */
  stage: (name: string) => Promise<void>;
  finished: Promise<ChildEnd>;
}

const entry = fileURLToPath(new URL("child.ts", import.meta.url));

/** The command line in a process of its own, which can be stopped and killed. */
export function startChild(
  command: string,
  options: Pick<ChildOptions, "folder" | "inputs"> & Partial<ChildOptions>,
): ChildRun {
  const workDirectory = options.workDirectory ?? mkdtempSync(join(options.folder, "work-"));
  const evidence = mkdtempSync(join(options.folder, "evidence-"));
  const startedAt = performance.now();
  const runId = options.runId ?? `${randomInt(1_000_000_000, 9_999_999_999)}-1`;
  const argv = [entry, command, "--work-dir", workDirectory, "--output-dir", evidence, "--run-id", runId];
  const env = environmentOf(options);
  const child =
    options.before === undefined
      ? spawn(process.execPath, argv, { env, stdio: ["ignore", "pipe", "pipe"] })
      : spawn("bash", ["-c", `${options.before}; exec "$0" "$@"`, process.execPath, ...argv], {
          env,
          stdio: ["ignore", "pipe", "pipe"],
        });
  const output: string[] = [];
  let killedAt: number | undefined;
  const stages = new Map<string, PromiseWithResolvers<void>>();
  const stage = (name: string): Promise<void> => {
    const known = stages.get(name) ?? Promise.withResolvers<void>();
    stages.set(name, known);
    return known.promise;
  };
  const read = (line: string): void => {
    output.push(line);
    const name = /"event":"stage-started","stage":"([a-z-]+)"/u.exec(line)?.[1];
    if (name === undefined) return;
    void stage(name);
    stages.get(name)?.resolve();
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", read);
  const finished = new Promise<ChildEnd>((resolve) => {
    child.once("close", (code, signal) => {
      const endedAt = performance.now();
      const stopSeconds = killedAt === undefined ? {} : { stopSeconds: (endedAt - killedAt) / 1000 };
      resolve({ code, signal, output: output.join("\n"), seconds: (endedAt - startedAt) / 1000, ...stopSeconds });
    });
  });
  const kill = (signal: NodeJS.Signals): void => {
    killedAt ??= performance.now();
    child.kill(signal);
  };
  return { process: child, kill, runId, workDirectory, evidence, stage, finished };
}

function environmentOf({
  folder,
  inputs,
  environment,
}: Pick<ChildOptions, "folder" | "inputs"> & Partial<ChildOptions>) {
  const variables = Object.entries(inputs).map(([name, value]) => [name.toUpperCase().replaceAll("-", "_"), value]);
  const { PATH = "", HOME = "" } = process.env;
  return { PATH, HOME, TMPDIR: folder, ...environment, ...(Object.fromEntries(variables) as Record<string, string>) };
}
