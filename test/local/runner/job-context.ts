import type { Json } from "./json.ts";
import type { JobEnvironment } from "./file-commands.ts";
import type { JobLog } from "./job-log.ts";
import type { SecretMasker } from "./masker.ts";
import type { RunnerOptions } from "./options.ts";
import type { Timings } from "./process.ts";
import type { StepResult } from "./results.ts";

export type JobFolders = { temp: string; workspace: string; toolCache: string; repositoryRoot: string };

/** What the steps of one job share. */
export type JobContext = JobEnvironment & {
  id: string;
  options: RunnerOptions;
  timings: Timings;
  folders: JobFolders;
  masker: SecretMasker;
  log: JobLog;
  /** `job.status`. */
  status: "success" | "failure" | "cancelled";
  /** Fires when the job is cancelled. */
  cancel: AbortSignal;
  /** Fires when time has run out even for what runs on after a cancellation. */
  forcedEnd: AbortSignal;
  /** Contexts that do not change while the job runs: inputs, secrets, vars, needs, github and others. */
  contexts: Record<string, Json>;
  github: Record<string, Json>;
  runner: Record<string, string>;
  /** ACTIONS_*: for JavaScript actions only. */
  runtime: Record<string, string>;
  /** Entry that every process of the job carries in its environment. */
  tracking: string;
  runDefaults: { shell?: string; "working-directory"?: string };
  /** Post steps of the actions that have run; the last one runs first. */
  postSteps: (() => Promise<StepResult>)[];
};
