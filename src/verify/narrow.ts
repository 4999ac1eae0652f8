import { describeError } from "../errors.ts";
import { listNames, plural } from "../format.ts";
import type { Session } from "../postgres/session.ts";
import type { Difference } from "../report.ts";
import type { HashMethod } from "./fingerprint-model.ts";
import { type NarrowedTable, type Region, firstRegion, readKeyColumns } from "./narrow-regions.ts";
import { type Bucket, type KeyedRow, bucketsSql, rowsSql } from "./narrow-sql.ts";
import type { SessionPool } from "./session-pool.ts";

export interface NarrowSides {
  source: SessionPool;
  target: SessionPool;
}

export interface NarrowLimits {
  maxKeys: number;
  /** For one table. */
  timeoutMs: number;
}

const defaultLimits: NarrowLimits = { maxKeys: 20, timeoutMs: 120_000 };
/** Few enough to be compared row by row. */
const listableRows = 2_000;
/** Of many differing regions only some are followed: they name enough rows. */
const followedRegions = 4;
const maxLevels = 8;

/**
 * Finds the keys of rows that differ, by key range where the key is an integer, else by hash bucket, and adds them to the
 * difference. Only keys are read, never another value. What cannot be narrowed stays as it is, with a note.
 */
export async function narrowDifference(
  difference: Difference,
  table: NarrowedTable,
  method: HashMethod,
  sides: NarrowSides,
  limits: NarrowLimits = defaultLimits,
): Promise<void> {
  try {
    const deadline = Date.now() + limits.timeoutMs;
    const found = await new Narrowing(table, method, sides, deadline).run();
    describeRows(difference, found, limits.maxKeys);
  } catch (error) {
    sides.source.signal.throwIfAborted();
    difference.detail += `; the rows could not be narrowed down: ${describeError(error)}`;
  }
}

interface DifferingRows {
  keys: string[];
  sourceOnly: number;
  targetOnly: number;
  changed: number;
  isComplete: boolean;
}

class Narrowing {
  readonly #table: NarrowedTable;
  readonly #method: HashMethod;
  readonly #sides: NarrowSides;
  readonly #deadline: number;

  constructor(table: NarrowedTable, method: HashMethod, sides: NarrowSides, deadline: number) {
    this.#table = table;
    this.#method = method;
    this.#sides = sides;
    this.#deadline = deadline;
  }

  async run(): Promise<DifferingRows> {
    const keyColumns = await this.#on("source", (session) => readKeyColumns(session, this.#table));
    const [source, target] = await this.#both((session) => firstRegion(session, this.#table, keyColumns));
    let regions: Region[] = [source.joinedWith(target)];
    let isComplete = true;
    for (let level = 0; level < maxLevels; level += 1) {
      const differing = (await Promise.all(regions.map((region) => this.#differingParts(region)))).flat();
      const rows = differing.reduce((sum, part) => sum + part.rows, 0);
      isComplete &&= differing.length <= followedRegions || rows <= listableRows;
      const followed = rows <= listableRows ? differing : differing.slice(0, followedRegions);
      regions = followed.map((part) => part.region);
      if (
        followed.reduce((sum, part) => sum + part.rows, 0) <= listableRows ||
        followed.every((part) => !part.region.canSplit)
      )
        break;
    }
    return { ...(await this.#compareRows(regions)), isComplete };
  }

  async #differingParts(region: Region): Promise<{ region: Region; rows: number }[]> {
    const [source, target] = await this.#both((session) =>
      session.rows<Bucket>(bucketsSql(this.#table, region, this.#method)),
    );
    const targets = new Map(target.map((bucket) => [bucket.bucket, bucket]));
    const sources = new Map(source.map((bucket) => [bucket.bucket, bucket]));
    const numbers = [...new Set([...sources.keys(), ...targets.keys()])].toSorted((a, b) => a - b);
    return numbers
      .filter((number) => !isSameBucket(sources.get(number), targets.get(number)))
      .map((number) => ({
        region: region.part(number),
        rows: Math.max(sources.get(number)?.rows ?? 0, targets.get(number)?.rows ?? 0),
      }));
  }

  async #compareRows(regions: readonly Region[]): Promise<Omit<DifferingRows, "isComplete">> {
    const result = { keys: [] as string[], sourceOnly: 0, targetOnly: 0, changed: 0 };
    for (const region of regions) {
      const sql = rowsSql(this.#table, region, this.#method, listableRows * 2);
      const [source, target] = await this.#both((session) => session.rows<KeyedRow>(sql));
      addDifferingRows(source, target, region.hasKey, result);
    }
    return result;
  }

  async #both<T>(read: (session: Session) => Promise<T>): Promise<[T, T]> {
    return await Promise.all([this.#on("source", read), this.#on("target", read)]);
  }

  async #on<T>(side: keyof NarrowSides, read: (session: Session) => Promise<T>): Promise<T> {
    const leftMs = Math.max(1, this.#deadline - Date.now());
    return await this.#sides[side].read("narrowing a difference", async (session) => {
      await session.execute(`set statement_timeout = ${Math.ceil(leftMs)}`);
      return await read(session);
    });
  }
}

function isSameBucket(a: Bucket | undefined, b: Bucket | undefined): boolean {
  return a?.rows === b?.rows && a?.first === b?.first && a?.second === b?.second;
}

/** Rows that both sides have are taken out; what is left on one side only, by key, was added, lost or changed. */
function addDifferingRows(
  source: readonly KeyedRow[],
  target: readonly KeyedRow[],
  hasKey: boolean,
  result: Omit<DifferingRows, "isComplete">,
): void {
  const onlySource = subtract(source, target);
  const onlyTarget = subtract(target, source);
  const targetKeys = new Set(onlyTarget.map((row) => row.key));
  const sourceKeys = new Set(onlySource.map((row) => row.key));
  for (const { key } of onlySource) {
    const isChanged = hasKey && targetKeys.has(key);
    if (isChanged) result.changed += 1;
    else result.sourceOnly += 1;
    result.keys.push(isChanged ? key : `${key} (source only)`);
  }
  for (const { key } of onlyTarget) {
    if (hasKey && sourceKeys.has(key)) continue;
    result.targetOnly += 1;
    result.keys.push(`${key} (target only)`);
  }
}

function subtract(rows: readonly KeyedRow[], others: readonly KeyedRow[]): KeyedRow[] {
  const left = new Map<string, number>();
  for (const { content } of others) left.set(content, (left.get(content) ?? 0) + 1);
  return rows.filter(({ content }) => {
    const count = left.get(content) ?? 0;
    if (count > 0) left.set(content, count - 1);
    return count === 0;
  });
}

function describeRows(difference: Difference, rows: DifferingRows, maxKeys: number): void {
  const counts = [
    [rows.changed, "changed"],
    [rows.sourceOnly, "only on the source"],
    [rows.targetOnly, "only on the target"],
  ] as const;
  const parts = counts.filter(([count]) => count > 0).map(([count, what]) => `${plural(count, "row")} ${what}`);
  const scope = rows.isComplete ? "" : "at least ";
  if (parts.length > 0) difference.detail += `; ${scope}${listNames(parts)}`;
  if (rows.keys.length > 0) difference.keys = rows.keys.slice(0, maxKeys);
}
