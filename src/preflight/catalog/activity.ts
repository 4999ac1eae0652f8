import type { Session } from "../../postgres/session.ts";

/** Counters of what has been written to the database. */
export interface Activity {
  at: Date;
  rowsWritten: number;
  transactions: number;
  /** Null where the server does not tell (Aurora). */
  walPosition: string | null;
}

const query = `
  select clock_timestamp()::text as at, tup_inserted + tup_updated + tup_deleted as "rowsWritten",
         xact_commit + xact_rollback as transactions
    from pg_stat_database where datname = current_database()`;

const walPositionQuery = `
  select (case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end)::text`;

export async function readActivity(session: Session): Promise<Activity> {
  const counters = await session.row<{ at: string; rowsWritten: number; transactions: number }>(query);
  const walPosition = await session.value<string>(walPositionQuery).catch(() => null);
  return { ...counters, at: new Date(counters.at), walPosition };
}
