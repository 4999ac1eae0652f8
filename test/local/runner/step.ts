import type { StepDefinition } from "./definitions.ts";
import { evaluateText, evaluateTexts, isTrue, type Scope } from "./expressions.ts";
import type { Json } from "./json.ts";
import { createCommandFiles, readCommandFiles } from "./file-commands.ts";
import type { StepResult } from "./results.ts";
import { runScript } from "./script-step.ts";
import { StepStopped } from "./step-process.ts";
import { StepRecord } from "./step-record.ts";
import type { StepRun } from "./step-run.ts";
import { rememberStep, stepExpressions, type StepScope } from "./step-scope.ts";
import { runUses } from "./uses-step.ts";

/** Runs or skips one step and enters it in the steps context. Never throws. */
export async function runStep(definition: StepDefinition, scope: StepScope, outer?: StepRecord): Promise<StepResult> {
  const { job } = scope;
  const { log, masker } = job;
  const debug = job.options.debug ?? false;
  const fields = { id: definition.id, name: definition.id, log, masker, debug };
  const record = new StepRecord(outer ? { ...fields, outer } : fields);
  const run = prepare(definition, scope, record);
  try {
    evaluateOwnEnvironment(run);
    record.name = masker.mask(displayName(definition, run.expressions));
    await runUnlessSkipped(run);
  } catch (error) {
    record.fail(error);
  }
  const result = record.finish();
  rememberStep(scope, result);
  outer?.steps.push(result);
  return result;
}

function prepare(definition: StepDefinition, scope: StepScope, record: StepRecord): StepRun {
  const { job, composite, source } = scope;
  const github: Record<string, Json> = { ...job.github, action: definition.id };
  if (composite) Object.assign(github, { action_path: composite.directory, action_status: composite.status });
  if (source.kind === "remote") Object.assign(github, { action_repository: source.repository, action_ref: source.ref });
  const env = new Map([...job.env, ...scope.inheritedEnv]);
  const expressions = stepExpressions(scope, github, env);
  const stepEnv = new Map(scope.inheritedEnv);
  const runInside: StepRun["runInside"] = (inner, innerScope) => runStep(inner, innerScope, record);
  const common = { definition, scope, job, record, github, env, stepEnv, expressions, runInside };
  return { ...common, cancel: job.cancel, timeout: scope.timeout };
}

function evaluateOwnEnvironment(run: StepRun): void {
  for (const [key, value] of evaluateTexts(run.definition.env, run.expressions)) {
    run.env.set(key, value);
    run.stepEnv.set(key, value);
  }
  run.expressions = stepExpressions(run.scope, run.github, run.env);
}

async function runUnlessSkipped(run: StepRun): Promise<void> {
  const { definition, job, record } = run;
  const controller = new AbortController();
  const onCancel = (): void => {
    if (!wants(run)) controller.abort();
  };
  job.cancel.addEventListener("abort", onCancel, { once: true });
  try {
    if (job.forcedEnd.aborted || !isTrue(definition.condition, run.expressions)) record.result = "skipped";
    else await runAndSettle({ ...run, cancel: controller.signal });
  } finally {
    job.cancel.removeEventListener("abort", onCancel);
  }
}

/**
 * The condition asked again at the moment of a cancellation: a step that still wants to run is left alone. To this
 * step the composite around it looks cancelled; to later ones only if this one ends so.
 */
function wants(run: StepRun): boolean {
  const { composite } = run.scope;
  const scope: StepScope = composite ? { ...run.scope, composite: { ...composite, status: "cancelled" } } : run.scope;
  try {
    return isTrue(run.definition.condition, stepExpressions(scope, run.github, run.env));
  } catch (error) {
    run.record.fail(error);
    return false;
  }
}

async function runAndSettle(run: StepRun): Promise<void> {
  const { definition, job, record, scope } = run;
  if (!scope.composite) job.options.onEvent?.({ type: "step-started", job: job.id, step: record.name, at: new Date() });
  const files = createCommandFiles(job.folders.temp);
  Object.assign(run.github, files);
  run.expressions = stepExpressions(scope, run.github, run.env);
  using timeout = startTimeout(run);
  try {
    await (definition.uses === undefined ? runScript(timeout.run) : runUses(timeout.run));
  } catch (error) {
    settle(error, timeout.run, timeout.minutes);
  }
  readCommandFiles(files, record, job);
  const mayFail = evaluateText(definition.continueOnError, run.expressions) === "true";
  if (record.result === "failure" && mayFail) Object.assign(record, { outcome: "failure", result: "success" });
}

function settle(error: unknown, { record, cancel, job, scope }: StepRun, timeoutMinutes: number): void {
  if (!(error instanceof StepStopped)) return record.fail(error);
  if (cancel.aborted || job.forcedEnd.aborted) {
    record.annotate("error", "The operation was canceled.");
    record.result = "cancelled";
  } else if (scope.composite) record.fail("The action has timed out.");
  else record.fail(`The action '${record.name}' has timed out after ${timeoutMinutes} minutes.`);
}

/** Time that ran out for an outer step has run out for the steps inside too, even for those not yet begun. */
function startTimeout(run: StepRun): Disposable & { run: StepRun; minutes: number } {
  const minutes = Number(evaluateText(run.definition.timeoutMinutes, run.expressions));
  const controller = new AbortController();
  const timer = minutes > 0 ? setTimeout(() => controller.abort(), minutes * run.job.timings.minuteMs) : undefined;
  const timeout = AbortSignal.any([run.timeout, controller.signal]);
  return { run: { ...run, timeout }, minutes, [Symbol.dispose]: () => clearTimeout(timer) };
}

function displayName(definition: StepDefinition, expressions: Scope): string {
  const [prefix, text] = definition.name
    ? ["", evaluateText(definition.name, expressions)]
    : ["Run ", definition.uses ?? evaluateText(definition.run, expressions)];
  return prefix + (text.trimStart().split(/[\r\n]/)[0] ?? "");
}
