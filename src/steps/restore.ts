import type { Claim } from "../claim.ts";
import type { GateDocument } from "../gate.ts";
import { cancelTransfer, listTransfers, type TransferWithSource } from "../heroku/transfers.ts";
import { waitForTransfer } from "../heroku/wait-for-transfer.ts";
import { MigrationError } from "../errors.ts";
import type { Journal, RestoreEntry } from "../journal.ts";
import type { Parties } from "../parties.ts";
import type { RestoreRecord, StageRecord } from "../report.ts";
import { type WayBack, restoreArchive, secureTarget } from "../restore.ts";
import type { Run } from "../run.ts";
import type { Secret } from "../secret.ts";
import type { Archive } from "./archive.ts";
import { findBegunRestore, isTooOld } from "./begun-restore.ts";
import { isTargetEmpty } from "./target-content.ts";

interface SecureRequest {
  run: Run;
  parties: Parties;
  journal: Journal;
  gate: GateDocument;
  archive: Archive;
  record: StageRecord;
}

/**
 * The old content is secured once: a re-run that finds the target half restored must not back that up instead. A restore
 * that had succeeded is another matter: the target may have been used since, and another archive would wipe that.
 */
export async function secureOnce({ run, parties, journal, gate, archive, record }: SecureRequest): Promise<WayBack> {
  const begun = await findBegunRestore(run, parties, journal);
  const isOverwritten = begun?.transfer.state === "succeeded" && begun.entry.archiveKey !== archive.record.archiveKey;
  if (begun !== undefined && !begun.isReplaced && !isOverwritten) {
    record.outcome = "skipped";
    record.summary = "done by the earlier run, before its restore";
    return { command: begun.entry.wayBack };
  }
  const isEmpty = await isTargetEmpty(run, parties, gate);
  const adopt = begun === undefined ? await findUsefulBackup(run, parties, journal) : undefined;
  const startedAt = new Date().toISOString();
  const wayBack = await secureTarget(run, parties, {
    isEmpty,
    ...(adopt === undefined ? {} : { adopt }),
    onStarted: (transferUuid) => journal.note({ backup: { startedAt, transferUuid } }),
  });
  describe(wayBack, record);
  return wayBack;
}

function describe({ safetyBackup, command }: WayBack, record: StageRecord): void {
  if (safetyBackup !== undefined) {
    record.summary = `backup ${safetyBackup.number} of the target's old content`;
    return;
  }
  record.outcome = "skipped";
  record.summary =
    command === undefined ? "the target is empty, or no backup was asked for" : "the plan's rollback covers it";
}

interface RestoreStep {
  run: Run;
  parties: Parties;
  journal: Journal;
  claim: Claim;
  archive: Archive;
  url: Secret;
  wayBack: WayBack;
}

/** Starts the restore, or follows one of this very archive that an earlier run began. */
export async function restoreOrAdopt(step: RestoreStep): Promise<RestoreRecord> {
  const { run, parties, journal, claim, archive, url, wayBack } = step;
  const key = archive.record.archiveKey;
  const adopt = await findAdoptable(step);
  if (adopt === undefined && archive.isRestored === true) throw changedMeanwhile();
  const earlier = journal.document.restore;
  let entry: RestoreEntry =
    adopt === undefined || earlier === undefined
      ? {
          startedAt: new Date().toISOString(),
          archiveKey: key,
          highestNumberBefore: 0,
          ...(wayBack.command === undefined ? {} : { wayBack: wayBack.command }),
        }
      : { ...earlier, transferUuid: adopt };
  const record = await restoreArchive(run, parties, {
    url,
    archiveBytes: archive.record.archiveBytes,
    wayBack,
    ...(adopt === undefined ? {} : { adopt }),
    onSending: async (highestNumberBefore) => {
      entry = { ...entry, highestNumberBefore };
      await journal.write({ restore: entry });
      await claim.assertHeld();
    },
    onStarted: async ({ uuid }) => {
      entry = { ...entry, transferUuid: uuid };
      await journal.note({ restore: entry });
    },
  });
  await journal.note({ restore: { ...entry, transferUuid: record.transferId, succeededAt: new Date().toISOString() } });
  return record;
}

/** The earlier run's transfer, where it still runs or has succeeded. One that still fills the target with another archive is waited for. */
async function findAdoptable({ run, parties, journal, archive }: RestoreStep): Promise<string | undefined> {
  const begun = await findBegunRestore(run, parties, journal);
  if (begun === undefined) return undefined;
  const { entry, transfer, isReplaced } = begun;
  const isUnderWay = transfer.state === "running" || transfer.state === "pending";
  const isOfThisArchive = archive.reusedFrom !== undefined && entry.archiveKey === archive.record.archiveKey;
  if (isOfThisArchive && !isReplaced && (isUnderWay || transfer.state === "succeeded")) {
    run.log.info(
      `Heroku has this archive's restore from the earlier run (${transfer.name}): it is followed, not started again.`,
    );
    return transfer.uuid;
  }
  if (isUnderWay) await outwait(run, parties, transfer);
  return undefined;
}

function changedMeanwhile(): MigrationError {
  return new MigrationError("Something else was restored into the target while this run was looking at it.", {
    code: "TARGET_CHANGED",
    hint: "See heroku pg:backups who did it, then run again.",
  });
}

/** Two restores into one database at a time would mix their contents. */
async function outwait(run: Run, { heroku, database }: Parties, transfer: TransferWithSource): Promise<void> {
  if (run.inputs.heroku.cancelTransfer) {
    run.log.info(`The earlier run's restore ${transfer.name} is of another archive: it is cancelled.`);
    await cancelTransfer(heroku, database, transfer.uuid, { signal: run.signal });
  } else {
    run.log.info(`The earlier run's restore ${transfer.name} is of another archive: it must end first.`);
  }
  const options = { signal: run.signal, log: run.log, stallMs: run.inputs.stallMinutes * 60_000 };
  await waitForTransfer(heroku, database, transfer.uuid, options).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== "TRANSFER_CANCELED") throw error;
  });
}

/** A safety backup of the very content that is there: no restore has begun since. */
async function findUsefulBackup(
  run: Run,
  { heroku, database }: Parties,
  { earlier }: Journal,
): Promise<string | undefined> {
  const backup = earlier?.completedAt === undefined ? earlier?.backup : undefined;
  if (backup?.transferUuid === undefined || isTooOld(run, backup.startedAt)) return undefined;
  const transfers = await listTransfers(heroku, database, { signal: run.signal });
  const transfer = transfers.find(({ uuid }) => uuid === backup.transferUuid);
  return transfer?.state === "running" || transfer?.state === "pending" ? transfer.uuid : undefined;
}
