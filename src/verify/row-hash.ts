import type { Session } from "../postgres/session.ts";
import { quoteIdentifier } from "../postgres/session.ts";
import type { HashMethod, HashSums } from "./fingerprint-model.ts";

/** Any two numbers that differ: two sums, 64 bits each. */
const seeds = [0, 4_660_273_911] as const;

/** Types whose hash function tells all values apart that print differently: it takes every bit of the value. */
const hashedAsTheyAre = new Set(
  ["bool", "int2", "int4", "int8", "oid", "uuid", "bytea", "date", "time", "timetz", "timestamp", "timestamptz"].map(
    (type) => `pg_catalog.${type}`,
  ),
);

/** Types whose hash takes 1.0 for 1.00, 0 for -0 or 30 days for a month; their binary form does not, and is quicker than text. */
const hashedInBinary: Readonly<Record<string, string>> = {
  "pg_catalog.numeric": "numeric_send",
  "pg_catalog.float4": "float4send",
  "pg_catalog.float8": "float8send",
  "pg_catalog.interval": "interval_send",
  "pg_catalog.bpchar": "bpcharsend",
};

function typedValue(column: string, type: string): string {
  if (hashedAsTheyAre.has(type)) return column;
  const send = hashedInBinary[type];
  return send === undefined ? `${column}::text collate "C"` : `${send}(${column})`;
}

export interface HashedColumns {
  columns: readonly string[];
  /** Base types, as `schema.name`. */
  columnTypes: readonly string[];
}

/** The expression `r` of one row of the alias `t`, which `rowHashes` then hashes. NULL is told from the empty value. */
export function rowValue({ columns, columnTypes }: HashedColumns, method: HashMethod): string {
  const names = columns.map((column) => `t.${quoteIdentifier(column)}`);
  if (method !== "typed") return `row(${names.join(", ")})::text`;
  return `row(${names.map((name, index) => typedValue(name, columnTypes[index] ?? "")).join(", ")})`;
}

/**
 * Two 64-bit hashes of `r`. A record's hash adds up the hashes of its values, so that sums of it over rows would not see two
 * rows exchange a value: it is hashed once more. The functions give the same since PostgreSQL 11 (records: 14), because
 * hash partitioning rests on them; only a machine's byte order changes them, and `probeHashMethod` looks for that.
 */
export function rowHashes(method: HashMethod): [first: string, second: string] {
  return [hashOfRow(method, 0), hashOfRow(method, 1)];
}

function hashOfRow(method: HashMethod, which: 0 | 1): string {
  const seed = seeds[which];
  if (method === "typed") return `hashint8extended(hash_record_extended(r, ${seed}), ${seed})`;
  return textHash("r", method, which);
}

/** A 64-bit hash of a text; the same on both sides whatever their encodings, except by `row-text`. */
export function textHash(text: string, method: HashMethod, which: 0 | 1 = 0): string {
  const seed = seeds[which];
  const bytes = `convert_to(${text}, 'UTF8')`;
  if (method === "escaped-utf8") return `hashtextextended(encode(${bytes}, 'escape') collate "C", ${seed})`;
  if (method === "sha-256")
    return `('x' || encode(substr(sha256(${bytes}), ${1 + which * 8}, 8), 'hex'))::bit(64)::int8`;
  return `hashtextextended(${text} collate "C", ${seed})`;
}

/** Columns `rows`, `first` and `second`: count and sums. */
export function sumColumns(method: HashMethod): string {
  const [first, second] = rowHashes(method).map((hash) => `coalesce(sum(${hash}), 0)::text`);
  return `count(*)::int8 as rows, ${first} as first, ${second} as second`;
}

/** What a little-endian server with UTF-8 says: Heroku's, and nearly every other. */
const probeValue = "-5336678906042657513";
const probeSql = `
  select getdatabaseencoding() as encoding, hashtextextended('PostgreSQL' collate "C", ${seeds[1]})::text as value`;

/** The quickest hash that a target on Heroku will reproduce. */
export async function probeHashMethod(session: Session, majorVersion: number): Promise<HashMethod> {
  if (majorVersion < 11) return "sha-256";
  const { encoding, value } = await session.row<{ encoding: string; value: string }>(probeSql);
  if (value !== probeValue) return "sha-256";
  if (encoding !== "UTF8") return "escaped-utf8";
  return majorVersion >= 14 ? "typed" : "row-text";
}

export interface ReadSums {
  rows: number;
  hash: HashSums | null;
}

export function addSums(parts: readonly ReadSums[]): ReadSums {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const hashes = parts.map((part) => part.hash).filter((hash) => hash !== null);
  if (hashes.length < parts.length) return { rows, hash: null };
  const add = (index: 0 | 1): string => hashes.reduce((sum, hash) => sum + BigInt(hash[index]), 0n).toString();
  return { rows, hash: [add(0), add(1)] };
}
