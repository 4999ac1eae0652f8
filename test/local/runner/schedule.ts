import type { JobDefinition } from "./definitions.ts";
import { evaluateJson, evaluateText, isTrue, type Scope } from "./expressions.ts";
import { findField, type Json } from "./json.ts";
import { runJob } from "./job.ts";
import type { Concurrency, Conclusion, JobResult, WorkflowResult } from "./results.ts";
import type { RunContext } from "./run-context.ts";
import type { WorkflowDefinition } from "./workflow-file.ts";

/** Asked before a job that names an environment; false is a reviewer's no. */
export type Approve = (request: { job: string; environment: string }) => boolean | Promise<boolean>;

export type Schedule = {
  workflow: WorkflowDefinition;
  run: RunContext;
  rerunOf: WorkflowResult | undefined;
  approve: Approve;
  cancel: AbortSignal;
  forcedEnd: AbortSignal;
};

const defaultTimeoutMinutes = 360;

/** Runs all jobs, each as soon as those that it needs have ended. */
export async function runJobs(schedule: Schedule): Promise<Record<string, JobResult>> {
  const { workflow, rerunOf } = schedule;
  const kept = rerunOf ? listKept(workflow, rerunOf) : {};
  const ended = new Map<string, Promise<JobResult>>();
  const start = (id: string): Promise<JobResult> => {
    const known = ended.get(id) ?? kept[id];
    if (known) return Promise.resolve(known);
    const definition = workflow.jobs.find((job) => job.id === id);
    if (!definition) throw new Error(`no job is named ${id}`);
    const result = Promise.all(listAncestors(workflow, id).map(start)).then((all) => runOne(schedule, definition, all));
    ended.set(id, result);
    return result;
  };
  const results = await Promise.all(workflow.jobs.map((job) => start(job.id)));
  return Object.fromEntries(results.map((result) => [result.id, result]));
}

/** "Re-run failed jobs" keeps what succeeded and does not hang on a job that did not. */
function listKept(workflow: WorkflowDefinition, previous: WorkflowResult): Record<string, JobResult> {
  const failed = (id: string): boolean => ["failure", "cancelled"].includes(previous.jobs[id]?.conclusion ?? "failure");
  const again = workflow.jobs.filter((job) => failed(job.id) || listAncestors(workflow, job.id).some(failed));
  if (again.length === 0) throw new Error("the run has no failed job to run again");
  const ids = new Set(again.map((job) => job.id));
  return Object.fromEntries(Object.entries(previous.jobs).filter(([id]) => !ids.has(id)));
}

/** Everything that a job needs, directly or through others. */
function listAncestors(workflow: WorkflowDefinition, id: string): string[] {
  const found: string[] = [];
  const visit = (job: string): void => {
    for (const need of workflow.jobs.find((candidate) => candidate.id === job)?.needs ?? []) {
      if (!found.includes(need)) found.push(need);
      visit(need);
    }
  };
  visit(id);
  return found;
}

async function runOne(schedule: Schedule, definition: JobDefinition, ancestors: JobResult[]): Promise<JobResult> {
  const { workflow, run, approve, cancel, forcedEnd } = schedule;
  const scope = jobScope(schedule, definition, ancestors);
  const environmentName = readEnvironmentName(definition, scope);
  const timeoutMinutes = Number(evaluateText(definition.timeoutMinutes, scope) || defaultTimeoutMinutes);
  const facts = describe(schedule, definition, scope);
  const finish = (conclusion: Conclusion, more: Partial<JobResult> = {}): JobResult => {
    run.options.onEvent?.({ type: "job-finished", job: definition.id, conclusion, at: new Date() });
    return { ...facts, timeoutMinutes, conclusion, ...more };
  };
  if (!isTrue(definition.condition, scope)) return finish("skipped");
  const environment = environmentName === undefined ? undefined : { name: environmentName, url: "" };
  if (environment && !(await approve({ job: definition.id, environment: environment.name }))) {
    const message = `The deployment to ${environment.name} was rejected.`;
    return finish("failure", { environment, annotations: [{ level: "error", message, properties: {} }] });
  }
  run.options.onEvent?.({ type: "job-started", job: definition.id, at: new Date() });
  const needs = scope.contexts["needs"] as Record<string, Json>;
  const permissions = facts.permissions as Json;
  const request = { definition, workflow, run, needs, environmentName, permissions, timeoutMinutes, cancel, forcedEnd };
  const { environmentUrl, conclusion, ...outcome } = await runJob(request);
  return finish(conclusion, { ...outcome, environment: environment && { ...environment, url: environmentUrl } });
}

/** Status functions of a job look at all its ancestors. */
function jobScope({ run, cancel }: Schedule, definition: JobDefinition, ancestors: JobResult[]): Scope {
  const direct = ancestors.filter((job) => definition.needs.includes(job.id));
  const needs = Object.fromEntries(direct.map((job) => [job.id, { result: job.conclusion, outputs: job.outputs }]));
  const { github, inputs, options } = run;
  return {
    contexts: { github, inputs, needs, vars: options.vars ?? {}, strategy: {}, matrix: null },
    success: () => !cancel.aborted && ancestors.every((job) => job.conclusion === "success"),
    failure: () => ancestors.some((job) => job.conclusion === "failure"),
    cancelled: () => cancel.aborted,
  };
}

/** The result of a job as far as it is known before it runs. */
function describe({ workflow, run }: Schedule, definition: JobDefinition, scope: Scope): JobResult {
  return {
    id: definition.id,
    name: evaluateText(definition.name, scope) || definition.id,
    conclusion: "skipped",
    outputs: {},
    steps: [],
    annotations: [],
    summary: "",
    log: "",
    runsOn: evaluateJson(definition.runsOn, scope),
    environment: undefined,
    concurrency: readConcurrency(definition.concurrency, scope),
    permissions: evaluateJson(definition.permissions ?? workflow.permissions, scope),
    timeoutMinutes: defaultTimeoutMinutes,
    attempt: run.runAttempt,
  };
}

function readEnvironmentName(definition: JobDefinition, scope: Scope): string | undefined {
  const name = findField(definition.environment, "name") ?? definition.environment;
  return evaluateText(name, scope) || undefined;
}

/** A group that one waits for; undefined where none is named. */
export function readConcurrency(written: Json | undefined, scope: Scope): Concurrency | undefined {
  const value = evaluateJson(written, scope);
  if (value === null) return undefined;
  if (typeof value !== "object") return { group: String(value), cancelInProgress: false, queue: "single" };
  const { group = "", "cancel-in-progress": cancels, queue } = value as Record<string, string | boolean>;
  return {
    group: String(group),
    cancelInProgress: cancels === true,
    queue: typeof queue === "string" ? queue : "single",
  };
}
