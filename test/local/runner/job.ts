import { rm } from "node:fs/promises";
import type { JobDefinition } from "./definitions.ts";
import type { Json } from "./json.ts";
import type { JobContext } from "./job-context.ts";
import { completeJob, writeSetUp } from "./job-ends.ts";
import { setUpJob } from "./job-setup.ts";
import type { Annotation, JobResult, StepResult } from "./results.ts";
import type { RunContext } from "./run-context.ts";
import { runStep } from "./step.ts";
import type { StepScope } from "./step-scope.ts";
import type { WorkflowDefinition } from "./workflow-file.ts";

export type JobRequest = {
  definition: JobDefinition;
  workflow: WorkflowDefinition;
  run: RunContext;
  /** The `needs` context. */
  needs: Record<string, Json>;
  environmentName: string | undefined;
  permissions: Json;
  /** Minutes after which the job is cancelled. */
  timeoutMinutes: number;
  cancel: AbortSignal;
  forcedEnd: AbortSignal;
};

/** What running a job's steps leaves; the rest of its result is known before. */
export type JobOutcome = Pick<JobResult, "conclusion" | "outputs" | "steps" | "annotations" | "summary" | "log"> & {
  environmentUrl: string;
};

/** Runs the steps of a job, its post steps and its end. */
export async function runJob(request: JobRequest): Promise<JobOutcome> {
  const { timeoutMinutes, run } = request;
  const timedOut = new AbortController();
  const timer = setTimeout(() => timedOut.abort(), timeoutMinutes * run.timings.minuteMs);
  try {
    const cancel = AbortSignal.any([request.cancel, timedOut.signal]);
    const outcome = await runSetUpJob(await setUpJob({ ...request, cancel }), request);
    if (timedOut.signal.aborted) outcome.annotations.unshift(exceeded(timeoutMinutes));
    return outcome;
  } finally {
    clearTimeout(timer);
  }
}

async function runSetUpJob(job: JobContext, { definition, permissions }: JobRequest): Promise<JobOutcome> {
  // Registered before any step's own listener: those ask for the status.
  const cancelled = (): void => {
    job.status = "cancelled";
  };
  if (job.cancel.aborted) cancelled();
  else job.cancel.addEventListener("abort", cancelled, { once: true });
  const scope = jobScope(job);
  try {
    writeSetUp(job, permissions);
    const steps = await runSteps(job, definition, scope);
    const { annotations, ...end } = completeJob(job, definition, scope);
    annotations.push(...steps.flatMap((step) => step.annotations));
    const summary = steps
      .map(summarize)
      .filter((text) => text !== "")
      .join("\n");
    return { ...end, conclusion: job.status, steps, annotations, summary, log: job.log.text };
  } finally {
    job.cancel.removeEventListener("abort", cancelled);
    if (!job.options.keepTemp) await rm(job.folders.temp, { recursive: true, force: true });
  }
}

function exceeded(minutes: number): Annotation {
  const message = `The job has exceeded the maximum execution time of ${minutes} minutes.`;
  return { level: "error", message, properties: {} };
}

/** A step's summary with those of the steps inside it, in order. */
function summarize(step: StepResult): string {
  return [...step.steps.map(summarize), step.summary].filter((text) => text !== "").join("\n");
}

function jobScope(job: JobContext): StepScope {
  const timeout = new AbortController().signal;
  const source = { kind: "workflow" } as const;
  return { job, source, depth: 0, steps: {}, inheritedEnv: new Map(), timeout, composite: undefined };
}

async function runSteps(job: JobContext, definition: JobDefinition, scope: StepScope): Promise<StepResult[]> {
  const steps: StepResult[] = [];
  const settle = (step: StepResult): void => {
    steps.push(step);
    if (step.conclusion === "failure" && job.status === "success") job.status = "failure";
    const { name, conclusion, durationMs } = step;
    const event = { type: "step-finished", job: job.id, step: name, conclusion, durationMs, at: new Date() } as const;
    job.options.onEvent?.(event);
  };
  for (const step of definition.steps) settle(await runStep(step, scope));
  for (let post = job.postSteps.pop(); post; post = job.postSteps.pop()) settle(await post());
  return steps;
}
