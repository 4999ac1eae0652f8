import type { Inputs } from "../inputs/inputs.ts";
import type { Log } from "../log.ts";
import type { MigrationPlan } from "../report.ts";
import type { DatabaseUrl } from "../postgres/database-url.ts";
import type { Session } from "../postgres/session.ts";
import { MigrationError } from "../errors.ts";
import type { BucketProbe, HerokuFacts, HerokuProblem, Limits, RunnerFacts, Unavailable } from "./facts.ts";
import type { SourceCatalog } from "./catalog/source-catalog.ts";
import type { TargetCatalog } from "./catalog/target-catalog.ts";
import type { Activity } from "./catalog/activity.ts";
import type { ProviderMatch } from "./providers/detect.ts";

/** `target-version`: from the target itself, or from Heroku. */
export type Need = "source" | "target" | "heroku" | "bucket" | "target-version";

export interface SourceSide {
  /** The one read-only connection that the checks share. */
  session: Session;
  catalog: SourceCatalog;
  provider: ProviderMatch;
  /** Counters when the gate began, for what arrives meanwhile. */
  before: Activity;
  /** One more connection, guarded in the same way; only for what cannot be seen from one. The caller closes it. */
  open(): Promise<Session>;
}

export interface TargetSide {
  session: Session;
  catalog: TargetCatalog;
}

export interface GateParts {
  inputs: Inputs;
  /** Or why the source could not be connected to. */
  source: SourceSide | Error;
  target: TargetSide | Unavailable;
  targetUrl?: DatabaseUrl;
  heroku: HerokuFacts | HerokuProblem;
  bucket: BucketProbe | Unavailable;
  runner: RunnerFacts;
  /** Or why there is none. */
  plan: MigrationPlan | Error;
  limits: Limits;
  log: Log;
  signal: AbortSignal;
  now: () => Date;
}

/** Everything a check may look at. Asking for a side that is not there throws: a check declares what it needs. */
export class Gate {
  readonly #parts: GateParts;

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  get inputs(): Inputs {
    return this.#parts.inputs;
  }

  get limits(): Limits {
    return this.#parts.limits;
  }

  get log(): Log {
    return this.#parts.log;
  }

  get signal(): AbortSignal {
    return this.#parts.signal;
  }

  get runner(): RunnerFacts {
    return this.#parts.runner;
  }

  /** Undefined where none could be made. */
  get plan(): MigrationPlan | undefined {
    return this.#parts.plan instanceof Error ? undefined : this.#parts.plan;
  }

  /** @throws what kept the plan from being made */
  requirePlan(): MigrationPlan {
    if (this.#parts.plan instanceof Error) throw this.#parts.plan;
    return this.#parts.plan;
  }

  get targetUrl(): DatabaseUrl | undefined {
    return this.#parts.targetUrl;
  }

  now(): Date {
    return this.#parts.now();
  }

  has(need: Need): boolean {
    const { source, target, heroku, bucket } = this.#parts;
    if (need === "source") return !(source instanceof Error);
    if (need === "target") return !("unavailable" in target);
    if (need === "target-version") return this.has("target") || this.has("heroku");
    if (need === "heroku") return !("problem" in heroku);
    return !("unavailable" in bucket);
  }

  get source(): SourceSide {
    if (this.#parts.source instanceof Error) throw this.#parts.source;
    return this.#parts.source;
  }

  get target(): TargetSide {
    const { target } = this.#parts;
    if ("unavailable" in target) throw new MigrationError(target.reason);
    return target;
  }

  get heroku(): HerokuFacts {
    const { heroku } = this.#parts;
    if ("problem" in heroku) throw new MigrationError(heroku.message);
    return heroku;
  }

  get bucket(): BucketProbe {
    const { bucket } = this.#parts;
    if ("unavailable" in bucket) throw new MigrationError(bucket.reason);
    return bucket;
  }

  /** Why a side is not there; undefined when it is. */
  get sourceProblem(): Error | undefined {
    return this.#parts.source instanceof Error ? this.#parts.source : undefined;
  }

  get targetProblem(): Unavailable | undefined {
    return "unavailable" in this.#parts.target ? this.#parts.target : undefined;
  }

  get herokuProblem(): HerokuProblem | undefined {
    return "problem" in this.#parts.heroku ? this.#parts.heroku : undefined;
  }

  get bucketProblem(): Unavailable | undefined {
    return "unavailable" in this.#parts.bucket ? this.#parts.bucket : undefined;
  }
}
