import type { ArtifactService } from "../artifacts/service.ts";
import type { RunEvent } from "./events.ts";
import type { Json } from "./json.ts";
import type { Timings } from "./process.ts";

/** What a stand-in for an action gets, and may leave behind. */
export type StubCall = {
  uses: string;
  inputs: Record<string, string>;
  env: Record<string, string>;
  workspace: string;
  write: (message: string) => void;
};
export type StubResult = { outputs?: Record<string, string>; env?: Record<string, string> };
export type StubAction = (call: StubCall) => StubResult | undefined | Promise<StubResult | undefined>;

export type RunnerOptions = {
  /** Secrets of the repository, or those that a caller passes on `workflow_call`. All are masked from the start. */
  secrets?: Record<string, string>;
  vars?: Record<string, string>;
  /** Secrets and variables that only jobs of that environment see. */
  environments?: Record<string, { secrets?: Record<string, string>; vars?: Record<string, string> }>;
  artifactService?: Pick<ArtifactService, "url" | "issueToken">;
  /** `owner/repo` or `owner/repo/path` → folder of that repository or action, or a stand-in. Refs are not looked at. */
  actions?: Record<string, string | StubAction>;
  /** Environment of the machine, beside PATH, HOME and the like. */
  extraEnv?: Record<string, string>;
  /** Overrides of the github context: repository, actor, ref, sha, server_url, … */
  github?: Record<string, Json>;
  /** Overrides of the `runner` context, such as `os` or `environment`. */
  runner?: Record<string, string>;
  /** Shows `::debug::` lines and sets RUNNER_DEBUG, like the variable ACTIONS_STEP_DEBUG. */
  debug?: boolean;
  timings?: Partial<Timings>;
  /** Folder for jobs' files, made if missing and kept; else a new temporary one that is removed at the end. */
  workFolder?: string;
  /** Keeps RUNNER_TEMP of every job, which is otherwise emptied when the job ends. */
  keepTemp?: boolean;
  /** GITHUB_WORKSPACE of every job; else an empty folder of its own that actions/checkout turns into the repository. */
  workspace?: string;
  onEvent?: (event: RunEvent) => void;
  /** Cancels the run, as its `cancel()` does. */
  signal?: AbortSignal;
};

/** A run under way. */
export type Running<T> = { cancel: () => void; finished: Promise<T> };
