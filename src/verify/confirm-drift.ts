import type { DatabaseUrl } from "../postgres/database-url.ts";
import type { DriftRecord } from "../report.ts";
import { mapLimited } from "../workers.ts";
import { tableKey } from "./compare-model.ts";
import type { Fingerprint } from "./fingerprint-model.ts";
import { type ReadOutcome, planReadTasks, readTask } from "./read-tasks.ts";
import { type ReadSums, addSums } from "./row-hash.ts";
import { SessionPool } from "./session-pool.ts";
import { listReadableTables } from "./tables.ts";
import { type VerifyOptions, withOwnSnapshot } from "./verify.ts";

/** A table that was written to is read once more; a bigger one than this stays suspect on its counters' word. */
const defaultMaxBytes = 2 * 1024 ** 3;

/**
 * Counters are handed over late, by an idle session up to ten seconds after its transaction, so that writes from before the
 * snapshot may be counted after it. The tables in question are read as they are now: one that still has the very rows of
 * the fingerprint was not written to. Without a full fingerprint nothing can be told, and the record stays as it is.
 */
export async function confirmDrift(
  drift: DriftRecord,
  source: Fingerprint,
  url: DatabaseUrl,
  options: VerifyOptions & { maxBytes?: number },
): Promise<DriftRecord> {
  if (drift.tables.length === 0 || source.kind !== "full") return drift;
  const now = await readTables(drift.tables, source, url, options);
  const before = new Map(source.tables.map((table) => [tableKey(table), table]));
  const isSame = (key: string): boolean => {
    const [then, current] = [before.get(key), now.get(key)];
    return (
      then?.hash !== undefined &&
      then.hash !== null &&
      then.rows === current?.rows &&
      String(then.hash) === String(current.hash)
    );
  };
  return { ...drift, tables: drift.tables.filter((table) => !isSame(tableKey(table))) };
}

async function readTables(
  suspects: DriftRecord["tables"],
  source: Fingerprint,
  url: DatabaseUrl,
  options: VerifyOptions & { maxBytes?: number },
): Promise<Map<string, ReadSums>> {
  const keys = new Set(suspects.map(tableKey));
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
  return await withOwnSnapshot(url, "source", options, async (open) => {
    await using pool = new SessionPool(open, options);
    const listed = await pool.read("listing tables", listReadableTables);
    const wanted = listed.filter((table) => keys.has(tableKey(table)) && table.bytes <= maxBytes);
    const tasks = planReadTasks(wanted, { sliceBytes: Infinity, canSlice: false });
    const outcomes = await mapLimited(
      tasks,
      options.jobs,
      (task) => readTask(pool, task, source.hashMethod),
      pool.signal,
    );
    return new Map(
      outcomes
        .flat()
        .filter(isRead)
        .map((outcome) => [tableKey(outcome.table), addSums([outcome])]),
    );
  });
}

function isRead(outcome: ReadOutcome): outcome is ReadOutcome & ReadSums {
  return !("unread" in outcome);
}
