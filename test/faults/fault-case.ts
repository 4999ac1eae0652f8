import type { ChildEnd, ChildOptions, ChildRun } from "./child-run.ts";
import type { Scene } from "./scene.ts";

export type Area = "source" | "bucket" | "heroku" | "runner" | "interruption";

/** One fault, and what must come of it. */
export interface FaultCase {
  area: Area;
  /** What happens, as a reader of the table understands it. */
  fault: string;
  /** Switches that are set before the run begins. */
  arrange?: (scene: Scene) => Promise<void> | void;
  /** What is done while it runs. Failing here fails the case. */
  during?: (scene: Scene, run: ChildRun) => Promise<void>;
  options?: Partial<ChildOptions>;
  /** `recovered`: the run itself ends well. Otherwise it fails in this way, and a second run without the fault ends well. */
  expect: "recovered" | "unverified" | "blocked" | "failed" | "interrupted" | "killed";
  /** What the reader of a failure must be told. */
  says?: RegExp;
  /** Of the target after the failed run; `any` where Heroku was at work. */
  target?: "untouched" | "any";
  /** Restores that Heroku is asked for in all. Default 1. */
  restores?: number;
  /** After a kill: whether cleanup comes (its step does, on GitHub) or the runner is gone with its disk. */
  cleanup?: "runs" | "never";
  /** Looks that belong to this fault alone; what is wrong, in sentences. */
  inspect?: (scene: Scene, ended: { first: ChildEnd; second: ChildEnd | undefined }) => Promise<string[]> | string[];
  /** What a person must put right before cleanup can do anything. */
  mend?: (scene: Scene) => void;
  /** What a person would do before the second run. */
  between?: (scene: Scene) => Promise<void> | void;
}

export interface FaultResult {
  area: Area;
  fault: string;
  expected: FaultCase["expect"];
  /** Empty where all was as designed. */
  problems: string[];
  seconds: number;
  /** What the run said, without times and numbers of this run. */
  message: string;
}
