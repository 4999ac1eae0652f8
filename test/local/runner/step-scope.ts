import type { Scope } from "./expressions.ts";
import type { Json } from "./json.ts";
import type { JobContext } from "./job-context.ts";
import type { Conclusion, StepResult } from "./results.ts";

/** Where an action comes from: `$/` and local paths depend on it. */
export type Source = { kind: "workflow" | "local" } | { kind: "remote"; root: string; repository: string; ref: string };

/** What steps of one list share: the job's own list, or that of one composite. */
export type StepScope = {
  job: JobContext;
  source: Source;
  depth: number;
  /** The `steps` context. */
  steps: Record<string, Json>;
  /** Environment of the outer steps' `env:`, which wins over the job's. */
  inheritedEnv: Map<string, string>;
  /** Fires when the time of an outer step has run out. */
  timeout: AbortSignal;
  /** Inside a composite: its folder, its inputs and how its steps have fared so far. */
  composite: { directory: string; inputs: Record<string, string>; status: Conclusion } | undefined;
};

/** Enters a step in the steps context, unless its id was generated. */
export function rememberStep(scope: StepScope, result: StepResult): void {
  if (result.id.startsWith("__")) return;
  const { outputs, outcome, conclusion } = result;
  scope.steps[result.id] = { outputs, outcome, conclusion };
}

/** `success()` and `failure()` look at the composite inside one; `cancelled()` always looks at the job. */
export function statusFunctions(scope: StepScope): Omit<Scope, "contexts"> {
  const status = (): string => scope.composite?.status ?? scope.job.status;
  return {
    success: () => status() === "success",
    failure: () => status() === "failure",
    cancelled: () => scope.job.status === "cancelled",
  };
}

/** The expression scope of one step. Composites see no secrets, variables or needs. */
export function stepExpressions(scope: StepScope, github: Record<string, Json>, env: Map<string, string>): Scope {
  const { job, composite } = scope;
  const { secrets, vars, needs, ...common } = job.contexts;
  const own = composite ? { inputs: composite.inputs } : { secrets, vars, needs };
  const contexts = {
    ...common,
    ...(own as Record<string, Json>),
    github,
    job: { status: job.status },
    runner: job.runner,
    env: Object.fromEntries(env),
    steps: scope.steps,
  };
  return { contexts, ...statusFunctions(scope) };
}
