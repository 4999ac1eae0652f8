/** Rows of two sides give the same sums only if they were hashed in the same way (`row-hash.ts`). */
export type HashMethod =
  /** Each value by its type's own hash where that tells all values apart, as text or binary else: both sides 14 or newer, UTF-8. */
  | "typed"
  /** The row's text: works everywhere. */
  | "row-text"
  /** The same of the text's UTF-8 bytes, escaped to ASCII: for a database in another encoding. */
  | "escaped-utf8"
  /** SHA-256 of the text's UTF-8 bytes: for a server whose `hashtextextended` gives other values than Heroku's. */
  | "sha-256";

export type FingerprintKind = "full" | "counts" | "schema";

/** One object of the catalogs, named as people name it: OIDs differ between two databases that are the same. */
export interface CatalogObject {
  /** pg_dump's word: `TABLE`, `INDEX`, `CONSTRAINT` … */
  object: string;
  schema: string | null;
  /** The table, or domain, that it belongs to. */
  table: string | null;
  name: string;
  /** What must be equal, by what it is called in a message. */
  facts: Record<string, string | null>;
}

/** What two databases call the same. */
export interface TableId {
  schema: string;
  table: string;
}

/** Sums over rows of two 64-bit hashes, in decimal; the order of the rows has no part in them. */
export type HashSums = [first: string, second: string];

export interface TableContent extends TableId {
  /** The columns that were hashed, in that order: by name, generated and dropped ones left out. */
  columns: string[];
  /** The base type of each, which decides how it is hashed. */
  columnTypes: string[];
  /** `WHERE …`: of an extension's configuration table only these rows are the user's. */
  condition?: string;
  /** Heap and TOAST, bytes on disk. */
  bytes: number;
  /** Null where only the catalogs were read, or where reading failed. */
  rows: number | null;
  hash: HashSums | null;
  /** Why it could not be read. */
  unread?: string;
  /** Topmost ancestor that spreads its rows by hash; its partitions are only comparable together. */
  hashRoot?: TableId;
}

export interface SequenceValue {
  schema: string;
  sequence: string;
  /** As text: a bigint. Null where it could not be read. */
  lastValue: string | null;
  isCalled: boolean | null;
  unread?: string;
}

export interface LargeObjects {
  count: number;
  bytes: number;
  hash: HashSums | null;
  unread?: string;
}

/** Everything that a migration must carry, of one side, at one moment, as plain data. */
export interface Fingerprint {
  version: 1;
  kind: FingerprintKind;
  /** Read in a dump's snapshot, or in one of its own. */
  inDumpSnapshot: boolean;
  /** ISO 8601. */
  takenAt: string;
  seconds: number;
  majorVersion: number;
  encoding: string;
  collation: string;
  hashMethod: HashMethod;
  objects: CatalogObject[];
  /** Object classes that could not be read, and why. */
  unreadClasses: { object: string; reason: string }[];
  tables: TableContent[];
  sequences: SequenceValue[];
  largeObjects: LargeObjects;
  /** What a restore without owners and privileges leaves behind. */
  left: {
    owners: number;
    grants: number;
    defaultPrivileges: number;
    settings: number;
    /** On a standby alone, which has none of their rows. */
    unloggedTables: number;
  };
}
