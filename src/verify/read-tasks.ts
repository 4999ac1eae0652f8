import { messageOf } from "../errors.ts";
import type { Session } from "../postgres/session.ts";
import { sqlStateOf } from "../postgres/snapshot.ts";
import { isTransient } from "../retry.ts";
import type { HashMethod } from "./fingerprint-model.ts";
import type { ReadSums } from "./row-hash.ts";
import type { SessionPool } from "./session-pool.ts";
import { type PageRange, type ReadableTable, cutTable, sumsSql } from "./tables.ts";

/** A range of a table, or a whole one. */
export interface ReadItem {
  table: ReadableTable;
  range: PageRange | undefined;
}

/** What one session reads in one statement: a slice of a big table, or many small tables. */
export interface ReadTask {
  items: ReadItem[];
  bytes: number;
}

export type ReadOutcome = ReadItem & (ReadSums | { unread: string });

/** Small tables share a statement until they reach this much: a round trip for each of thousands would cost more than their rows. */
const batchBytes = 8 * 1024 * 1024;
const batchItems = 50;

export interface TaskOptions {
  sliceBytes: number;
  /** Ranges of pages are worth it from PostgreSQL 14 on. */
  canSlice: boolean;
}

/** Largest first, so that no session is left alone with a big table at the end. */
export function planReadTasks(tables: readonly ReadableTable[], { sliceBytes, canSlice }: TaskOptions): ReadTask[] {
  const tasks: ReadTask[] = [];
  for (const table of tables.toSorted((a, b) => b.bytes - a.bytes)) {
    const ranges = canSlice && table.condition === null ? cutTable(table, sliceBytes) : [undefined];
    const bytes = Math.floor(table.bytes / ranges.length);
    for (const range of ranges) addItem(tasks, { table, range }, bytes);
  }
  return tasks;
}

function addItem(tasks: ReadTask[], item: ReadItem, bytes: number): void {
  const last = tasks.at(-1);
  if (last !== undefined && last.items.length < batchItems && last.bytes + bytes <= batchBytes) {
    last.items.push(item);
    last.bytes += bytes;
  } else {
    tasks.push({ items: [item], bytes });
  }
}

/** A table that cannot be read spoils its statement: then each is read for itself, and that one says why. */
export async function readTask(pool: SessionPool, task: ReadTask, method: HashMethod | null): Promise<ReadOutcome[]> {
  try {
    return await pool.read(whatIsRead(task), (session) => readItems(session, task.items, method));
  } catch (error) {
    if (sqlStateOf(error) === undefined || isTransient(error)) throw error;
    const [first] = task.items;
    if (first !== undefined && task.items.length === 1) return [{ ...first, unread: messageOf(error) }];
    const outcomes: ReadOutcome[] = [];
    for (const item of task.items) outcomes.push(...(await readTask(pool, { items: [item], bytes: 0 }, method)));
    return outcomes;
  }
}

function whatIsRead({ items }: ReadTask): string {
  const [first] = items;
  return items.length === 1 ? `reading ${first?.table.schema}.${first?.table.table}` : `reading ${items.length} tables`;
}

interface SumsRow {
  item: number;
  rows: number;
  first: string | null;
  second: string | null;
}

async function readItems(
  session: Session,
  items: readonly ReadItem[],
  method: HashMethod | null,
): Promise<ReadOutcome[]> {
  const sql = items.map(({ table, range }, index) => sumsSql(index, table, range, method)).join("\nunion all ");
  const rows = await session.rows<SumsRow>(sql);
  return rows.map(({ item, rows: count, first, second }) => ({
    ...(items[item] as ReadItem),
    rows: count,
    hash: first === null || second === null ? null : [first, second],
  }));
}
