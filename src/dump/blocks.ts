import type { ArchiveHead } from "../archive/contents.ts";
import { textOf } from "../archive/contents.ts";
import type { ArchiveEntry } from "../archive/entry.ts";
import { MigrationError } from "../errors.ts";
import type { Session } from "../postgres/session.ts";
import type { TableShape } from "./source-tables.ts";
import type { BlockPlan } from "./tasks.ts";

/** The data blocks that the contents promise, in their order: pg_restore reads a pipe front to back. */
export async function planBlocks(
  session: Session,
  head: ArchiveHead,
  shapes: ReadonlyMap<number, TableShape>,
): Promise<BlockPlan[]> {
  const entries = head.entries.filter((entry) => entry.hasData);
  const plans: BlockPlan[] = [];
  let objectBytes: number | undefined;
  for (const entry of entries) {
    if (isTableData(entry)) {
      const shape = shapes.get(entry.oid);
      if (shape === undefined) throw unknownData(entry, head);
      plans.push({ kind: "table", dumpId: entry.dumpId, shape });
    } else if (entry.desc === "BLOBS") {
      const oids = await listLargeObjects(session, entry, head);
      objectBytes ??= await measureLargeObjects(session);
      plans.push({ kind: "large-objects", dumpId: entry.dumpId, oids, objectBytes });
    } else {
      throw unknownData(entry, head);
    }
  }
  return plans;
}

function isTableData(entry: ArchiveEntry): boolean {
  return entry.desc === "TABLE DATA";
}

/** Thrown for what only pg_dump itself can read, e.g. foreign tables; the caller falls back to it. */
export class UnreadableEntryError extends MigrationError {}

function unknownData(entry: ArchiveEntry, head: ArchiveHead): UnreadableEntryError {
  return new UnreadableEntryError(
    `The archive's entry ${entry.dumpId} (${entry.desc} ${textOf(head)(entry.tag)}) is not a table whose rows can be read in slices.`,
    {
      code: "ENTRY_UNKNOWN",
    },
  );
}

/**
 * Up to 1.15 one BLOBS entry holds all large objects, in the order of their OIDs; from 1.16 on each depends on a BLOB
 * METADATA entry whose definition lists its objects, one a line, in the order of the data.
 */
async function listLargeObjects(session: Session, entry: ArchiveEntry, head: ArchiveHead): Promise<number[]> {
  const metadata = head.entries.find(
    (other) => other.desc === "BLOB METADATA" && entry.dependencies.includes(other.dumpId),
  );
  if (metadata?.definition) {
    return metadata.definition
      .toString("latin1")
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map(Number);
  }
  const rows = await session.rows<{ oid: number }>(
    "select oid::int8 as oid from pg_catalog.pg_largeobject_metadata order by oid",
  );
  return rows.map((row) => row.oid);
}

/** How many bytes one takes on disk, on average: what each of them takes, only reading all of them would tell. */
async function measureLargeObjects(session: Session): Promise<number> {
  const { bytes } = await session.row<{ bytes: number }>(`
    select pg_catalog.pg_table_size('pg_catalog.pg_largeobject') / greatest(1, count(*)) as bytes
    from pg_catalog.pg_largeobject_metadata`);
  return Math.max(1, bytes);
}
