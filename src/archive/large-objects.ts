import type { ArchiveHead } from "./contents.ts";
import type { ArchiveEntry } from "./entry.ts";
import { ArchiveFormatError } from "./errors.ts";

/**
 * OIDs of the large objects that the contents create, ascending. Up to 1.15 each has an entry; 1.16 groups up to a
 * thousand of one owner in one entry, whose definition has an OID a line.
 */
export function listLargeObjects(head: ArchiveHead): number[] {
  return head.entries.flatMap(oidsOf).sort((a, b) => a - b);
}

function oidsOf(entry: ArchiveEntry): number[] {
  if (entry.desc === "BLOB") return [entry.oid];
  if (entry.desc !== "BLOB METADATA") return [];
  const lines = entry.definition?.toString("latin1").split("\n") ?? [];
  return lines.filter((line) => line !== "").map((line) => parseOid(line, entry));
}

function parseOid(line: string, entry: ArchiveEntry): number {
  if (/^[1-9]\d{0,9}$/u.test(line)) return Number(line);
  throw new ArchiveFormatError(`Entry ${entry.dumpId} lists a large object without an OID`, 0);
}
