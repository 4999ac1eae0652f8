import type { Session } from "../postgres/session.ts";
import { qualifiedName, quoteIdentifier, quoteLiteral } from "../postgres/session.ts";
import type { TableId } from "./fingerprint-model.ts";
import type { HashedColumns } from "./row-hash.ts";

export interface NarrowedTable extends TableId, HashedColumns {
  condition?: string | null;
  /** The root of hash partitions: rows are looked for in the whole tree. */
  isRoot?: boolean;
}

/** The primary key, or else the shortest unique key that takes no null and has every row. */
const keyColumnsSql = `
  select json_agg(a.attname order by k.place) as columns,
    bool_and(k.size = 1 and a.atttypid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)) as "isInteger"
  from (
    select x.indexrelid, x.indrelid, x.indnkeyatts as size, key.attnum, key.place, x.indisprimary
    from pg_index x cross join lateral unnest(x.indkey::int2[]) with ordinality as key(attnum, place)
    where x.indrelid = $1::regclass and x.indisunique and x.indisvalid and x.indimmediate and x.indpred is null and x.indexprs is null
      and key.place <= x.indnkeyatts) as k
  join pg_attribute a on a.attrelid = k.indrelid and a.attnum = k.attnum
  group by k.indexrelid, k.indisprimary, k.size
  having bool_and(a.attnotnull)
  order by k.indisprimary desc, k.size, k.indexrelid
  limit 1`;

export interface KeyColumns {
  columns: string[];
  isInteger: boolean;
}

/** No columns where the table has no key. */
export async function readKeyColumns(session: Session, table: TableId): Promise<KeyColumns> {
  const [key] = await session.rows<KeyColumns>(keyColumnsSql, [qualifiedName(table.schema, table.table)]);
  return key ?? { columns: [], isInteger: false };
}

/** A part of a table that can be cut into numbered parts in the same way on both sides. */
export interface Region {
  readonly hasKey: boolean;
  readonly canSplit: boolean;
  /** The key as text, of the alias `t`. */
  readonly keyText: string;
  /** Conditions on the alias `t`; empty for the whole table. */
  readonly where: string;
  /** The number of the part that a row of the alias `t` is in, where a column tells. */
  readonly rowBucket: string | undefined;
  /** The same, where `key_hash` or `row_hash` tells. */
  readonly hashBucket: string | undefined;
  /** A condition on `key_hash` or `row_hash`; empty for all. */
  readonly having: string;
  part(bucket: number): Region;
  joinedWith(other: Region): Region;
}

const parts = 256;

/** The whole table. */
export async function firstRegion(session: Session, table: NarrowedTable, key: KeyColumns): Promise<Region> {
  const [column] = key.columns;
  if (column === undefined) return new HashRegion({ hasKey: false, keyText: "'ctid ' || t.ctid", source: "row_hash" });
  const names = key.columns.map((name) => `t.${quoteIdentifier(name)}`);
  if (!key.isInteger) return new HashRegion({ hasKey: true, keyText: keyOf(key.columns, names), source: "key_hash" });
  const from = `from ${table.isRoot === true ? "" : "only "}${qualifiedName(table.schema, table.table)} as t`;
  const sql = `select coalesce(min(${names[0]}), 0)::text as low, coalesce(max(${names[0]}), 0)::text as high ${from}`;
  const { low, high } = await session.row<{ low: string; high: string }>(sql);
  return new RangeRegion(keyOf(key.columns, names), names[0] ?? "", BigInt(low), BigInt(high) + 1n);
}

function keyOf(columns: readonly string[], names: readonly string[]): string {
  const [only] = columns;
  if (columns.length === 1 && only !== undefined) return `${quoteLiteral(`${only} = `)} || (${names[0]})::text`;
  return `${quoteLiteral(`(${columns.join(", ")}) = `)} || row(${names.join(", ")})::text`;
}

/** A half-open range of an integer key: an index finds its rows. */
class RangeRegion implements Region {
  readonly hasKey = true;
  readonly having = "";
  readonly hashBucket = undefined;
  readonly keyText: string;
  readonly #column: string;
  readonly #low: bigint;
  readonly #high: bigint;
  readonly #width: bigint;

  constructor(keyText: string, column: string, low: bigint, high: bigint) {
    this.keyText = keyText;
    this.#column = column;
    this.#low = low;
    this.#high = high;
    this.#width = (high - low + BigInt(parts) - 1n) / BigInt(parts);
  }

  get canSplit(): boolean {
    return this.#width > 1n;
  }

  get where(): string {
    return `${this.#column} >= ${this.#low} and ${this.#column} < ${this.#high}`;
  }

  get rowBucket(): string {
    return `div(${this.#column}::numeric - ${this.#low}, ${this.#width < 1n ? 1n : this.#width})::int`;
  }

  part(bucket: number): Region {
    const low = this.#low + this.#width * BigInt(bucket);
    const high = low + this.#width;
    return new RangeRegion(this.keyText, this.#column, low, high < this.#high ? high : this.#high);
  }

  joinedWith(other: Region): Region {
    if (!(other instanceof RangeRegion)) return other;
    const low = this.#low < other.#low ? this.#low : other.#low;
    const high = this.#high > other.#high ? this.#high : other.#high;
    return new RangeRegion(this.keyText, this.#column, low, high);
  }
}

interface HashRegionParts {
  hasKey: boolean;
  keyText: string;
  /** Of the key where there is one, else of the whole row. */
  source: "key_hash" | "row_hash";
}

const bitsPerLevel = 8;

/** Rows whose hash begins, counted from its lowest bits, as given. */
class HashRegion implements Region {
  readonly where = "";
  readonly rowBucket = undefined;
  readonly #parts: HashRegionParts;
  readonly #level: number;
  readonly #value: bigint;

  constructor(regionParts: HashRegionParts, level = 0, value = 0n) {
    this.#parts = regionParts;
    this.#level = level;
    this.#value = value;
  }

  get hasKey(): boolean {
    return this.#parts.hasKey;
  }

  get keyText(): string {
    return this.#parts.keyText;
  }

  get canSplit(): boolean {
    return this.#level * bitsPerLevel < 48;
  }

  get hashBucket(): string {
    return `((${this.#parts.source} >> ${this.#level * bitsPerLevel}) & ${parts - 1})::int`;
  }

  get having(): string {
    if (this.#level === 0) return "";
    const mask = (1n << BigInt(this.#level * bitsPerLevel)) - 1n;
    return `(${this.#parts.source} & ${mask}) = ${this.#value}`;
  }

  part(bucket: number): Region {
    const value = this.#value | (BigInt(bucket) << BigInt(this.#level * bitsPerLevel));
    return new HashRegion(this.#parts, this.#level + 1, value);
  }

  joinedWith(_other: Region): Region {
    return this;
  }
}
