import path from "node:path";
import type { ActionDefinition } from "./action-file.ts";
import { isTrue } from "./expressions.ts";
import { createCommandFiles, readCommandFiles } from "./file-commands.ts";
import type { StepResult } from "./results.ts";
import { runStepProcess, StepStopped } from "./step-process.ts";
import { StepRecord } from "./step-record.ts";
import { stepExpressions } from "./step-scope.ts";
import type { StepRun } from "./step-run.ts";

export type JavaScriptCall = {
  action: ActionDefinition;
  runs: Extract<ActionDefinition["runs"], { using: "node24" }>;
  inputs: Record<string, string>;
};

/** Runs a JavaScript action with the Node that runs us, and with the runtime's token. */
export async function runJavaScript(run: StepRun, call: JavaScriptCall): Promise<void> {
  const { post } = call.runs;
  if (post !== undefined) run.job.postSteps.push(() => runPost(run, call, post));
  await runMain(run, call, call.runs.main);
}

async function runMain(run: StepRun, { action, inputs }: JavaScriptCall, file: string): Promise<void> {
  const { job, record } = run;
  const own: Record<string, string> = {};
  for (const [name, value] of record.state) own[`STATE_${name}`] = value;
  for (const [name, value] of Object.entries(inputs)) own[`INPUT_${name.replaceAll(" ", "_").toUpperCase()}`] = value;
  const args = [path.join(action.directory, file)];
  const exitCode = await runStepProcess(run, {
    command: process.execPath,
    args,
    cwd: job.folders.workspace,
    own,
    runtime: true,
  });
  if (exitCode !== 0) record.result = "failure";
}

/** The post step of an action that has run: at the end of the job, with the state that its main step saved. */
async function runPost(main: StepRun, call: JavaScriptCall, file: string): Promise<StepResult> {
  const { job, scope } = main;
  const fields = { id: `__post_${main.record.id}`, name: `Post ${main.record.name}`, masker: job.masker, log: job.log };
  const record = new StepRecord({ ...fields, debug: job.options.debug ?? false });
  record.state = main.record.state;
  const files = createCommandFiles(job.folders.temp);
  const github = { ...main.github, ...files };
  const env = new Map([...job.env, ...main.stepEnv]);
  const expressions = stepExpressions({ ...scope, composite: undefined }, github, env);
  const controller = new AbortController();
  const run: StepRun = { ...main, record, github, env, expressions, cancel: controller.signal };
  if (job.forcedEnd.aborted || !isTrue(call.runs.postCondition, expressions)) record.result = "skipped";
  else {
    job.options.onEvent?.({ type: "step-started", job: job.id, step: record.name, at: new Date() });
    record.write("Post job cleanup.");
    await runMain(run, call, file).catch((error: unknown) => {
      record.fail(error);
      if (error instanceof StepStopped) record.result = "cancelled";
    });
    readCommandFiles(files, record, job);
  }
  return record.finish();
}
