import type { Difference, KnownDifference, VerificationRecord } from "../report.ts";
import type { CatalogObject, TableContent, TableId } from "./fingerprint-model.ts";

/** An object that is not in the archive on purpose, named as the archive's table of contents names it. */
export interface LeftOutObject {
  /** pg_dump's word, e.g. `EXTENSION`, `EVENT TRIGGER`, `SCHEMA`. */
  object: string;
  schema: string | null;
  /** The entry's tag, e.g. `orders orders_pkey` for a constraint. */
  name: string;
  reason: string;
}

/** Value and called flag that the archive sets. */
export interface ArchiveSequence {
  schema: string;
  sequence: string;
  lastValue: string;
  isCalled: boolean;
}

export interface CompareOptions {
  leftOut?: readonly LeftOutObject[];
  excludeSchemas?: readonly string[];
  excludeTableData?: readonly TableId[];
  /** Without them the source's sequences are compared as they were when it was read. */
  archiveSequences?: readonly ArchiveSequence[];
  /** Known from elsewhere, such as tablespaces that were cleared. */
  alsoKnown?: readonly KnownDifference[];
  live?: boolean;
}

/** How one table came out, for the report's own list of tables. */
export interface TableVerdict extends TableId {
  verdict: "match" | "mismatch" | "not-compared";
  sourceRows: number | null;
  targetRows: number | null;
}

export interface Comparison {
  record: VerificationRecord;
  tables: TableVerdict[];
  /** Tables with the same columns and different rows, and their differences: what narrowing can say more of. */
  narrowable: { table: TableContent & { isRoot: boolean }; difference: Difference }[];
}

/** What the parts of a comparison add to. */
export class Findings {
  readonly differences: Difference[] = [];
  readonly unread: { object: string; name: string; reason: string }[] = [];
  readonly #known = new Map<string, KnownDifference>();

  addKnown(what: string, reason: string, count = 1): void {
    if (count === 0) return;
    const key = `${what}\n${reason}`;
    const earlier = this.#known.get(key);
    if (earlier === undefined) this.#known.set(key, { what, reason, count });
    else earlier.count += count;
  }

  get known(): KnownDifference[] {
    return [...this.#known.values()];
  }
}

/** `public.orders.total`: for people; two objects may share it, so that it never serves as a key. */
export function displayName({ schema, table, name }: Pick<CatalogObject, "schema" | "table" | "name">): string {
  return [schema, table, name].filter((part) => part !== null).join(".");
}

export function objectKey({ object, schema, table, name }: CatalogObject): string {
  return JSON.stringify([object, schema, table, name]);
}

export function tableKey({ schema, table }: TableId): string {
  return JSON.stringify([schema, table]);
}
