import { rm } from "node:fs/promises";
import { findField, type JobDefinition } from "./definitions.ts";
import { evaluateText, evaluateTexts, type Json } from "./expressions.ts";
import type { JobContext } from "./job-context.ts";
import { setUpJob } from "./job-setup.ts";
import { killOrphans } from "./process-tree.ts";
import type { Annotation, JobResult, StepResult } from "./results.ts";
import type { RunContext } from "./run-context.ts";
import { runStep } from "./step.ts";
import { StepRecord } from "./step-record.ts";
import { stepExpressions, type StepScope } from "./step-scope.ts";
import type { WorkflowDefinition } from "./workflow-file.ts";

export type JobRequest = {
  definition: JobDefinition;
  workflow: WorkflowDefinition;
  run: RunContext;
  /** The `needs` context. */
  needs: Record<string, Json>;
  environmentName: string | undefined;
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
    const outcome = await runSetUpJob(await setUpJob({ ...request, cancel }), request.definition);
    if (timedOut.signal.aborted) outcome.annotations.unshift(exceeded(timeoutMinutes));
    return outcome;
  } finally {
    clearTimeout(timer);
  }
}

async function runSetUpJob(job: JobContext, definition: JobDefinition): Promise<JobOutcome> {
  // Registered before any step's own listener: those ask for the status.
  const cancelled = (): void => {
    job.status = "cancelled";
  };
  if (job.cancel.aborted) cancelled();
  else job.cancel.addEventListener("abort", cancelled, { once: true });
  const scope = jobScope(job);
  try {
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

/** Evaluates outputs (empty ones and those that hold a secret are left out) and ends what steps left running. */
function completeJob(job: JobContext, definition: JobDefinition, scope: StepScope) {
  const record = ownRecord(job, "Complete job");
  const expressions = stepExpressions(scope, job.github, job.env);
  const outputs: Record<string, string> = {};
  let environmentUrl = "";
  try {
    for (const [name, value] of evaluateTexts(definition.outputs, expressions)) {
      if (value === "") continue;
      if (job.masker.mask(value) === value) outputs[name] = value;
      else record.annotate("warning", `Skip output '${name}' since it may contain secret.`);
    }
    environmentUrl = evaluateText(findField(definition.environment, "url"), expressions);
  } catch (error) {
    record.annotate("error", "Fail to evaluate job outputs");
    record.fail(error);
    if (job.status === "success") job.status = "failure";
  }
  record.write("Cleaning up orphan processes");
  for (const line of killOrphans(job.tracking)) record.write(line);
  return { outputs, environmentUrl, annotations: record.finish().annotations };
}

function ownRecord(job: JobContext, name: string): StepRecord {
  const { log, masker, options } = job;
  return new StepRecord({ id: "__runner", name, log, masker, debug: options.debug ?? false });
}
