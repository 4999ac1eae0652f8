import { MigrationError, describeError } from "./errors.ts";
import { unfreezeSource } from "./freeze.ts";
import { cancelTransfer } from "./heroku/transfers.ts";
import { openHeroku, openParties } from "./parties.ts";
import { withSession } from "./postgres/session.ts";
import { wakeApp } from "./quiesce.ts";
import type { Run } from "./run.ts";
import { abortUpload } from "./storage/abort.ts";
import { openBucket } from "./storage/bucket.ts";

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
      await work();
    } catch (error) {
      problems.push(`${what}: ${describeError(error)}`);
    }
  };
  await attempt("abort the upload", () => abortPendingUpload(run));
  await attempt("cancel the transfer", () => cancelPendingTransfer(run));
  await attempt("end our sessions on the source", () => endSessions(run));
  await attempt("lift the source's write-freeze", () => unfreeze(run));
  await attempt("put the app back", async () => void (await wakeApp(run, openHeroku(run))));
  await attempt("delete the archive", () => deleteArchive(run));
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

async function abortPendingUpload(run: Run): Promise<void> {
  const { upload } = run.state.current;
  if (upload === undefined) return;
  await abortUpload(openBucket(run.inputs.bucket, run.log), upload.key, upload.uploadId);
  await run.state.clear("upload", "archive");
  run.log.info(`Aborted the incomplete upload of ${upload.key}.`);
}

async function cancelPendingTransfer(run: Run): Promise<void> {
  const { transfer } = run.state.current;
  if (transfer === undefined) return;
  if (run.inputs.heroku.cancelTransfer) {
    const { heroku, database } = await openParties(run);
    await cancelTransfer(heroku, database, transfer.id);
    run.log.warning("Cancelled Heroku's restore: the target is half filled.");
  } else {
    run.log.warning("Heroku's restore was under way and goes on by itself; the next run of this migration adopts it.");
  }
  await run.state.clear("transfer");
}

const endSessionsSql = `
  select count(pg_catalog.pg_terminate_backend(pid))::int as count from pg_catalog.pg_stat_activity
  where application_name like 'migrate-to-heroku-postgres%' and application_name like $1 and pid <> pg_catalog.pg_backend_pid()`;

/** A reader whose runner died may hold its snapshot until the server notices; vacuum waits for it. */
async function endSessions(run: Run): Promise<void> {
  const { applicationName } = run.state.current;
  if (applicationName === undefined) return;
  if (run.inputs.source.host === "") return;
  const options = {
    applicationName: "migrate-to-heroku-postgres cleanup",
    side: "source",
    connectTimeoutMs: 8000,
  } as const;
  await withSession(run.inputs.source, options, async (session) => {
    const ended = await session.value<number>(endSessionsSql, [`%${applicationName}%`]);
    if (ended > 0) run.log.info(`Ended ${ended} of our sessions on the source.`);
  });
  await run.state.clear("applicationName");
}

async function unfreeze(run: Run): Promise<void> {
  const { freeze } = run.state.current;
  if (freeze === undefined) return;
  await unfreezeSource(run.inputs.source, freeze.was);
  await run.state.clear("freeze");
  run.log.info("The source takes writes again.");
}

/** Only an archive that was never proved is deleted: a proven one serves the next run. */
async function deleteArchive(run: Run): Promise<void> {
  const { archive } = run.state.current;
  if (archive === undefined) return;
  await openBucket(run.inputs.bucket, run.log).deleteObject(archive.key);
  await run.state.clear("archive");
}

async function releaseClaim(run: Run): Promise<void> {
  const { claim } = run.state.current;
  if (claim === undefined) return;
  const bucket = openBucket(run.inputs.bucket, run.log);
  const found = await bucket.findObject(claim.key);
  if (found?.content.toString("utf8").includes(claim.token) === true) await bucket.deleteObject(claim.key);
  await run.state.clear("claim");
}
