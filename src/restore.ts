import { MigrationError } from "./errors.ts";
import { formatBytes, formatSeconds, plural } from "./format.ts";
import { restoreCommand } from "./heroku/backups.ts";
import { readDatabaseInfo } from "./heroku/database-info.ts";
import { parseRestoreLog, restoreFailed } from "./heroku/restore-log.ts";
import { startBackup, startRestore } from "./heroku/start-transfer.ts";
import { cancelTransfer } from "./heroku/transfers.ts";
import { type EndedTransfer, type TransferProgress, waitForTransfer } from "./heroku/wait-for-transfer.ts";
import type { Parties } from "./parties.ts";
import type { RestoreRecord } from "./report.ts";
import type { Run } from "./run.ts";
import type { Secret } from "./secret.ts";

/** How the target's old content can be brought back, should it be needed. */
export interface WayBack {
  safetyBackup?: { number: number; bytes: number };
  /** The command to type; undefined where there was nothing to lose. */
  command: string | undefined;
}

/** Backs the target up where it holds anything, by Heroku's own backup or, on plans that have it, its rollback. */
export async function secureTarget(run: Run, { heroku, database }: Parties, isEmpty: boolean): Promise<WayBack> {
  const { safetyBackup } = run.inputs.heroku;
  if (safetyBackup === "never" || (safetyBackup === "auto" && isEmpty)) return { command: undefined };
  const info = await readDatabaseInfo(heroku, database, { signal: run.signal });
  if (safetyBackup === "auto" && info.hasRollback)
    return { command: rollbackCommand(database.addonName, run.inputs.heroku.app) };
  const started = await startBackup(heroku, database, { signal: run.signal, log: run.log });
  const ended = await waitForTransfer(
    heroku,
    database,
    started.transfer.uuid,
    waitOptions(run, undefined, "safety-backup"),
  );
  if (ended.transfer.state !== "succeeded") {
    throw new MigrationError(`Heroku's safety backup ${ended.transfer.name} of the target failed.`, {
      code: "SAFETY_BACKUP_FAILED",
      hint: "The target is as it was. Read heroku pg:backups:info, or set safety-backup to never if its content is worthless.",
    });
  }
  const bytes = ended.transfer.processedBytes;
  return {
    safetyBackup: { number: ended.transfer.number, bytes },
    command: restoreCommand(database, ended.transfer.name),
  };
}

function rollbackCommand(addonName: string, app: string): string {
  return `heroku addons:create heroku-postgresql:<plan> --app ${app} -- --rollback ${addonName} --to '${new Date().toISOString()}'`;
}

interface RestoreRequest {
  url: Secret;
  archiveBytes: number;
  wayBack: WayBack;
  /** A transfer of an earlier attempt that has restored, or is restoring, this very archive. */
  adopt?: string;
  /** Called once Heroku was asked, before anything is waited for. */
  onStarted: (transfer: { uuid: string; number: number }) => Promise<void>;
  onSending: (highestNumber: number) => Promise<void>;
}

/**
 * Lets Heroku restore the archive and follows it to the end. From the moment the request is sent the target's old content
 * counts as gone, and the report says so.
 *
 * @throws MigrationError when Heroku says that it failed, or when its end could not be observed
 */
export async function restoreArchive(
  run: Run,
  { heroku, database }: Parties,
  request: RestoreRequest,
): Promise<RestoreRecord> {
  const started =
    request.adopt === undefined
      ? await start(run, { heroku, database }, request)
      : { uuid: request.adopt, adopted: true };
  const ended = await followTransfer(run, { heroku, database }, started.uuid, request.archiveBytes);
  await run.state.clear("transfer");
  const outcome = parseRestoreLog(ended.log);
  const { transfer } = ended;
  const record: RestoreRecord = {
    transferId: transfer.uuid,
    transferNumber: transfer.number,
    adopted: started.adopted,
    seconds: ended.seconds,
    warnings: transfer.warnings,
    skipped: outcome.problems,
    logLines: ended.log.map(({ at, message }) => ({ at, message })),
    ...(request.wayBack.safetyBackup === undefined ? {} : { safetyBackup: request.wayBack.safetyBackup }),
    ...(request.wayBack.command === undefined ? {} : { wayBack: request.wayBack.command }),
  };
  run.report.restore = record;
  if (transfer.state !== "succeeded") throw restoreFailed(transfer.name, outcome);
  return record;
}

async function start(
  run: Run,
  { heroku, database }: Pick<Parties, "heroku" | "database">,
  request: RestoreRequest,
): Promise<{ uuid: string; adopted: boolean }> {
  run.report.targetState = stateAfterWipe(request.wayBack);
  const { transfer, adopted } = await startRestore(heroku, database, request.url, [], {
    signal: run.signal,
    log: run.log,
    onSending: request.onSending,
  });
  await run.state.set({ transfer: { app: database.billingApp.id, id: transfer.uuid } });
  await request.onStarted({ uuid: transfer.uuid, number: transfer.number });
  run.log.info(`Heroku restores: transfer ${transfer.name}${adopted ? ", found after its answer was lost" : ""}.`);
  return { uuid: transfer.uuid, adopted };
}

function stateAfterWipe({ command }: WayBack): string {
  const old =
    command === undefined
      ? "It was empty before, or its content was not to be kept."
      : `Its old content comes back with: ${command}`;
  return `The target has been wiped by the restore and may be incomplete. ${old}`;
}

/** Cancelling a restore leaves a half-filled database, so a transfer under way is left running unless that was asked for. */
async function followTransfer(
  run: Run,
  { heroku, database }: Pick<Parties, "heroku" | "database">,
  uuid: string,
  archiveBytes: number,
): Promise<EndedTransfer> {
  try {
    return await waitForTransfer(heroku, database, uuid, waitOptions(run, archiveBytes, "restore"));
  } catch (error) {
    if (run.signal.aborted && run.inputs.heroku.cancelTransfer)
      await cancelTransfer(heroku, database, uuid).catch(() => false);
    throw error;
  }
}

function waitOptions(
  run: Run,
  archiveBytes: number | undefined,
  stageName: "restore" | "safety-backup",
): Parameters<typeof waitForTransfer>[3] {
  return {
    signal: run.signal,
    log: run.log,
    archiveBytes,
    stallMs: Math.max(60_000, run.inputs.stallMinutes * 60_000),
    ...(isLocal(run) ? { pollMs: { first: 200, most: 1000 } } : {}),
    onProgress: (progress) => showProgress(run, progress, archiveBytes ?? 0, stageName),
  };
}

/** A Heroku on this machine has no rate limit to respect. */
function isLocal(run: Run): boolean {
  return run.inputs.heroku.dataUrl.startsWith("http://");
}

function showProgress(
  run: Run,
  progress: TransferProgress,
  total: number,
  stageName: "restore" | "safety-backup",
): void {
  const detail = progress.step === undefined ? progress.phase : `${progress.phase}: ${progress.step}`;
  run.log.progress({ stage: stageName, done: progress.processedBytes, total, unit: "bytes", detail });
  (run.report.samples ??= []).push({ at: new Date().toISOString(), stage: stageName, bytes: progress.processedBytes });
}

/** One line for the log and the report. */
export function describeRestore(record: RestoreRecord, archiveBytes: number): string {
  const real = record.skipped.filter((problem) => !problem.harmless).length;
  const errors =
    record.warnings === 0 && real === 0
      ? "no error skipped"
      : `${plural(Math.max(record.warnings, real), "error")} skipped`;
  return `${formatBytes(archiveBytes)} restored by Heroku in ${formatSeconds(record.seconds)}, ${errors}`;
}
