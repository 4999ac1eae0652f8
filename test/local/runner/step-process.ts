import { OutputReader } from "./output-reader.ts";
import { runProcess } from "./process.ts";
import { processEnvironment } from "./step-environment.ts";
import type { StepRun } from "./step-run.ts";

/** A process that was told to stop: by a cancellation or because its time ran out. Its exit code means nothing then. */
export class StepStopped extends Error {}

export type StepProcess = {
  command: string;
  args: string[];
  cwd: string;
  /** What the action itself brings: INPUT_*, STATE_*. */
  own?: Record<string, string>;
  /** Whether it gets the runtime's token and addresses. */
  runtime?: boolean;
};

/** Runs the process of a step, its output going through the command reader; returns its exit code. */
export async function runStepProcess(run: StepRun, { command, args, cwd, own, runtime }: StepProcess): Promise<number> {
  const { job, record, github, env } = run;
  const reader = new OutputReader(record);
  const cancel = AbortSignal.any([run.cancel, run.timeout]);
  const exitCode = await runProcess({
    command,
    args,
    cwd,
    env: processEnvironment(job, { env, github, own: own ?? {}, runtime: runtime ?? false }),
    timings: job.timings,
    cancel,
    forcedEnd: job.forcedEnd,
    onLine: (line) => reader.read(line),
  });
  if (cancel.aborted || job.forcedEnd.aborted) throw new StepStopped("The operation was canceled.");
  return exitCode;
}

/** The head of a step's log: a group with what it runs and the environment that the workflow gave it. */
export function writeHead(run: StepRun, title: string, lines: string[]): void {
  const { record, env } = run;
  record.write(`##[group]${title}`);
  for (const line of lines) record.write(line);
  if (env.size > 0) record.write("env:");
  for (const [key, value] of env) record.write(`  ${key}: ${value}`);
  record.write("##[endgroup]");
}
