import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { killTree } from "./process-tree.ts";

/** The platform's clocks, all in milliseconds (actions/runner, src/Runner.Sdk/ProcessInvoker.cs). */
export type Timings = {
  /** From SIGINT to SIGTERM. */
  interruptMs: number;
  /** From SIGTERM to the end of the whole tree. */
  terminateMs: number;
  /** How long a child may hold the output open after the entry process has gone. */
  drainMs: number;
  /** From a cancellation to the end of the job whatever still runs. */
  forcedEndMs: number;
  /** Length of a minute for every `timeout-minutes`. */
  minuteMs: number;
};

export const githubTimings: Timings = {
  interruptMs: 7500,
  terminateMs: 2500,
  drainMs: 5000,
  forcedEndMs: 300_000,
  minuteMs: 60_000,
};

export type ProcessRequest = {
  command: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  timings: Timings;
  /** Asks it to stop: SIGINT to the entry process only, then SIGTERM, then the end of its whole tree. */
  cancel: AbortSignal;
  /** Ends the whole tree at once. */
  forcedEnd: AbortSignal;
  onLine: (line: string) => void;
};

/** Runs a process to its end and returns its exit code; 128 + n if signal n ended it. */
export async function runProcess(request: ProcessRequest): Promise<number> {
  // A process group of its own: Ctrl-C in a terminal must reach a step only as a cancellation.
  const { command, args, cwd, env } = request;
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  readLines(child.stdout, request.onLine);
  readLines(child.stderr, request.onLine);
  using cancellation = escalate(child, request);
  void cancellation;
  return await exitCode(child, request.timings.drainMs);
}

function exitCode(child: ChildProcess, drainMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let drain: NodeJS.Timeout | undefined;
    child.once("error", reject);
    child.once("exit", () => {
      drain = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, drainMs);
    });
    child.once("close", (code, signal) => {
      clearTimeout(drain);
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}

function escalate(child: ChildProcess, { timings, cancel, forcedEnd }: ProcessRequest): Disposable {
  const timers: NodeJS.Timeout[] = [];
  const start = (): void => {
    child.kill("SIGINT");
    timers.push(setTimeout(() => child.kill("SIGTERM"), timings.interruptMs));
    timers.push(setTimeout(() => killTree(child.pid), timings.interruptMs + timings.terminateMs));
  };
  const end = (): void => killTree(child.pid);
  listen(cancel, start);
  listen(forcedEnd, end);
  return {
    [Symbol.dispose]: () => {
      timers.forEach((timer) => clearTimeout(timer));
      cancel.removeEventListener("abort", start);
      forcedEnd.removeEventListener("abort", end);
    },
  };
}

function listen(signal: AbortSignal, act: () => void): void {
  if (signal.aborted) act();
  else signal.addEventListener("abort", act, { once: true });
}

/** Calls back for every line, however it ends; the last one needs no end. */
function readLines(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  stream.on("data", (chunk: Buffer) => {
    rest += decoder.write(chunk);
    // A carriage return at the end may be the first half of a line break.
    const held = rest.endsWith("\r") ? rest.length - 1 : rest.length;
    const lines = rest.slice(0, held).split(/\r\n|\n|\r/);
    rest = (lines.pop() ?? "") + rest.slice(held);
    lines.forEach((line) => onLine(line));
  });
  stream.on("end", () => {
    rest = (rest + decoder.end()).replace(/\r$/, "");
    if (rest !== "") onLine(rest);
  });
}
