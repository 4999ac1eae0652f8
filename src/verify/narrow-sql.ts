import { qualifiedName } from "../postgres/session.ts";
import type { HashMethod } from "./fingerprint-model.ts";
import type { NarrowedTable, Region } from "./narrow-regions.ts";
import { rowHashes, rowValue, textHash } from "./row-hash.ts";

export interface Bucket {
  bucket: number;
  rows: number;
  first: string;
  second: string;
}

export interface KeyedRow {
  key: string;
  /** Key and hashes: equal on both sides for a row that is the same; without a key the hashes alone. */
  content: string;
}

/** Columns `key`, `row_bucket`, `key_hash`, `row_hash` and `second_hash`. */
function hashedRows(table: NarrowedTable, region: Region, method: HashMethod): string {
  const only = table.isRoot === true ? "" : "only ";
  const conditions = [table.condition?.replace(/^\s*where\s/iu, "") ?? "", region.where].filter(
    (condition) => condition !== "",
  );
  const where = conditions.length === 0 ? "" : `where (${conditions.join(") and (")})`;
  const [first, second] = rowHashes(method);
  return `
    select key, row_bucket, ${textHash("key", method)} as key_hash, ${first} as row_hash, ${second} as second_hash
    from (select ${region.keyText} as key, ${region.rowBucket ?? "0"} as row_bucket, ${rowValue(table, method)} as r
      from ${only}${qualifiedName(table.schema, table.table)} as t ${where} offset 0) as listed`;
}

/** Count and sums of each part of the region. */
export function bucketsSql(table: NarrowedTable, region: Region, method: HashMethod): string {
  return `
    select ${region.hashBucket ?? "row_bucket"} as bucket, count(*)::int8 as rows, sum(row_hash)::text as first, sum(second_hash)::text as second
    from (${hashedRows(table, region, method)} offset 0) as hashed
    ${region.having === "" ? "" : `where ${region.having}`}
    group by 1`;
}

export function rowsSql(table: NarrowedTable, region: Region, method: HashMethod, limit: number): string {
  const content = region.hasKey
    ? "concat_ws(' ', key, row_hash, second_hash)"
    : "concat_ws(' ', row_hash, second_hash)";
  return `
    select key, ${content} as content
    from (${hashedRows(table, region, method)} offset 0) as hashed
    ${region.having === "" ? "" : `where ${region.having}`}
    order by key collate "C" limit ${limit}`;
}
