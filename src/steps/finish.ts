import { describeError } from "../errors.ts";
import { promoteDatabase } from "../heroku/databases.ts";
import type { Journal } from "../journal.ts";
import type { Parties } from "../parties.ts";
import { quoteIdentifier } from "../postgres/session.ts";
import type { StageRecord } from "../report.ts";
import type { Run } from "../run.ts";

/** Promotes if asked and verified, deletes the archive unless kept, and closes the journal. */
export async function finishMigration(
  run: Run,
  parties: Parties,
  journal: Journal,
  record: StageRecord,
): Promise<void> {
  const { report, inputs } = run;
  const done: string[] = [];
  if (inputs.heroku.promote && report.verdict === "migrated") {
    // First: a run that is killed right after the promotion must not let the source take writes that nobody would see.
    const frozen = await keepFrozen(run);
    const { changed, oldName } = await promoteDatabase(parties.heroku, parties.database, { signal: run.signal });
    done.push(
      changed
        ? `promoted to DATABASE_URL${oldName === undefined ? "" : `; the old database is ${oldName}`}`
        : "it is DATABASE_URL already",
    );
    done.push(...frozen);
  }
  done.push(await deleteArchives(run, parties, journal));
  // Last: a run that is stopped before this is continued, one that is stopped after it was done. What could not be compared is
  // left open, so that the next run follows the same restore and compares again.
  if (report.verdict !== "unverified" || inputs.verify === "off")
    await journal.write({ completedAt: new Date().toISOString() });
  record.summary = done.join(", ");
}

/** The archive that was restored, and one that this migration wrote in an earlier attempt and did not use after all. */
async function deleteArchives(
  { report, inputs, log, signal }: Run,
  { bucket }: Parties,
  journal: Journal,
): Promise<string> {
  if (inputs.bucket.keepArchive || report.verdict !== "migrated" || report.dump === undefined) return "archive kept";
  const keys = new Set([report.dump.archiveKey, ...journal.archivesLeftBehind]);
  try {
    for (const key of keys) await bucket.deleteObject(key, { signal });
    return "archive deleted";
  } catch (error) {
    signal.throwIfAborted();
    log.warning(`The archive could not be deleted: ${describeError(error)}`);
    return "the archive could not be deleted";
  }
}

/** The app has moved: a write to the source would be lost, so its freeze is not lifted, whatever happens from here. */
async function keepFrozen({ state }: Run): Promise<string[]> {
  const { freeze } = state.current;
  if (freeze === undefined) return [];
  await state.clear("freeze");
  const lift = `alter database ${quoteIdentifier(freeze.database)} reset default_transaction_read_only`;
  return [`the source stays read-only, because the app has moved; to lift it: ${lift}`];
}

/** What is left for the people to do, most urgent first. */
export function nextStepsAfter({ report, inputs }: Run): string[] {
  const { app, promote } = inputs.heroku;
  const steps: string[] = [];
  if (report.verdict === "mismatch")
    steps.push("Do not use the target: read verification.json, and bring the old content back if there was any.");
  if (report.verdict === "unverified")
    steps.push("The data could not be compared: verify it yourself before you rely on it.");
  if (report.verdict === "migrated" && !promote)
    steps.push(
      `What is written to the source from now on is not in the target. Make the target the app's database (heroku pg:promote ${report.target?.addonName ?? "<database>"} --app ${app}) before anything writes again, or migrate once more.`,
    );
  if (report.verdict !== "migrated" && report.dump !== undefined)
    steps.push(
      `The archive stays in the bucket as ${report.dump.archiveKey}: delete it when it is not needed any more.`,
    );
  if ((report.connections?.length ?? 0) > 0 || (report.configVars?.length ?? 0) > 0)
    steps.push("Re-point the applications and config vars of connections.csv.");
  if ((report.losses?.length ?? 0) > 0)
    steps.push("Run losses.sql on the target for what does not cross by itself: grants, settings, jobs.");
  return [...steps, ...report.nextSteps];
}
