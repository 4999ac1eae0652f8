import { textOf, withoutOffsets } from "./contents.ts";
import type { ArchiveHead } from "./contents.ts";
import type { ArchiveEntry } from "./entry.ts";
import { listEntry } from "./list.ts";
import type { ListedEntry } from "./list.ts";
import { removalRules } from "./removal-rules.ts";
import type { ContentsEdits, RemovalRule } from "./removal-rules.ts";

export interface RemovedEntry {
  entry: ListedEntry;
  /** For people; completes "left out because". */
  reason: string;
}

export interface ClearedTablespace {
  entry: ListedEntry;
  tablespace: string;
}

/** A removal that nobody asked for in so many words, or that would break what stays. Refuse, or ask the user. */
export interface EditConflict {
  entry: ListedEntry;
  reason: string;
  problem: "needed" | "has-data";
  /** Entries that stay and depend on it. */
  dependants: ListedEntry[];
}

export interface EditedContents {
  head: ArchiveHead;
  removed: RemovedEntry[];
  clearedTablespaces: ClearedTablespace[];
  conflicts: EditConflict[];
  /** Data and sequence values that stay although the contents create no table for them: an extension must. */
  extensionData: ListedEntry[];
}

/** Kinds that say something about one other entry, or tie another one to it, and mean nothing without it. */
const followers: ReadonlySet<string> = new Set([
  "COMMENT",
  "ACL",
  "DEFAULT ACL",
  "SECURITY LABEL",
  "PUBLICATION TABLE",
  "PUBLICATION TABLES IN SCHEMA",
  "SUBSCRIPTION TABLE",
  "USER MAPPING",
]);

interface EntryInText {
  entry: ArchiveEntry;
  listed: ListedEntry;
}

interface Removal {
  reason: string;
  /** The user named the schema or table, so that data may go with it. */
  mayHaveData: boolean;
}

/**
 * Leaves entries out of the contents, with what only makes sense beside them, and clears tablespaces. The head comes
 * back with no offsets, as they would be wrong; data blocks of removed entries are the caller's to leave out.
 * Nothing is refused here: see `conflicts`.
 */
export function editContents(head: ArchiveHead, edits: ContentsEdits): EditedContents {
  const text = textOf(head);
  const entries = head.entries.map((entry) => ({ entry, listed: listEntry(entry, text) }));
  const removals = chooseRemovals(entries, removalRules(edits));
  const staying = entries.filter(({ entry }) => !removals.has(entry.dumpId));
  const moved = edits.tablespaces === true ? staying.filter(({ entry }) => (entry.tablespace?.length ?? 0) > 0) : [];
  const edited = staying.map(({ entry }) => (edits.tablespaces === true ? withoutTablespace(entry) : entry));
  return {
    head: withoutOffsets({ ...head, entries: edited }),
    removed: entries.flatMap(({ entry, listed }) => {
      const removal = removals.get(entry.dumpId);
      return removal ? [{ entry: listed, reason: removal.reason }] : [];
    }),
    clearedTablespaces: moved.map(({ entry, listed }) => ({ entry: listed, tablespace: text(entry.tablespace) })),
    conflicts: listConflicts(entries, removals),
    extensionData: listExtensionData(staying, head),
  };
}

function chooseRemovals(entries: readonly EntryInText[], rules: readonly RemovalRule[]): Map<number, Removal> {
  const removals = new Map<number, Removal>();
  const names = new Map(entries.map(({ listed }) => [listed.dumpId, `${listed.desc} ${listed.tag}`]));
  for (const { listed } of entries) {
    const rule = rules.find(({ applies }) => applies(listed));
    if (rule) removals.set(listed.dumpId, { reason: rule.reason(listed), mayHaveData: rule.mayHaveData });
  }
  // A follower may itself be followed, as a table's ACL is by its columns', and may stand before what it follows.
  for (let found = true; found;) {
    found = false;
    for (const { entry } of entries) {
      const followed = isFollowing(entry, removals) ? entry.dependencies.find((id) => removals.has(id)) : undefined;
      if (followed === undefined) continue;
      removals.set(entry.dumpId, { reason: `it belongs to ${names.get(followed)}`, mayHaveData: false });
      found = true;
    }
  }
  return removals;
}

function isFollowing(entry: ArchiveEntry, removals: ReadonlyMap<number, Removal>): boolean {
  return followers.has(entry.desc) && !removals.has(entry.dumpId);
}

function withoutTablespace(entry: ArchiveEntry): ArchiveEntry {
  return entry.tablespace === null || entry.tablespace.length === 0 ? entry : { ...entry, tablespace: Buffer.alloc(0) };
}

function listConflicts(entries: readonly EntryInText[], removals: ReadonlyMap<number, Removal>): EditConflict[] {
  const dependants = groupDependants(entries, removals);
  return entries.flatMap(({ listed }): EditConflict[] => {
    const removal = removals.get(listed.dumpId);
    if (!removal) return [];
    const { reason, mayHaveData } = removal;
    const needed = dependants.get(listed.dumpId) ?? [];
    if (needed.length > 0) return [{ entry: listed, reason, problem: "needed", dependants: needed }];
    const isUnasked = listed.hasData && !mayHaveData;
    return isUnasked ? [{ entry: listed, reason, problem: "has-data", dependants: [] }] : [];
  });
}

/** Entries that stay, under each removed one that they depend on. */
function groupDependants(
  entries: readonly EntryInText[],
  removals: ReadonlyMap<number, Removal>,
): Map<number, ListedEntry[]> {
  const dependants = new Map<number, ListedEntry[]>();
  for (const { entry, listed } of entries) {
    if (removals.has(entry.dumpId)) continue;
    for (const dumpId of new Set(entry.dependencies)) {
      if (removals.has(dumpId)) dependants.set(dumpId, [...(dependants.get(dumpId) ?? []), listed]);
    }
  }
  return dependants;
}

/** The table of an extension is no entry: its data depends on an id that the contents do not have. */
function listExtensionData(staying: readonly EntryInText[], head: ArchiveHead): ListedEntry[] {
  const dumpIds = new Set(head.entries.map(({ dumpId }) => dumpId));
  return staying
    .filter(({ entry }) => entry.desc === "TABLE DATA" || entry.desc === "SEQUENCE SET")
    .filter(({ entry }) => !entry.dependencies.some((id) => dumpIds.has(id)))
    .map(({ listed }) => listed);
}
