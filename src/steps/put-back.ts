import { InterruptedError, describeError } from "../errors.ts";
import type { Journal } from "../journal.ts";
import { openHeroku } from "../parties.ts";
import { wakeApp } from "../quiesce.ts";
import type { Run } from "../run.ts";
import { timeLimited } from "../workers.ts";
import { liftFreeze } from "./freeze.ts";

/** A server that hangs must not keep a finished migration from its report. */
const patienceMs = 120_000;

/**
 * App and source go back as they were, however the run ends. An interruption leaves no time for it, and what fails here
 * must not hide why the run ended: both are left to `cleanup`.
 */
export async function putBack(run: Run, journal: Journal | undefined): Promise<void> {
  if (run.signal.reason instanceof InterruptedError) return;
  const results = await Promise.allSettled([
    timeLimited(wakeApp(run, openHeroku(run)), patienceMs, "putting the app back"),
    timeLimited(liftFreeze(run), patienceMs, "lifting the source's write-freeze"),
  ]);
  for (const result of results) {
    if (result.status === "fulfilled") for (const sentence of result.value) run.log.info(sentence);
    else reportLeftover(run, result.reason);
  }
  const { maintenance, formation, freeze } = run.state.current;
  if (maintenance !== undefined || formation !== undefined || freeze !== undefined) return;
  await journal?.forgetBefore();
  await run.state.clear("journal");
}

function reportLeftover(run: Run, error: unknown): void {
  run.log.warning(`App or source could not be put back as they were: ${describeError(error)}`);
  run.report.nextSteps.unshift(
    "App or source may still be as during the migration (maintenance mode, scaled down, read-only): the cleanup command puts them back.",
  );
}
