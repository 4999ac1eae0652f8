import type { StepDefinition } from "./definitions.ts";
import type { Scope } from "./expressions.ts";
import type { Json } from "./json.ts";
import type { JobContext } from "./job-context.ts";
import type { StepResult } from "./results.ts";
import type { StepRecord } from "./step-record.ts";
import type { StepScope } from "./step-scope.ts";

/** One step about to run, with all that its kind of work needs. */
export type StepRun = {
  definition: StepDefinition;
  scope: StepScope;
  job: JobContext;
  record: StepRecord;
  /** The github context of this step. */
  github: Record<string, Json>;
  /** The env context: job's, outer steps', own. */
  env: Map<string, string>;
  /** Outer steps' and own `env:` alone, for steps inside. */
  stepEnv: Map<string, string>;
  expressions: Scope;
  /** Fires when this step is to stop because the job was cancelled. */
  cancel: AbortSignal;
  /** Runs a step inside this one. */
  runInside: (definition: StepDefinition, scope: StepScope) => Promise<StepResult>;
  /** Fires when its time, or that of an outer step, has run out. */
  timeout: AbortSignal;
};
