import { textOf } from "./contents.ts";
import type { ArchiveHead } from "./contents.ts";
import type { ArchiveEntry, Section } from "./entry.ts";
import type { ReadText } from "./text.ts";

/** An entry of the contents in text, for reports. */
export interface ListedEntry {
  dumpId: number;
  catalogOid: number;
  oid: number;
  desc: string;
  /** Empty for what lives in no schema. */
  schema: string;
  tag: string;
  owner: string;
  section: Section;
  hasData: boolean;
}

export function listEntry(entry: ArchiveEntry, text: ReadText): ListedEntry {
  const { dumpId, catalogOid, oid, desc, section, hasData } = entry;
  const [schema, tag, owner] = [text(entry.namespace), text(entry.tag), text(entry.owner)];
  return { dumpId, catalogOid, oid, desc, schema, tag, owner, section, hasData };
}

export function listEntries(head: ArchiveHead): ListedEntry[] {
  const text = textOf(head);
  return head.entries.map((entry) => listEntry(entry, text));
}

/** The line that `pg_restore -l` prints for it. */
export function renderListLine(entry: ListedEntry): string {
  const schema = entry.schema === "" ? "-" : onOneLine(entry.schema);
  const names = `${schema} ${onOneLine(entry.tag)} ${onOneLine(entry.owner)}`;
  return `${entry.dumpId}; ${entry.catalogOid} ${entry.oid} ${entry.desc} ${names}`;
}

/** `TABLE public.orders`, `EXTENSION pg_trgm`. */
export function nameEntry(entry: ListedEntry): string {
  return `${entry.desc} ${entry.schema === "" ? "" : `${entry.schema}.`}${entry.tag}`;
}

function onOneLine(name: string): string {
  return name.replaceAll(/[\r\n]/gu, " ");
}
