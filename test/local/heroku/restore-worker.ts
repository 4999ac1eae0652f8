import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { startClient, type ClientDirectory, type ClientProgram } from "./client-program.ts";
import { readMajor, type DatabaseConnection } from "./connection.ts";
import { createExtensions } from "./extensions.ts";
import type { RestoreFaults } from "./faults.ts";
import { feed, type FeedEnd } from "./feed.ts";
import { DownloadFailure } from "./htcat.ts";
import { begin, finish, log, type Transfer } from "./transfers.ts";
import { judge, readRestoreLine, type RestoreLog, type Verdict } from "./verdict.ts";
import { wipeDatabase } from "./wipe.ts";
import type { Database, Timings } from "./world.ts";

export type RestoreJob = {
  transfer: Transfer;
  database: Database;
  extensions: readonly string[];
  /** Opens the archive. A generator that throws `DownloadFailure` where Heroku's download would. */
  archive: (signal: AbortSignal) => AsyncIterable<Buffer>;
  faults: RestoreFaults;
  directory: ClientDirectory;
  timings: Timings;
  /** Aborted when the transfer is canceled or the local Heroku closes. */
  signal: AbortSignal;
  cancel: () => void;
};

/** The whole life of a restore after it was accepted. Never throws: what goes wrong is in the transfer. */
export async function runRestore(job: RestoreJob): Promise<void> {
  let verdict: Verdict = { succeeded: false, warnings: 0 };
  try {
    const connection = await job.database.connect();
    await prepare(job, connection);
    await waitForWorker(job);
    begin(job.transfer);
    verdict = await restore(job, connection);
  } catch (error) {
    if (!job.signal.aborted) log(job.transfer, `could not run the transfer: ${(error as Error).message}`);
  }
  finish(job.transfer, verdict);
}

/** The target is gone as soon as the restore is accepted, before a worker has looked at the archive. */
async function prepare(job: RestoreJob, connection: DatabaseConnection): Promise<void> {
  await wipeDatabase(connection);
  await createExtensions(connection, job.extensions);
}

async function waitForWorker(job: RestoreJob): Promise<void> {
  if (job.faults.neverStarts === true) await waitForAbort(job.signal);
  await sleep(job.timings.pendingMs, undefined, { signal: job.signal });
}

async function waitForAbort(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}

async function restore(job: RestoreJob, connection: DatabaseConnection): Promise<Verdict> {
  const found: RestoreLog = { ignoredErrors: undefined, harmlessErrors: 0 };
  const sink = await startClient({
    directory: job.directory,
    program: "pg_restore",
    major: await readMajor(connection),
    connection,
    say: (line) => {
      log(job.transfer, line);
      readRestoreLine(found, line);
    },
  });
  const interrupt = (): void => void sink.child.kill("SIGINT");
  job.signal.addEventListener("abort", interrupt, { once: true });
  if (job.signal.aborted) interrupt();
  try {
    const end = await moveArchive(job, sink);
    return await conclude(job, sink, end, found);
  } finally {
    job.signal.removeEventListener("abort", interrupt);
  }
}

/** Feeds pg_restore and keeps the transfer's numbers moving until all of the archive is in or cannot come. */
async function moveArchive(job: RestoreJob, sink: ClientProgram): Promise<FeedEnd> {
  const { transfer } = job;
  const over = new AbortController();
  let movedBytes = 0;
  const report = (): void => {
    transfer.processedBytes = movedBytes;
    transfer.updatedAt = new Date();
  };
  const timer = setInterval(report, job.timings.refreshMs);
  sink.ended.then(
    () => over.abort(),
    () => over.abort(),
  );
  try {
    const chunks = job.archive(AbortSignal.any([job.signal, over.signal]));
    const end = await feed(chunks, sink.child.stdin!, job.faults, (bytes) => (movedBytes += bytes));
    if (end === "stuck") await playDead(job, timer, report);
    if (end === "canceled") job.cancel();
    if (end === "complete") await finishInput(sink);
    return end;
  } catch (error) {
    return downloadFailed(job, over.signal, error);
  } finally {
    clearInterval(timer);
    report();
    sink.child.stdin!.end();
  }
}

/** The last moment that the transfer was seen alive, then nothing more. */
async function playDead(job: RestoreJob, timer: NodeJS.Timeout, report: () => void): Promise<void> {
  report();
  clearInterval(timer);
  await waitForAbort(job.signal);
}

/** All bytes are in; indexes and constraints are still to be built, and the transfer shows signs of life meanwhile. */
async function finishInput(sink: ClientProgram): Promise<void> {
  sink.child.stdin!.end();
  await sink.ended;
}

function downloadFailed(job: RestoreJob, programOver: AbortSignal, error: unknown): FeedEnd {
  if (job.signal.aborted) return "canceled";
  if (programOver.aborted) return "brokenPipe";
  const reason = error instanceof DownloadFailure ? error.message : String(error);
  log(job.transfer, `${goTime()} aborting: could not write to output stream: ${reason}`);
  return "failed";
}

/** Go's log package: `2021/05/27 10:29:02`. */
function goTime(): string {
  return new Date().toISOString().slice(0, 19).replaceAll("-", "/").replace("T", " ");
}

async function conclude(job: RestoreJob, sink: ClientProgram, end: FeedEnd, found: RestoreLog): Promise<Verdict> {
  const { transfer } = job;
  const isDownloaded = end === "complete";
  const exitCode = await sink.ended;
  if (end === "failed") for (const line of job.faults.failureLog ?? []) log(transfer, line);
  log(transfer, "waiting for restore to complete");
  log(transfer, exitCode === 0 ? "restore done" : "pg_restore finished with errors");
  log(transfer, "waiting for download to complete");
  log(transfer, isDownloaded ? "download done" : "download finished with errors");
  if (!isDownloaded) log(transfer, "please check the source URL and ensure it is publicly accessible");
  return judge(exitCode, isDownloaded, found);
}
