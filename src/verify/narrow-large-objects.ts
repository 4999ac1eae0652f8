import { describeError } from "../errors.ts";
import { plural } from "../format.ts";
import type { Difference } from "../report.ts";
import type { HashMethod } from "./fingerprint-model.ts";
import { largeObjectSumsSql } from "./large-objects.ts";
import type { NarrowSides } from "./narrow.ts";

interface KeyedSums {
  key: number;
  content: string;
}

const buckets = 1024;
const followedBuckets = 8;
const maxKeys = 20;

/** Adds the OIDs of differing large objects to the difference: they are read a second time, by buckets of their OIDs. */
export async function narrowLargeObjects(
  difference: Difference,
  method: HashMethod,
  sides: NarrowSides,
): Promise<void> {
  try {
    const differing = await listDiffering(largeObjectSumsSql(method, buckets), sides);
    const followed = differing.slice(0, followedBuckets);
    const oids: number[] = [];
    for (const bucket of followed)
      oids.push(...(await listDiffering(largeObjectSumsSql(method, buckets, bucket), sides)));
    const scope = followed.length < differing.length ? "at least " : "";
    difference.detail += `; ${scope}${plural(oids.length, "object")} differ`;
    difference.keys = oids.slice(0, maxKeys).map((oid) => `oid ${oid}`);
  } catch (error) {
    sides.source.signal.throwIfAborted();
    difference.detail += `; the objects could not be narrowed down: ${describeError(error)}`;
  }
}

async function listDiffering(sql: string, { source, target }: NarrowSides): Promise<number[]> {
  const [one, two] = await Promise.all(
    [source, target].map((pool) => pool.read("narrowing a difference", (session) => session.rows<KeyedSums>(sql))),
  );
  const [before, after] = [one, two].map((rows) => new Map((rows ?? []).map(({ key, content }) => [key, content])));
  const keys = new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])]);
  return [...keys].filter((key) => before?.get(key) !== after?.get(key)).toSorted((a, b) => a - b);
}
