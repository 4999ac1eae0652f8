import { formatCount } from "../format.ts";
import { type Log, silentLog } from "../log.ts";
import { mapLimited } from "../workers.ts";
import { type LeftBehind, leftBehindSql, readCatalogClass } from "./catalog-objects.ts";
import { catalogClasses } from "./catalog/classes.ts";
import type { CompareOptions } from "./compare-model.ts";
import type {
  CatalogObject,
  Fingerprint,
  FingerprintKind,
  HashMethod,
  LargeObjects,
  SequenceValue,
  TableContent,
  TableId,
} from "./fingerprint-model.ts";
import { LeftOut } from "./left-out.ts";
import { readLargeObjects } from "./large-objects.ts";
import { type ReadOutcome, type ReadTask, planReadTasks, readTask } from "./read-tasks.ts";
import { type ReadSums, addSums, probeHashMethod } from "./row-hash.ts";
import { readSequenceValues } from "./sequence-values.ts";
import { type OpenSession, SessionPool } from "./session-pool.ts";
import { type ReadableTable, listReadableTables } from "./tables.ts";

/** Rows of what is left out are not read; its objects are, and `compareFingerprints` leaves them out. */
export interface FingerprintOptions extends Pick<CompareOptions, "leftOut" | "excludeSchemas" | "excludeTableData"> {
  kind: FingerprintKind;
  /** Sessions that read at the same time. */
  jobs: number;
  signal: AbortSignal;
  log?: Log;
  /** Before the counts in a progress line, e.g. `source`. */
  label?: string;
  inDumpSnapshot?: boolean;
  /** The other side's; absent, the quickest that a target on Heroku will reproduce. */
  hashMethod?: HashMethod;
  /** A bigger table is read by several sessions, in ranges of pages. */
  sliceBytes?: number;
}

const defaultSliceBytes = 256 * 1024 * 1024;

/**
 * Reads one side as plain data. `openSession` gives sessions inside one snapshot; where they come from, a dump's or the
 * moment's own, is the caller's to decide. What cannot be read is named in the result; a connection that stays lost is
 * thrown.
 *
 * @throws MigrationError when the snapshot is gone or the server no longer answers
 */
export async function readFingerprint(openSession: OpenSession, options: FingerprintOptions): Promise<Fingerprint> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  await using pool = new SessionPool(openSession, { signal, log: options.log ?? silentLog });
  const startedAt = new Date();
  try {
    const content = await readAll(pool, options);
    return { ...content, takenAt: startedAt.toISOString(), seconds: (Date.now() - startedAt.getTime()) / 1000 };
  } catch (error) {
    stop.abort(error);
    throw error;
  }
}

interface ServerFacts {
  majorVersion: number;
  encoding: string;
  collation: string;
}

const serverFactsSql = `
  select current_setting('server_version_num')::int / 10000 as "majorVersion", pg_encoding_to_char(d.encoding) as encoding,
    concat_ws(' ', d.datcollate, d.datctype) as collation
  from pg_database d where d.datname = current_database()`;

async function readAll(
  pool: SessionPool,
  options: FingerprintOptions,
): Promise<Omit<Fingerprint, "takenAt" | "seconds">> {
  const facts = await pool.read("reading the server's version", (session) => session.row<ServerFacts>(serverFactsSql));
  const probed = await pool.read("probing the hash", (session) => probeHashMethod(session, facts.majorVersion));
  const hashMethod = options.hashMethod ?? probed;
  const left = await pool.read("counting what is left behind", (session) => session.row<LeftBehind>(leftBehindSql));
  const listed = await pool.read("listing tables", listReadableTables);
  const rowMethod = options.kind === "full" ? hashMethod : null;
  const tableReading = planTables(pool, listed, { ...options, method: rowMethod, canSlice: facts.majorVersion >= 14 });
  let catalog: Awaited<ReturnType<typeof readCatalog>> = { objects: [], unreadClasses: [] };
  let sequences: SequenceValue[] = [];
  let largeObjects: LargeObjects = { count: 0, bytes: 0, hash: null };
  const work = [
    async () => void (catalog = await readCatalog(pool, facts.majorVersion)),
    async () => void (sequences = await readSequenceValues(pool)),
    async () => void (largeObjects = await readLargeObjects(pool, rowMethod)),
    ...tableReading.work,
  ];
  await mapLimited(work, options.jobs, (read) => read(), pool.signal);
  const tables = tableReading.contents();
  const { kind, inDumpSnapshot = false } = options;
  return { version: 1, kind, inDumpSnapshot, ...facts, hashMethod, left, ...catalog, tables, sequences, largeObjects };
}

async function readCatalog(
  pool: SessionPool,
  majorVersion: number,
): Promise<Pick<Fingerprint, "objects" | "unreadClasses">> {
  const objects: CatalogObject[] = [];
  const unreadClasses: Fingerprint["unreadClasses"] = [];
  for (const catalogClass of catalogClasses) {
    const { objects: found, unread } = await readCatalogClass(pool, catalogClass, majorVersion);
    for (const object of found) objects.push(object);
    if (unread !== undefined) unreadClasses.push({ object: catalogClass.object, reason: unread });
  }
  return { objects, unreadClasses };
}

interface TableReading extends FingerprintOptions {
  method: HashMethod | null;
  canSlice: boolean;
}

/** Work that reads the tables, to be done in any order, and what it found. */
function planTables(
  pool: SessionPool,
  listed: readonly ReadableTable[],
  options: TableReading,
): { work: (() => Promise<void>)[]; contents: () => TableContent[] } {
  const leftOut = new LeftOut(options);
  const isWanted = (table: TableId): boolean =>
    !leftOut.isTableLeftOut(table) && leftOut.reasonForRows(table) === undefined;
  const wanted = options.kind === "schema" ? [] : listed.filter(isWanted);
  const { sliceBytes = defaultSliceBytes, canSlice } = options;
  const tasks = planReadTasks(wanted, { sliceBytes, canSlice });
  const report = progressOf(tasks, options);
  const outcomes: ReadOutcome[] = [];
  const work = tasks.map((task) => async (): Promise<void> => {
    outcomes.push(...(await readTask(pool, task, options.method)));
    report(task);
  });
  const contents = (): TableContent[] => {
    const byTable = Map.groupBy(outcomes, (outcome) => outcome.table);
    return listed.map((table) => toContent(table, byTable.get(table)));
  };
  return { work, contents };
}

function progressOf(
  tasks: readonly ReadTask[],
  { log = silentLog, label }: FingerprintOptions,
): (task: ReadTask) => void {
  const total = tasks.reduce((sum, task) => sum + task.bytes, 0);
  const items = tasks.reduce((sum, task) => sum + task.items.length, 0);
  let done = 0;
  let read = 0;
  return (task) => {
    done += task.bytes;
    read += task.items.length;
    const counts = `${formatCount(read)} of ${formatCount(items)} tables and slices`;
    log.progress({
      stage: "verify",
      done,
      total,
      unit: "bytes",
      detail: label === undefined ? counts : `${label}: ${counts}`,
    });
  };
}

function toContent(table: ReadableTable, outcomes: readonly ReadOutcome[] = []): TableContent {
  const { pages: _pages, condition, hashRoot, ...rest } = table;
  const content = {
    ...rest,
    ...(condition === null ? {} : { condition }),
    ...(hashRoot === null ? {} : { hashRoot }),
  };
  const sums: ReadSums[] = [];
  for (const outcome of outcomes) {
    if ("unread" in outcome) return { ...content, rows: null, hash: null, unread: outcome.unread };
    sums.push(outcome);
  }
  return { ...content, ...(sums.length === 0 ? { rows: null, hash: null } : addSums(sums)) };
}
