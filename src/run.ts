import { describeError } from "./errors.ts";
import { formatSeconds } from "./format.ts";
import type { Inputs } from "./inputs/inputs.ts";
import type { Log } from "./log.ts";
import { type Report, type StageName, type StageRecord, stageNames } from "./report.ts";
import type { Secret } from "./secret.ts";
import type { StateFile } from "./state.ts";
import type { Watchdog } from "./watchdog.ts";

/** What the platform says of this run. Nothing below `action` and `cli` asks where it comes from. */
export interface Platform {
  /** Unique for one run and attempt, safe in an object key, e.g. `8123456789-1`. */
  runId: string;
  runUrl: string | undefined;
  /** On a public repository the world reads artifacts and summaries. */
  isPublic: boolean;
  kind: "github" | "self-hosted" | "local";
  processors: number;
}

/** One run of one command: what every stage is given. */
export interface Run {
  inputs: Inputs;
  log: Log;
  /** Fires on a signal from the platform and on our own deadline. */
  signal: AbortSignal;
  report: Report;
  /** A private folder for small files. Never for the archive. */
  workDirectory: string;
  state: StateFile;
  platform: Platform;
  /** Ends a stage that stands still. */
  watchdog?: Watchdog;
  /** Masks a secret that was learnt on the way, and keeps it for the last search of the evidence. */
  keepSecret: (secret: Secret) => void;
}

/** Runs one stage: announces it by number and name, times it, and records how it ended. */
export async function stage<T>(run: Run, name: StageName, work: (record: StageRecord) => Promise<T>): Promise<T> {
  run.signal.throwIfAborted();
  const record: StageRecord = { name, startedAt: new Date().toISOString(), outcome: "running" };
  run.report.stages.push(record);
  const number = stageNames.indexOf(name) + 1;
  run.log.startGroup(`${number}/${stageNames.length} ${name}`);
  run.log.event("stage-started", { stage: name, number });
  using watching = new DisposableStack();
  watching.use(run.watchdog?.watch(name));
  try {
    const result = await work(record);
    // What was aborted may still have come to an end: its result does not count.
    run.signal.throwIfAborted();
    finish(run, record, record.outcome === "running" ? "done" : record.outcome);
    return result;
  } catch (error) {
    record.summary ??= describeError(error);
    finish(run, record, "failed");
    throw error;
  } finally {
    run.log.endGroup();
  }
}

function finish(run: Run, record: StageRecord, outcome: StageRecord["outcome"]): void {
  const finishedAt = new Date();
  record.finishedAt = finishedAt.toISOString();
  record.seconds = (finishedAt.getTime() - Date.parse(record.startedAt)) / 1000;
  record.outcome = outcome;
  const summary = record.summary === undefined ? "" : `: ${record.summary}`;
  if (outcome !== "failed") run.log.info(`${record.name} ${outcome} in ${formatSeconds(record.seconds)}${summary}`);
  run.log.event("stage-finished", { stage: record.name, outcome, seconds: record.seconds });
}
