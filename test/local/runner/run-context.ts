import { createHash, randomInt } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Json } from "./json.ts";
import { type EventFacts, githubContext } from "./github-context.ts";
import type { RunnerOptions } from "./options.ts";
import { githubTimings, type Timings } from "./process.ts";
import type { WorkflowResult } from "./results.ts";

/** What the jobs of one attempt of a run share. */
export type RunContext = {
  options: RunnerOptions;
  timings: Timings;
  runId: string;
  runNumber: number;
  runAttempt: number;
  /** The run's id in the artifact service, the same for all attempts. */
  backendId: string;
  repositoryRoot: string;
  workFolder: string;
  github: Record<string, Json>;
  inputs: Record<string, Json>;
  /** Before environments add their own. */
  secrets: Record<string, string>;
};

export type RunRequest = {
  options: RunnerOptions;
  event: EventFacts;
  inputs: Record<string, Json>;
  secrets: Record<string, string>;
  /** An earlier attempt of the same run. */
  rerunOf: WorkflowResult | undefined;
};

/** Opens a run, calls back, and removes its folder again unless the caller named one. */
export async function withRun<T>(request: RunRequest, use: (run: RunContext) => Promise<T>): Promise<T> {
  const { options, rerunOf, event, inputs, secrets } = request;
  const { runId, runNumber, runAttempt } = rerunOf ?? {
    runId: String(randomInt(1e10, 1e11)),
    runNumber: 1,
    runAttempt: 0,
  };
  const identity = { runId, runNumber, runAttempt: runAttempt + 1 };
  const workFolder = options.workFolder ?? (await mkdtemp(path.join(tmpdir(), "actions-runner-")));
  await mkdir(workFolder, { recursive: true });
  const run: RunContext = {
    ...identity,
    options,
    timings: { ...githubTimings, ...options.timings },
    backendId: backendIdOf(runId),
    repositoryRoot: event.repositoryRoot,
    workFolder,
    github: githubContext(identity, event, options.github ?? {}),
    inputs,
    secrets,
  };
  try {
    return await use(run);
  } finally {
    if (!options.workFolder) await rm(workFolder, { recursive: true, force: true });
  }
}

/** In the form of a UUID; the same for every attempt. */
function backendIdOf(runId: string): string {
  const hex = createHash("sha256").update(runId).digest("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
}
