import { type TransferWithSource, listTransfers } from "../heroku/transfers.ts";
import { type Journal, type RestoreEntry, isRestoreOf } from "../journal.ts";
import type { Parties } from "../parties.ts";
import type { Run } from "../run.ts";

export interface BegunRestore {
  entry: RestoreEntry;
  transfer: TransferWithSource;
  /** Something else was restored into the target since, or it is so long ago that it may have been used since. */
  isReplaced: boolean;
}

/** A restore that an unfinished migration of this target began. */
export async function findBegunRestore(
  run: Run,
  { heroku, database }: Parties,
  { earlier }: Journal,
): Promise<BegunRestore | undefined> {
  const entry = earlier?.completedAt === undefined ? earlier?.restore : undefined;
  if (entry === undefined) return undefined;
  const transfers = await listTransfers(heroku, database, { signal: run.signal });
  const transfer = transfers.find((seen) => isRestoreOf(entry, seen));
  if (transfer === undefined) return undefined;
  const later = transfers.some(
    (seen) => seen.toType === "pg_restore" && seen.number > transfer.number && seen.toName === transfer.toName,
  );
  return { entry, transfer, isReplaced: later || isTooOld(run, entry.startedAt) };
}

/** Whether the target holds this archive's content already: then the archive itself is not needed any more. */
export function holdsArchive(begun: BegunRestore | undefined, archiveKey: string): boolean {
  return (
    begun !== undefined &&
    !begun.isReplaced &&
    begun.entry.archiveKey === archiveKey &&
    begun.transfer.state === "succeeded"
  );
}

export function isTooOld({ inputs }: Run, startedAt: string): boolean {
  return !(Date.now() - Date.parse(startedAt) <= inputs.gateMaxAgeHours * 3_600_000);
}
