import type { GateDocument } from "../gate.ts";
import { findRestore } from "../heroku/start-transfer.ts";
import { readTransfer } from "../heroku/transfers.ts";
import type { Journal, RestoreEntry } from "../journal.ts";
import type { Parties } from "../parties.ts";
import type { RestoreRecord, StageRecord } from "../report.ts";
import { type WayBack, restoreArchive, secureTarget } from "../restore.ts";
import type { Run } from "../run.ts";
import type { Secret } from "../secret.ts";
import type { Archive } from "./archive.ts";

interface SecureRequest {
  run: Run;
  parties: Parties;
  journal: Journal;
  gate: GateDocument;
  record: StageRecord;
}

/** The old content is secured once: a re-run that finds the target half restored must not back that up instead. */
export async function secureOnce({ run, parties, journal, gate, record }: SecureRequest): Promise<WayBack> {
  const earlier = unfinishedRestore(journal);
  if (earlier !== undefined) {
    record.summary = "done by the earlier run";
    return { command: earlier.wayBack };
  }
  const isEmpty = gate.target?.reachable === true && gate.target.isEmpty;
  const wayBack = await secureTarget(run, parties, isEmpty);
  if (wayBack.safetyBackup === undefined) {
    record.outcome = "skipped";
    record.summary =
      wayBack.command === undefined
        ? "the target is empty, or no backup was asked for"
        : "the plan's rollback covers it";
  } else {
    record.summary = `backup ${wayBack.safetyBackup.number} of the target's old content`;
  }
  return wayBack;
}

interface RestoreStep {
  run: Run;
  parties: Parties;
  journal: Journal;
  archive: Archive;
  url: Secret;
  wayBack: WayBack;
}

/** Starts the restore, or follows one of this very archive that an earlier run began. */
export async function restoreOrAdopt({
  run,
  parties,
  journal,
  archive,
  url,
  wayBack,
}: RestoreStep): Promise<RestoreRecord> {
  const adopt = archive.reusedFrom === undefined ? undefined : await findAdoptable(run, parties, journal, url);
  if (adopt !== undefined)
    run.log.info("Heroku has this archive's restore from the earlier run already: it is followed, not started again.");
  let entry: RestoreEntry = {
    highestNumberBefore: 0,
    ...(wayBack.command === undefined ? {} : { wayBack: wayBack.command }),
  };
  const save = async (changes: Partial<RestoreEntry>): Promise<void> => {
    entry = { ...entry, ...changes };
    await journal.write({ restore: entry });
  };
  const record = await restoreArchive(run, parties, {
    url,
    archiveBytes: archive.record.archiveBytes,
    wayBack,
    ...(adopt === undefined ? {} : { adopt }),
    onSending: (highestNumberBefore) => save({ highestNumberBefore }),
    onStarted: ({ uuid }) => save({ transferUuid: uuid }),
  });
  await save({ succeededAt: new Date().toISOString(), transferUuid: record.transferId });
  return record;
}

/** A restore that was begun and whose migration was not completed. */
function unfinishedRestore(journal: Journal): RestoreEntry | undefined {
  const { earlier } = journal;
  return earlier?.completedAt === undefined && earlier?.sourceFingerprint === journal.document.sourceFingerprint
    ? earlier.restore
    : undefined;
}

/** The earlier run's transfer, where it still runs or has succeeded. */
async function findAdoptable(
  run: Run,
  { heroku, database }: Parties,
  journal: Journal,
  url: Secret,
): Promise<string | undefined> {
  const entry = unfinishedRestore(journal);
  if (entry === undefined) return undefined;
  const call = { signal: run.signal };
  const transfer =
    entry.transferUuid === undefined
      ? await findRestore(heroku, database, entry.highestNumberBefore, url, call)
      : (await readTransfer(heroku, database, entry.transferUuid, call)).transfer;
  const isUseful =
    transfer !== undefined &&
    (transfer.state === "succeeded" || transfer.state === "running" || transfer.state === "pending");
  return isUseful ? transfer.uuid : undefined;
}
