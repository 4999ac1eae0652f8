import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type SeenProcess, watchProcesses } from "./processes.ts";

export interface ChildOptions {
  folder: string;
  inputs: Record<string, string>;
  /** RUNNER_TEMP; a new folder where absent. */
  temp: string;
  /** The run's number and its attempt. */
  runId: string;
  environment: Record<string, string>;
  /** Shell commands before it, such as `ulimit`. */
  before: string;
}

export interface ChildEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Both streams and the job summary, as they came, without what only the runner sees: its masks. */
  output: string;
  /** The same, as a person reads it. */
  said: string;
  seconds: number;
  /** From the first signal that we sent to the end. */
  stopSeconds?: number;
  /** The programs that it started, as far as they were seen. */
  processes: SeenProcess[];
}

export interface ChildRun {
  process: ChildProcess;
  kill: (signal: NodeJS.Signals) => void;
  runId: string;
  temp: string;
  /** Where the runner keeps summary, outputs and saved state. */
  files: string;
  /** Resolves when the stage begins; never, where it does not. */
  stage: (name: string) => Promise<void>;
  finished: Promise<ChildEnd>;
}

export type StartOptions = Pick<ChildOptions, "folder" | "inputs" | "runId"> & Partial<ChildOptions>;

const entry = fileURLToPath(new URL("child.ts", import.meta.url));

/** A step of the action in a process of its own, with what a runner gives it, which can be stopped and killed. */
export function startChild(command: string, options: StartOptions): ChildRun {
  const { runId } = options;
  const temp = options.temp ?? mkdtempSync(join(options.folder, "temp-"));
  const files = mkdtempSync(join(options.folder, "files-"));
  const startedAt = performance.now();
  const child = launch([entry, command], environmentOf(command, { ...options, temp }, files), options.before);
  const log = followLog(child);
  const watch = watchProcesses(child.pid);
  let killedAt: number | undefined;
  const finished = new Promise<ChildEnd>((resolve) => {
    child.once("close", (code, signal) => {
      const endedAt = performance.now();
      const stopSeconds = killedAt === undefined ? {} : { stopSeconds: (endedAt - killedAt) / 1000 };
      const output = [...log.lines, readFileSync(join(files, "summary"), "utf8")].join("\n");
      const end = { code, signal, output, said: readable(output), seconds: (endedAt - startedAt) / 1000 };
      void watch.stop().then((processes) => resolve({ ...end, ...stopSeconds, processes }));
    });
  });
  const kill = (signal: NodeJS.Signals): void => {
    killedAt ??= performance.now();
    child.kill(signal);
  };
  return { process: child, kill, runId, temp, files, stage: log.stage, finished };
}

type Launched = ReturnType<typeof launch>;

function launch(argv: string[], env: Record<string, string>, before: string | undefined) {
  if (before === undefined) return spawn(process.execPath, argv, { env, stdio: ["ignore", "pipe", "pipe"] });
  const script = `${before}; exec "$0" "$@"`;
  return spawn("bash", ["-c", script, process.execPath, ...argv], { env, stdio: ["ignore", "pipe", "pipe"] });
}

function followLog(child: Launched): { lines: string[]; stage: ChildRun["stage"] } {
  const lines: string[] = [];
  const stages = new Map<string, PromiseWithResolvers<void>>();
  const stageOf = (name: string): PromiseWithResolvers<void> => {
    const known = stages.get(name) ?? Promise.withResolvers<void>();
    stages.set(name, known);
    return known;
  };
  const read = (line: string): void => {
    if (line.startsWith("::add-mask::")) return;
    lines.push(line);
    const name = /^::group::\d+\/\d+ ([a-z-]+)$/u.exec(line)?.[1];
    if (name !== undefined) stageOf(name).resolve();
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", read);
  return { lines, stage: (name) => stageOf(name).promise };
}

/** Workflow commands carry line breaks and percent signs encoded (GitHub's toolkit, packages/core/src/command.ts). */
function readable(output: string): string {
  return output.replaceAll("%0A", "\n").replaceAll("%0D", "\r").replaceAll("%25", "%");
}

function environmentOf(
  command: string,
  { folder, inputs, environment, runId, temp }: StartOptions & { temp: string },
  files: string,
): Record<string, string> {
  const [run = "", attempt = "1"] = runId.split("-");
  const { PATH = "", HOME = "" } = process.env;
  const file = (name: string, content = ""): string => {
    const path = join(files, name);
    writeFileSync(path, content);
    return path;
  };
  return {
    PATH,
    HOME,
    TMPDIR: folder,
    RUNNER_TEMP: temp,
    GITHUB_ACTIONS: "true",
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_REPOSITORY: "example/shop",
    GITHUB_RUN_ID: run,
    GITHUB_RUN_ATTEMPT: attempt,
    GITHUB_EVENT_PATH: file("event", JSON.stringify({ repository: { private: true } })),
    GITHUB_STEP_SUMMARY: file("summary"),
    GITHUB_OUTPUT: file("output"),
    GITHUB_STATE: file("state"),
    MIGRATE_INPUTS: JSON.stringify({ ...inputs, command }),
    ...environment,
  };
}
