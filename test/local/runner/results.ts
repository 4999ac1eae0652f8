/** What is left of a step, a job or a run, in GitHub's words. */
export type Conclusion = "success" | "failure" | "cancelled" | "skipped";

export type Annotation = {
  level: "error" | "warning" | "notice";
  /** Masked, at most 4096 characters. */
  message: string;
  /** What the command carried: title, file, line, endLine, col, endColumn. */
  properties: Record<string, string>;
};

export type StepResult = {
  id: string;
  /** As the UI shows it, masked. */
  name: string;
  /** Before `continue-on-error`. */
  outcome: Conclusion;
  /** After it. */
  conclusion: Conclusion;
  outputs: Record<string, string>;
  /** At most ten of each level; those of embedded steps count here too. */
  annotations: Annotation[];
  /** Masked Markdown; empty if there was none or it was too large. */
  summary: string;
  durationMs: number;
  /** Steps of a composite. */
  steps: StepResult[];
};

export type JobResult = {
  id: string;
  name: string;
  conclusion: Conclusion;
  /** Without empty ones and without those that held a secret. */
  outputs: Record<string, string>;
  steps: StepResult[];
  annotations: Annotation[];
  /** Summaries of all steps, in order. */
  summary: string;
  /** Raw log as GitHub's download has it, masked, without timestamps. */
  log: string;
  runsOn: unknown;
  environment: { name: string; url: string } | undefined;
  concurrency: Concurrency | undefined;
  /** The job's own, or else the workflow's. */
  permissions: unknown;
  timeoutMinutes: number;
  /** Attempt of the run in which it ran: smaller than the run's where an earlier success was kept. */
  attempt: number;
};

export type Concurrency = { group: string; cancelInProgress: boolean; queue: string };

export type WorkflowResult = {
  name: string;
  conclusion: Conclusion;
  /** In the order of the file. */
  jobs: Record<string, JobResult>;
  /** Outputs of `workflow_call`. */
  outputs: Record<string, string>;
  concurrency: Concurrency | undefined;
  runId: string;
  runNumber: number;
  runAttempt: number;
  log: string;
};

/** The worst of two: failure before cancelled would hide the cancellation, so cancelled weighs more. */
export function worse(a: Conclusion, b: Conclusion): Conclusion {
  const weight: Record<Conclusion, number> = { skipped: 0, success: 0, failure: 1, cancelled: 2 };
  return weight[b] > weight[a] ? b : a;
}
