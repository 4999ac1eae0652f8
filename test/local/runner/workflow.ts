import path from "node:path";
import { type EventName, type GivenInputs, resolveInputs, resolveSecrets } from "./event-inputs.ts";
import { evaluateText, type Scope } from "./expressions.ts";
import type { Json } from "./json.ts";
import type { Running, RunnerOptions } from "./options.ts";
import { githubTimings } from "./process.ts";
import { type JobResult, type WorkflowResult, worse } from "./results.ts";
import { type RunContext, withRun } from "./run-context.ts";
import { type Approve, readConcurrency, runJobs } from "./schedule.ts";
import { readWorkflow, type WorkflowDefinition } from "./workflow-file.ts";

export type WorkflowOptions = RunnerOptions & {
  /** The workflow file. */
  file: string;
  event: EventName;
  inputs?: GivenInputs;
  /** Root of the repository that the workflow belongs to: where `$/` leads, and what actions/checkout shows. */
  repositoryRoot: string;
  /** Default: everything is approved. */
  approve?: Approve;
  /** "Re-run failed jobs" of this run: the rest keeps its results. */
  rerunOf?: WorkflowResult;
};

/** Runs a workflow to its end. Throws if a file is not valid or if GitHub would not start the run. */
export function runWorkflow(options: WorkflowOptions): Promise<WorkflowResult> {
  return startWorkflow(options).finished;
}

/** Starts a workflow that can be cancelled. */
export function startWorkflow(options: WorkflowOptions): Running<WorkflowResult> {
  return startRun(options, async () => {
    const workflow = await readWorkflow(options.file);
    const { event, inputs = {}, secrets = {}, vars = {} } = options;
    const scope = { contexts: { github: options.github ?? {}, inputs: {}, vars }, ...steady };
    const resolved = resolveInputs(workflow, { event, given: inputs, scope });
    return { workflow, inputs: resolved, secrets: resolveSecrets(workflow, event, secrets) };
  });
}

export type RunPlan = {
  workflow: WorkflowDefinition;
  inputs: Record<string, Json>;
  secrets: Record<string, string>;
};

/** Starts a run whose plan is made first; a plan that cannot be made is how the run ends. */
export function startRun(
  options: Omit<WorkflowOptions, "file" | "inputs">,
  plan: () => Promise<RunPlan>,
): Running<WorkflowResult> {
  const cancel = new AbortController();
  const forcedEnd = new AbortController();
  const forcedEndMs = options.timings?.forcedEndMs ?? githubTimings.forcedEndMs;
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    timer ??= setTimeout(() => forcedEnd.abort(), forcedEndMs);
    cancel.abort();
  };
  if (options.signal?.aborted) stop();
  options.signal?.addEventListener("abort", stop, { once: true });
  const signals = { cancel: cancel.signal, forcedEnd: forcedEnd.signal };
  const finished = plan()
    .then((made) => runPlan(options, made, signals))
    .finally(() => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", stop);
    });
  return { cancel: stop, finished };
}

type Signals = { cancel: AbortSignal; forcedEnd: AbortSignal };

function runPlan(options: Omit<WorkflowOptions, "file" | "inputs">, plan: RunPlan, signals: Signals) {
  const { workflow, inputs, secrets } = plan;
  const { rerunOf, approve = () => true } = options;
  const event = {
    // A called workflow sees the event of its caller.
    eventName: "workflow_dispatch",
    inputs: options.event === "workflow_dispatch" ? inputs : undefined,
    workflowName: workflow.name,
    workflowFile: workflow.file,
    repositoryRoot: path.resolve(options.repositoryRoot),
  };
  return withRun({ options, event, inputs, secrets, rerunOf }, async (run) => {
    const jobs = await runJobs({ workflow, run, rerunOf, approve, ...signals });
    return conclude(run, workflow, jobs);
  });
}

const steady = { success: () => true, failure: () => false, cancelled: () => false };

function conclude(run: RunContext, workflow: WorkflowDefinition, jobs: Record<string, JobResult>): WorkflowResult {
  const { runId, runNumber, runAttempt, github, inputs, options } = run;
  const results = Object.values(jobs).map((job) => [job.id, { result: job.conclusion, outputs: job.outputs }]);
  const common = { github, inputs, vars: options.vars ?? {} };
  const scope: Scope = { contexts: common, ...steady };
  const after: Scope = { contexts: { ...common, jobs: Object.fromEntries(results) as Json }, ...steady };
  const conclusions = Object.values(jobs).map((job) => job.conclusion);
  return {
    name: workflow.name,
    conclusion: conclusions.every((one) => one === "skipped") ? "skipped" : conclusions.reduce(worse, "success"),
    jobs,
    outputs: Object.fromEntries(workflow.outputs.map(([name, value]) => [name, evaluateText(value, after)])),
    concurrency: readConcurrency(workflow.concurrency, scope),
    runId,
    runNumber,
    runAttempt,
    log: Object.values(jobs)
      .map((job) => job.log)
      .join(""),
  };
}
