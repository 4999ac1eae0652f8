import { MigrationError, describeError } from "./errors.ts";
import { formatBytes, formatSeconds, plural } from "./format.ts";
import { restoreCommand } from "./heroku/backups.ts";
import { isRefused } from "./heroku/api-error.ts";
import { readDatabaseInfo } from "./heroku/database-info.ts";
import type { TargetDatabase } from "./heroku/resolve-database.ts";
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

interface SecureRequest {
  isEmpty: boolean;
  /** A safety backup that an earlier attempt began, of the same content. */
  adopt?: string;
  onStarted: (uuid: string) => Promise<void>;
}

/** Backs the target up where it holds anything, by Heroku's own backup or, on plans that have it, its rollback. */
export async function secureTarget(
  run: Run,
  { heroku, database }: Pick<Parties, "heroku" | "database">,
  { isEmpty, adopt, onStarted }: SecureRequest,
): Promise<WayBack> {
  const { safetyBackup } = run.inputs.heroku;
  if (safetyBackup === "never" || (safetyBackup === "auto" && isEmpty)) return { command: undefined };
  const info = await readDatabaseInfo(heroku, database, { signal: run.signal });
  if (safetyBackup === "auto" && info.hasRollback) return { command: rollbackCommand(database, run.inputs.heroku.app) };
  const uuid = adopt ?? (await startSafetyBackup(run, { heroku, database }, onStarted));
  const { transfer } = await waitForTransfer(heroku, database, uuid, waitOptions(run, undefined, "safety-backup"));
  if (transfer.state !== "succeeded") {
    throw new MigrationError(`Heroku's safety backup ${transfer.name} of the target failed.`, {
      code: "SAFETY_BACKUP_FAILED",
      hint: `The target is as it was. Read heroku pg:backups:info ${transfer.name} --app ${database.billingApp.name}, or set safety-backup to never if its content is worthless.`,
    });
  }
  return {
    safetyBackup: { number: transfer.number, bytes: transfer.processedBytes },
    command: restoreCommand(database, transfer.name),
  };
}

async function startSafetyBackup(
  run: Run,
  { heroku, database }: Pick<Parties, "heroku" | "database">,
  onStarted: (uuid: string) => Promise<void>,
): Promise<string> {
  const { transfer } = await startBackup(heroku, database, { signal: run.signal, log: run.log });
  await onStarted(transfer.uuid);
  run.log.info(`Heroku backs the target's old content up: ${transfer.name}.`);
  return transfer.uuid;
}

/** A new database with the content of that moment (Heroku Dev Center, "Heroku Postgres Rollback"). */
function rollbackCommand({ plan, addonName }: TargetDatabase, app: string): string {
  const moment = `${new Date().toISOString().slice(0, 19).replace("T", " ")}+00:00`;
  return `heroku addons:create heroku-postgresql:${plan.name} --app ${app} -- --rollback ${addonName} --to '${moment}'`;
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
  if (request.adopt !== undefined) run.report.targetState = stateAfterWipe(request.wayBack);
  const started =
    request.adopt === undefined
      ? await start(run, { heroku, database }, request)
      : { uuid: request.adopt, adopted: true };
  const ended = await followTransfer(run, { heroku, database }, started.uuid, request.archiveBytes);
  await run.state.clear("transfer");
  run.report.targetState = stateAfterEnd(ended.transfer.state === "succeeded", request.wayBack);
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
  const { targetState: before } = run.report;
  const onSending = async (highestNumber: number): Promise<void> => {
    await request.onSending(highestNumber);
    run.report.targetState = stateAfterWipe(request.wayBack);
  };
  const options = { signal: run.signal, log: run.log, onSending };
  const { transfer, adopted } = await startRestore(heroku, database, request.url, [], options).catch(
    (error: unknown) => {
      if (isRefused(error)) run.report.targetState = before ?? "The target has not been touched.";
      throw error;
    },
  );
  await rememberTransfer(run, transfer.uuid, database.billingApp.id);
  await request.onStarted({ uuid: transfer.uuid, number: transfer.number });
  run.log.info(`Heroku restores: transfer ${transfer.name}${adopted ? ", found after its answer was lost" : ""}.`);
  return { uuid: transfer.uuid, adopted };
}

/** Heroku restores already: that the disk is full now is no reason to stop watching. */
async function rememberTransfer(run: Run, id: string, app: string): Promise<void> {
  await run.state.set({ transfer: { app, id } }).catch((error: unknown) => run.log.warning(describeError(error)));
}

function stateAfterWipe(wayBack: WayBack): string {
  return `The target has been wiped by the restore and may be incomplete. ${oldContent(wayBack)}`;
}

function stateAfterEnd(succeeded: boolean, wayBack: WayBack): string {
  return succeeded
    ? `Heroku has restored the whole archive, but the target has not been compared with the source. ${oldContent(wayBack)}`
    : stateAfterWipe(wayBack);
}

/** What a run must assume of a target into which an earlier one has begun to restore. */
export function stateAfterEarlierRun(command: string | undefined): string {
  return `An earlier run of this migration has begun to restore into the target: it may be incomplete. ${oldContent({ command })}`;
}

function oldContent({ command }: WayBack): string {
  return command === undefined
    ? "It was empty before, or its content was not to be kept."
    : `Its old content comes back with: ${command}`;
}

/** Of the five seconds after a signal; cleanup cancels again. */
const cancelMs = 3000;

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
      await cancelTransfer(heroku, database, uuid, { signal: AbortSignal.timeout(cancelMs) }).catch(() => false);
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
    stallMs: run.inputs.stallMinutes * 60_000,
    // Three times as long for a worker of Heroku to come: half an hour unless told otherwise.
    pendingMs: 3 * run.inputs.stallMinutes * 60_000,
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
