import path from "node:path";
import type { Running, RunnerOptions } from "./options.ts";
import type { Annotation, Conclusion, JobResult, StepResult } from "./results.ts";
import { startRun } from "./workflow.ts";
import { parseWorkflowText } from "./workflow-file.ts";

export type ActionOptions = RunnerOptions & {
  /** Folder of the action.yml. */
  path: string;
  inputs?: Record<string, string>;
  /** `env:` of the calling step. */
  env?: Record<string, string>;
  /** Root of the action's repository, where `$/` leads; default: the action's own folder. */
  repositoryRoot?: string;
};

export type ActionResult = {
  conclusion: Conclusion;
  outputs: Record<string, string>;
  annotations: Annotation[];
  summary: string;
  log: string;
  step: StepResult;
  job: JobResult;
};

const repository = "octo-org/action-under-test";

/** Runs one action as the only step of a job, as `owner/repo/path@v1` would be. */
export function runAction(options: ActionOptions): Promise<ActionResult> {
  return startAction(options).finished;
}

/** Starts an action that can be cancelled. */
export function startAction(options: ActionOptions): Running<ActionResult> {
  const root = path.resolve(options.repositoryRoot ?? options.path);
  const actions = { ...options.actions, [repository]: root };
  const { inputs = {}, env = {} } = options;
  const run = startRun({ ...options, actions, event: "workflow_dispatch", repositoryRoot: root }, async () => {
    const workflow = await parseWorkflowText("one-action.yml", renderWorkflow(root, options));
    return { workflow, inputs: { with: inputs, env }, secrets: options.secrets ?? {} };
  });
  return { cancel: run.cancel, finished: run.finished.then(({ jobs }) => readResult(jobs["action"])) };
}

/** Values stand in a context, not in the text: they are data, even where they look like an expression. */
function renderWorkflow(root: string, options: ActionOptions): string {
  const inside = path.relative(root, path.resolve(options.path));
  const uses = `${[repository, ...(inside === "" ? [] : inside.split(path.sep))].join("/")}@v1`;
  const refer = (group: string, values: Record<string, string> = {}): Record<string, string> =>
    Object.fromEntries(
      Object.keys(values).map((name) => [name, `\${{ inputs.${group}['${name.replaceAll("'", "''")}'] }}`]),
    );
  const step = { id: "action", uses, with: refer("with", options.inputs), env: refer("env", options.env) };
  const outputs = {};
  return JSON.stringify({
    name: "One action",
    on: "workflow_dispatch",
    jobs: { action: { "runs-on": "ubuntu-24.04", outputs, steps: [step] } },
  });
}

function readResult(job: JobResult | undefined): ActionResult {
  const step = job?.steps[0];
  if (!job || !step) throw new Error("the action did not run");
  const { conclusion, annotations, summary, log } = job;
  return { conclusion, outputs: step.outputs, annotations, summary, log, step, job };
}
