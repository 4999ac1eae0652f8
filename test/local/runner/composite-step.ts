import type { ActionDefinition } from "./action-file.ts";
import type { StepDefinition } from "./definitions.ts";
import { evaluateText } from "./expressions.ts";
import { worse } from "./results.ts";
import { type Source, stepExpressions, type StepScope } from "./step-scope.ts";
import type { StepRun } from "./step-run.ts";

export type CompositeCall = {
  action: ActionDefinition;
  steps: StepDefinition[];
  source: Source;
  inputs: Record<string, string>;
};

/** Runs the steps of a composite in a scope of their own, then evaluates its outputs, however the steps have fared. */
export async function runComposite(run: StepRun, { action, steps, source, inputs }: CompositeCall): Promise<void> {
  const { job, record, github, env, stepEnv, timeout } = run;
  const composite: NonNullable<StepScope["composite"]> = { directory: action.directory, inputs, status: "success" };
  const depth = run.scope.depth + 1;
  const scope: StepScope = { job, source, depth, steps: {}, inheritedEnv: stepEnv, timeout, composite };
  for (const step of steps) {
    const { conclusion } = await run.runInside(step, scope);
    composite.status = worse(composite.status, conclusion);
    record.result = worse(record.result, conclusion);
  }
  const expressions = stepExpressions(scope, github, env);
  for (const [name, value] of action.outputs) record.outputs.set(name, evaluateText(value, expressions));
}
