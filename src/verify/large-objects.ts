import { messageOf } from "../errors.ts";
import type { Session } from "../postgres/session.ts";
import { sqlStateOf } from "../postgres/snapshot.ts";
import { isTransient } from "../retry.ts";
import type { HashMethod, LargeObjects } from "./fingerprint-model.ts";
import { type ReadSums, addSums, textHash } from "./row-hash.ts";
import type { SessionPool } from "./session-pool.ts";

/** Large objects are told apart by OID: their OID is their name, and a restore keeps it. */
export interface LargeObjectRange {
  from: number;
  to: number;
}

const objectsPerRange = 500;

/** The last OID of every few hundred objects. */
const listRangesSql = `
  select min(oid)::int8 as "from", max(oid)::int8 as "to"
  from (select oid, (row_number() over (order by oid) - 1) / ${objectsPerRange} as part from pg_largeobject_metadata) as parts
  group by part order by 1`;

/** Much smaller than the gigabyte that a value may have, as an object may have 4 TB. */
const chunkBytes = 1024 * 1024;

/**
 * Each object in chunks through lo_get, which whoever may read the object may call; pg_largeobject itself is the
 * superuser's. A chunk's hash has the object's OID and the chunk's number in it.
 */
function chunksSql(where: string): string {
  return `
    select o.oid::int8 as oid, chunk.number, length(chunk.data)::int8 as bytes,
      o.oid || ' ' || chunk.number || ' ' || encode(chunk.data, 'hex') as text
    from pg_largeobject_metadata o
    cross join lateral (
      with recursive chunks(number, data) as (
        select 0::int8, lo_get(o.oid, 0, ${chunkBytes})
        union all
        select number + 1, lo_get(o.oid, (number + 1) * ${chunkBytes}, ${chunkBytes}) from chunks
        where length(data) = ${chunkBytes})
      select * from chunks) as chunk
    where ${where}`;
}

/** Sums per object of those whose OID is in `bucket` of `buckets`, or per bucket where none is given. */
export function largeObjectSumsSql(method: HashMethod, buckets: number, bucket?: number): string {
  const where = bucket === undefined ? "true" : `o.oid::int8 % ${buckets} = ${bucket}`;
  return `
    select ${bucket === undefined ? `oid % ${buckets}` : "oid"} as key,
      concat_ws(' ', count(*), sum(bytes), sum(${textHash("text", method, 0)}), sum(${textHash("text", method, 1)})) as content
    from (${chunksSql(where)} offset 0) as hashed
    group by 1 order by 1`;
}

function sumsSql(method: HashMethod, range: LargeObjectRange): string {
  return `
    select count(distinct oid)::int8 as rows, coalesce(sum(bytes), 0)::int8 as bytes,
      coalesce(sum(${textHash("text", method, 0)}), 0)::text as first, coalesce(sum(${textHash("text", method, 1)}), 0)::text as second
    from (${chunksSql(`o.oid between ${range.from} and ${range.to}`)} offset 0) as hashed`;
}

export async function listLargeObjectRanges(session: Session): Promise<LargeObjectRange[]> {
  return await session.rows<LargeObjectRange>(listRangesSql);
}

/** Count, bytes and hash of all of them, or the reason why one could not be read. */
export async function readLargeObjects(pool: SessionPool, method: HashMethod | null): Promise<LargeObjects> {
  const count = await pool.read("counting large objects", (session) =>
    session.value<number>("select count(*)::int8 from pg_largeobject_metadata"),
  );
  if (method === null || count === 0) return { count, bytes: 0, hash: count === 0 ? ["0", "0"] : null };
  const ranges = await pool.read("listing large objects", listLargeObjectRanges);
  try {
    return await readRanges(pool, method, ranges);
  } catch (error) {
    if (sqlStateOf(error) === undefined || isTransient(error)) throw error;
    return { count, bytes: 0, hash: null, unread: messageOf(error) };
  }
}

async function readRanges(
  pool: SessionPool,
  method: HashMethod,
  ranges: readonly LargeObjectRange[],
): Promise<LargeObjects> {
  const parts: (ReadSums & { bytes: number })[] = [];
  for (const range of ranges) {
    const read = (session: Session): Promise<{ rows: number; bytes: number; first: string; second: string }> =>
      session.row(sumsSql(method, range));
    const { rows, bytes, first, second } = await pool.read("reading large objects", read);
    parts.push({ rows, bytes, hash: [first, second] });
  }
  const { rows, hash } = addSums(parts);
  return { count: rows, bytes: parts.reduce((sum, part) => sum + part.bytes, 0), hash };
}
