import { MigrationError, describeError } from "./errors.ts";
import { giveUpClaim } from "./claim.ts";
import { cancelTransfer } from "./heroku/transfers.ts";
import { clearBefore } from "./journal.ts";
import { openHeroku, openParties } from "./parties.ts";
import { wakeApp } from "./quiesce.ts";
import type { Run } from "./run.ts";
import { endSessions } from "./sessions.ts";
import { abortUpload } from "./storage/abort.ts";
import { openBucket } from "./storage/bucket.ts";
import { abortUploads } from "./storage/sweep.ts";
import { liftFreeze } from "./steps/freeze.ts";
import { timeLimited } from "./workers.ts";

/** For each of them: the step that runs this has a time of its own. */
const patienceMs = 180_000;

/**
 * Puts back what a run left behind, driven by the state file alone. Each thing is cleared from the state once it is done,
 * so calling it again is safe; one that fails does not keep the others from being tried.
 */
export async function cleanUp(run: Run): Promise<void> {
  const { state } = run;
  if (state.isEmpty) return;
  const problems: string[] = [];
  const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
    try {
      await timeLimited(work(), patienceMs, "it");
    } catch (error) {
      problems.push(`${what}: ${describeError(error)}`);
    }
  };
  // What people wait for comes first; the claim last, so that no other run begins before all is done.
  await Promise.all([
    attempt("put the app back", () => say(run, wakeApp(run, openHeroku(run)))),
    attempt("lift the source's write-freeze", () => say(run, liftFreeze(run))),
    attempt("abort the upload", () => abortPendingUpload(run)),
    attempt("see to the transfer", () => leaveTransfer(run)),
    attempt("end our sessions on the source", () => endOwnSessions(run)),
  ]);
  await attempt("delete the archive", () => deleteArchive(run));
  await attempt("note it in the journal", () => closeJournal(run));
  await attempt("give up the claim on the target", () => releaseClaim(run));
  if (problems.length > 0) throw stillPending(problems);
  await state.remove();
}

function stillPending(problems: readonly string[]): MigrationError {
  return new MigrationError(
    `Not everything could be put back:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`,
    {
      code: "CLEANUP_INCOMPLETE",
      hint: "Run the cleanup command again, or do it by hand: docs/runbook.md, “After an interruption”.",
    },
  );
}

async function say(run: Run, done: Promise<string[]>): Promise<void> {
  for (const sentence of await done) run.log.info(sentence);
}

/** An upload whose id never reached us is found by its key. */
async function abortPendingUpload(run: Run): Promise<void> {
  const { upload, archive } = run.state.current;
  const bucket = openBucket(run.inputs.bucket, run.log);
  if (upload !== undefined) {
    await abortUpload(bucket, upload.key, upload.uploadId);
    run.log.info(`Aborted the incomplete upload of ${upload.key}.`);
  } else if (archive !== undefined) {
    await abortUploads(bucket, archive.key);
  }
  await run.state.clear("upload");
}

async function leaveTransfer(run: Run): Promise<void> {
  const { transfer } = run.state.current;
  if (transfer === undefined) return;
  if (run.inputs.heroku.cancelTransfer) {
    await using parties = await openParties(run);
    const { heroku, database } = parties;
    const isCancelled = await cancelTransfer(heroku, database, transfer.id);
    run.log.warning(
      isCancelled ? "Cancelled Heroku's restore: the target is half filled." : "Heroku's restore had ended already.",
    );
  } else {
    run.log.warning("Heroku's restore was under way and goes on by itself; the next run of this migration adopts it.");
  }
  await run.state.clear("transfer");
}

async function endOwnSessions(run: Run): Promise<void> {
  const { applicationName: tag } = run.state.current;
  if (tag === undefined) return;
  if (run.inputs.source.host !== "") {
    const ended = await endSessions(run.inputs.source, tag);
    if (ended > 0) run.log.info(`Ended ${ended} of our sessions on the source.`);
  }
  await run.state.clear("applicationName");
}

/** Only an archive that was never proved is deleted: a proven one serves the next run. */
async function deleteArchive(run: Run): Promise<void> {
  const { archive } = run.state.current;
  if (archive === undefined) return;
  await openBucket(run.inputs.bucket, run.log).deleteObject(archive.key);
  await run.state.clear("archive");
}

async function closeJournal(run: Run): Promise<void> {
  const { journal, maintenance, formation, freeze } = run.state.current;
  if (journal === undefined || maintenance !== undefined || formation !== undefined || freeze !== undefined) return;
  await clearBefore(openBucket(run.inputs.bucket, run.log), journal.key);
  await run.state.clear("journal");
}

async function releaseClaim(run: Run): Promise<void> {
  const { claim } = run.state.current;
  if (claim === undefined) return;
  await giveUpClaim(openBucket(run.inputs.bucket, run.log), claim.key, claim.token);
  await run.state.clear("claim");
}
