import { describeError } from "../errors.ts";
import type { DatabaseUrl } from "../postgres/database-url.ts";
import { type SessionOptions, withSession } from "../postgres/session.ts";
import type { DriftRecord } from "../report.ts";
import type { TableId } from "./fingerprint-model.ts";

export interface TableCounter extends TableId {
  inserted: number;
  updated: number;
  deleted: number;
  /** TRUNCATE and a rewrite give a table another file, and no counter counts them. */
  file: number;
}

/** What had been written to a database at one moment, by its own counters. Reading counts nothing. */
export interface TableCounters {
  /** ISO 8601. */
  at: string;
  /** WAL position; null where the role may not ask. */
  lsn: string | null;
  /** The next transaction that will write anywhere on the server gets this number. */
  nextTransaction: string;
  /** Tells two countings apart: the statistics were reset, or lost in a crash. */
  countingSince: string;
  /** Why the counters say nothing, where they do not. */
  problem?: string;
  /** Of the catalogs that hold definitions: a new temporary table counts as well. */
  definitionChanges: number;
  tables: TableCounter[];
}

interface CounterFacts {
  lsn: string | null;
  nextTransaction: string;
  countingSince: string;
  problem: string | null;
  definitionChanges: number;
}

/**
 * Asked in one new session, so that no earlier look at the statistics is repeated. A backend hands its counts over when its
 * transaction ends, but not twice within a second, and then up to ten seconds later (pgstat.c, from 15 on; up to 14 maybe not
 * before its next statement): `nextTransaction` is exact, and says for sure when nothing was written at all.
 */
const factsSql = `
  select
    case when not has_function_privilege('pg_current_wal_lsn()', 'execute') then null
      when pg_is_in_recovery() then pg_last_wal_replay_lsn()::text else pg_current_wal_lsn()::text end as lsn,
    txid_snapshot_xmax(txid_current_snapshot())::text as "nextTransaction",
    concat_ws(' ', pg_postmaster_start_time(), (select stats_reset from pg_stat_database where datname = current_database()))
      as "countingSince",
    case when pg_is_in_recovery() then 'a standby does not count what it replays'
      when not current_setting('track_counts')::bool then 'track_counts is off' end as problem,
    (select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) from pg_stat_sys_tables
      where schemaname = 'pg_catalog' and relname in ('pg_class', 'pg_attribute', 'pg_attrdef', 'pg_constraint', 'pg_proc', 'pg_type',
        'pg_enum', 'pg_trigger', 'pg_rewrite', 'pg_policy', 'pg_index', 'pg_description', 'pg_namespace'))::int8 as "definitionChanges"`;

/** Without what an extension keeps for itself, which no dump carries. Large objects are rows of a catalog. */
const tablesSql = `
  select s.schemaname as schema, s.relname as "table", s.n_tup_ins as inserted, s.n_tup_upd as updated, s.n_tup_del as deleted,
    coalesce(pg_relation_filenode(s.relid), 0)::int8 as file
  from pg_stat_all_tables s
  where s.schemaname !~ '^pg_' and s.schemaname <> 'information_schema'
    and not exists (
      select from pg_depend d join pg_extension e on e.oid = d.refobjid
      where d.classid = 'pg_class'::regclass and d.objid = s.relid and d.deptype = 'e'
        and not s.relid = any (coalesce(e.extconfig, '{}')))
    or s.schemaname = 'pg_catalog' and s.relname in ('pg_largeobject', 'pg_largeobject_metadata')
  order by s.schemaname, s.relname`;

/** A moment without counters says why in `problem`; only an abort is thrown. */
export async function readCounters(url: DatabaseUrl, options: Partial<SessionOptions> = {}): Promise<TableCounters> {
  const session: SessionOptions = {
    applicationName: "migrate-to-heroku-postgres counters",
    side: "source",
    ...options,
  };
  const at = new Date().toISOString();
  try {
    return await withSession(url, session, async (opened) => {
      const { problem, ...facts } = await opened.row<CounterFacts>(factsSql);
      const tables = await opened.rows<TableCounter>(tablesSql);
      return { at, ...facts, tables, ...(problem === null ? {} : { problem }) };
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    const nothing = { lsn: null, nextTransaction: "", countingSince: "", definitionChanges: 0, tables: [] };
    return { at, ...nothing, problem: describeError(error) };
  }
}

export interface CounterComparison {
  /** Only tables that were written to, those with most changes first. */
  tables: DriftRecord["tables"];
  /** False where writes may have gone uncounted: `problem` says why. */
  isComplete: boolean;
  problem?: string;
  /** A definition was changed, or a temporary table made. */
  definitionsChanged: boolean;
}

/** What was written between two moments. */
export function compareCounters(before: TableCounters, after: TableCounters): CounterComparison {
  const isUntouched = before.nextTransaction !== "" && before.nextTransaction === after.nextTransaction;
  if (isUntouched) return { tables: [], isComplete: true, definitionsChanged: false };
  const problem = before.problem ?? after.problem ?? resetProblem(before, after);
  if (problem !== undefined) return { tables: [], isComplete: false, problem, definitionsChanged: false };
  const earlier = new Map(before.tables.map((counter) => [keyOf(counter), counter]));
  const tables = after.tables.map((counter) => changeSince(earlier.get(keyOf(counter)), counter));
  const gone = listGone(before, after);
  return {
    tables: [...tables, ...gone].filter(isChanged).toSorted((a, b) => sumOf(b) - sumOf(a)),
    isComplete: true,
    definitionsChanged: before.definitionChanges !== after.definitionChanges,
  };
}

function resetProblem(before: TableCounters, after: TableCounters): string | undefined {
  return before.countingSince === after.countingSince ? undefined : "the server's statistics were reset in between";
}

function keyOf({ schema, table }: TableId): string {
  return JSON.stringify([schema, table]);
}

type Change = DriftRecord["tables"][number];

/** A table that is new since has written all its rows since. */
function changeSince(before: TableCounter | undefined, after: TableCounter): Change {
  const isRewritten = before !== undefined && before.file !== after.file;
  return {
    schema: after.schema,
    table: after.table,
    inserted: after.inserted - (before?.inserted ?? 0),
    updated: after.updated - (before?.updated ?? 0),
    deleted: after.deleted - (before?.deleted ?? 0),
    ...(isRewritten ? { rewritten: true } : {}),
  };
}

/** Dropped since: its rows are in the snapshot and no longer in the source. */
function listGone(before: TableCounters, after: TableCounters): Change[] {
  const now = new Set(after.tables.map(keyOf));
  return before.tables
    .filter((counter) => !now.has(keyOf(counter)))
    .map(({ schema, table }) => ({ schema, table, inserted: 0, updated: 0, deleted: 0, rewritten: true }));
}

function isChanged(change: Change): boolean {
  return sumOf(change) !== 0 || change.rewritten === true;
}

function sumOf({ inserted, updated, deleted }: Change): number {
  return inserted + updated + deleted;
}

export interface DriftMoment {
  /** In words: `snapshot`, `end of dump`, `end of verification`. */
  moment: string;
  counters: TableCounters;
}

/** What is not migrated may be written to. */
export interface DriftExclusions {
  excludeSchemas?: readonly string[];
  excludeTableData?: readonly TableId[];
}

/** The record of all moments; what changed is what changed between the first and the last. */
export function describeDrift(
  moments: readonly DriftMoment[],
  accepted: boolean,
  { excludeSchemas = [], excludeTableData = [] }: DriftExclusions = {},
): DriftRecord {
  const positions = moments.map(({ moment, counters }) => ({ at: counters.at, moment, lsn: counters.lsn }));
  const [first, last] = [moments.at(0), moments.at(-1)];
  if (first === undefined || last === undefined)
    return { positions, tables: [], unavailable: "nothing was counted", accepted };
  const { tables, problem } = compareCounters(first.counters, last.counters);
  const excluded = new Set(excludeTableData.map(keyOf));
  const migrated = tables.filter((table) => !excludeSchemas.includes(table.schema) && !excluded.has(keyOf(table)));
  return { positions, tables: migrated, accepted, ...(problem === undefined ? {} : { unavailable: problem }) };
}
