import { sessionTag } from "../application-name.ts";
import { describeError } from "../errors.ts";
import { plural } from "../format.ts";
import type { Journal } from "../journal.ts";
import { keysOf } from "../keys.ts";
import type { Parties } from "../parties.ts";
import type { Run } from "../run.ts";
import { endSessions } from "../sessions.ts";
import { abortUploads } from "../storage/sweep.ts";

/**
 * Clears away what a run left whose cleanup never came: its runner was lost. Safe, because the claim on the target is ours:
 * nobody else is uploading there. None of it is worth failing for.
 */
export async function clearAway(run: Run, { bucket, database }: Parties, journal: Journal): Promise<void> {
  const { folder } = keysOf(bucket, run.inputs.heroku.app, database);
  await attempt(run, "Incomplete uploads of an earlier run may be left", async () => {
    const count = await abortUploads(bucket, folder, { signal: run.signal });
    await run.state.clear("upload");
    return count === 0 ? undefined : `Aborted ${plural(count, "incomplete upload")} that an earlier run had left.`;
  });
  const { earlier } = journal;
  if (earlier === undefined || earlier.completedAt !== undefined) return;
  await attempt(run, "Sessions of an earlier run may be left on the source", async () => {
    const count = await endSessions(run.inputs.source, sessionTag(earlier.runId), run.signal);
    return count === 0 ? undefined : `Ended ${plural(count, "session")} that an earlier run had left on the source.`;
  });
}

async function attempt(run: Run, problem: string, work: () => Promise<string | undefined>): Promise<void> {
  try {
    const done = await work();
    if (done !== undefined) run.log.info(done);
  } catch (error) {
    run.signal.throwIfAborted();
    run.log.warning(`${problem}: ${describeError(error)}`);
  }
}
