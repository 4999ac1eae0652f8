import { describe, expect, test } from "vitest";
import { parseHead, serializeHead, textOf } from "./contents.ts";
import type { ArchiveHead } from "./contents.ts";
import { editContents } from "./edit.ts";
import type { EditedContents } from "./edit.ts";
import type { ArchiveEntry } from "./entry.ts";
import { readFixture } from "./fixtures/fixtures.ts";
import { listEntries, nameEntry, renderListLine } from "./list.ts";
import type { ContentsEdits } from "./removal-rules.ts";

const fixtures = ["pg_dump-15-file", "pg_dump-17-pipe", "pg_dump-18-file"] as const;

function readHead(name: (typeof fixtures)[number]): ArchiveHead {
  return parseHead(readFixture(name)).head;
}

function removedNames({ removed }: EditedContents): string[] {
  return removed.map(({ entry }) => nameEntry(entry));
}

/** An entry with nothing of its own but these. */
function makeEntry(head: ArchiveHead, desc: string, changes: Partial<ArchiveEntry>): ArchiveEntry {
  const plain = head.entries.find((entry) => entry.desc === "SCHEMA") as ArchiveEntry;
  return { ...plain, desc, dependencies: [], namespace: null, ...changes };
}

function withEntries(head: ArchiveHead, ...entries: ArchiveEntry[]): ArchiveHead {
  return { ...head, entries: [...head.entries, ...entries] };
}

describe.each(fixtures)("%s", (name) => {
  const head = readHead(name);

  test("without edits stays as it is, but for its offsets", () => {
    const edited = editContents(head, {});
    expect({ ...edited, head: null }).toEqual({
      head: null,
      removed: [],
      clearedTablespaces: [],
      conflicts: [],
      extensionData: [],
    });
    expect(serializeHead(edited.head)).toHaveLength(serializeHead(head).length);
    expect(edited.head.entries.every(({ offset }) => offset.state !== "known")).toBe(true);
  });

  test("loses what a target without superusers refuses, with all that hangs on it", () => {
    const edited = editContents(head, {
      extensionComments: true,
      eventTriggers: true,
      publications: true,
      subscriptions: true,
    });
    expect(removedNames(edited).sort()).toEqual([
      "COMMENT EVENT TRIGGER on_ddl",
      "COMMENT EXTENSION hstore",
      "COMMENT PUBLICATION one",
      "EVENT TRIGGER on_ddl",
      "PUBLICATION TABLE public.one marks",
      "PUBLICATION everything",
      "PUBLICATION one",
      "SUBSCRIPTION incoming",
    ]);
    expect(edited.conflicts).toEqual([]);
    expect(edited.head.entries).toHaveLength(head.entries.length - 8);
    expect(listEntries(edited.head).map(nameEntry)).toContain("COMMENT public.VIEW shown");
    expect(edited.removed.find(({ entry }) => entry.tag === "PUBLICATION one")?.reason).toBe(
      "it belongs to PUBLICATION one",
    );
  });

  test("tells who needs an extension that is to go", () => {
    const { conflicts, removed } = editContents(head, { extensions: ["hstore"] });
    expect(removed.map(({ entry }) => nameEntry(entry))).toEqual(["EXTENSION hstore", "COMMENT EXTENSION hstore"]);
    expect(conflicts).toMatchObject([
      { problem: "needed", entry: { tag: "hstore" }, reason: "the extension hstore is left out" },
    ]);
    expect(conflicts[0]?.dependants.map(nameEntry)).toEqual(["TABLE public.attributes"]);
  });

  test("loses a schema with its data, and tells who points into it", () => {
    const edited = editContents(head, { schemas: ["agent"] });
    const expected = [
      "SCHEMA agent",
      "TABLE agent.state",
      "TABLE DATA agent.state",
      "CONSTRAINT agent.state state_pkey",
    ];
    expect(removedNames(edited)).toEqual(expected);
    expect(edited.removed.map(({ entry }) => entry.hasData)).toEqual([false, false, true, false]);
    expect(new Set(edited.removed.map(({ reason }) => reason))).toEqual(new Set(["the schema agent is left out"]));
    const dependants = new Set(edited.conflicts.flatMap((conflict) => conflict.dependants.map(nameEntry)));
    expect(dependants).toEqual(new Set(["FK CONSTRAINT public.watched watched_a_fkey"]));
  });

  test("knows a schema whose name needs quotes", () => {
    const edited = editContents(head, { schemas: ['Größe "m"'] });
    expect(edited.conflicts).toEqual([]);
    expect(removedNames(edited)).toHaveLength(7);
    expect(listEntries(edited.head).filter(({ schema }) => schema.startsWith("Größe"))).toEqual([]);
  });

  test("lists as pg_restore does", () => {
    const lines = listEntries(head).map(renderListLine);
    expect(lines).toContainEqual(expect.stringMatching(/^\d+; 1259 \d+ TABLE Größe "m" two lines postgres$/u));
    expect(lines).toContainEqual(expect.stringMatching(/^\d+; 3079 \d+ EXTENSION - hstore $/u));
  });
});

describe("edits", () => {
  const head = readHead("pg_dump-15-file");
  const text = textOf(head);
  const table = head.entries.find((entry) => entry.desc === "TABLE" && text(entry.tag) === "marks") as ArchiveEntry;
  const edit = (changed: ArchiveHead, edits: ContentsEdits): string[] => removedNames(editContents(changed, edits));

  test("clear tablespaces, and say which", () => {
    const entries = head.entries.map((entry) =>
      entry === table ? { ...entry, tablespace: Buffer.from("fast") } : entry,
    );
    const edited = editContents({ ...head, entries }, { tablespaces: true });
    expect(edited.clearedTablespaces).toMatchObject([{ entry: { tag: "marks" }, tablespace: "fast" }]);
    expect(serializeHead(edited.head).equals(serializeHead(editContents(head, {}).head))).toBe(true);
    const kept = editContents({ ...head, entries }, {});
    expect(kept.head.entries.some(({ tablespace }) => tablespace?.toString() === "fast")).toBe(true);
  });

  test("take the rows of an extension's configuration table with it, when they are named", () => {
    const config = makeEntry(head, "TABLE DATA", {
      dumpId: 9001,
      tag: Buffer.from("job"),
      namespace: Buffer.from("cron"),
      hasData: true,
      dependencies: [8999],
      offset: { state: "unknown", position: 0 },
    });
    const sequence = { ...config, dumpId: 9002, desc: "SEQUENCE SET", tag: Buffer.from("jobid_seq"), hasData: false };
    const changed = withEntries(head, config, sequence);
    expect(editContents(changed, {}).extensionData.map(nameEntry)).toEqual([
      "TABLE DATA cron.job",
      "SEQUENCE SET cron.jobid_seq",
    ]);
    const edited = editContents(changed, { extensionTables: [{ schema: "cron", name: "job" }] });
    expect(edited.removed.map(({ reason }) => reason)).toEqual(["its table belongs to an extension that is left out"]);
    expect(edited.conflicts).toEqual([]);
    expect(edited.extensionData.map(nameEntry)).toEqual(["SEQUENCE SET cron.jobid_seq"]);
  });

  test("take followers of followers, wherever they stand", () => {
    const acl = makeEntry(head, "ACL", { dumpId: 9001, tag: Buffer.from("PUBLICATION one"), dependencies: [9002] });
    const publication = listEntries(head).find(({ desc, tag }) => desc === "PUBLICATION" && tag === "one");
    const label = makeEntry(head, "SECURITY LABEL", { dumpId: 9002, dependencies: [publication?.dumpId ?? 0] });
    const removed = edit({ ...head, entries: [acl, ...head.entries, label] }, { publications: true });
    expect(removed).toContain("ACL PUBLICATION one");
    expect(removed.some((entry) => entry.startsWith("SECURITY LABEL"))).toBe(true);
  });

  test("take what is said about a schema that has no entry of its own", () => {
    const says = ["ACL", "COMMENT", "SECURITY LABEL"].flatMap((desc, index) => [
      makeEntry(head, desc, { dumpId: 9001 + index, tag: Buffer.from('SCHEMA "My ""own"""') }),
      makeEntry(head, desc, { dumpId: 9011 + index, tag: Buffer.from("SCHEMA public") }),
    ]);
    const privileges = makeEntry(head, "DEFAULT ACL", { dumpId: 9021, namespace: Buffer.from('My "own"') });
    const removed = edit(withEntries(head, ...says, privileges), { schemas: ['My "own"', ""] });
    expect(removed).toHaveLength(4);
    expect(removed.filter((entry) => entry.includes("public"))).toEqual([]);
  });

  test("by a caller's own choice are told apart from data they may not take", () => {
    const edited = editContents(head, {
      others: ({ desc, tag }) => (desc === "TABLE DATA" && tag === "marks" ? "not wanted" : undefined),
    });
    expect(edited.conflicts).toMatchObject([{ problem: "has-data", reason: "not wanted", entry: { tag: "marks" } }]);
  });

  test("compare names in the archive's encoding", () => {
    const entries = head.entries.map((entry) => {
      if (entry.desc === "ENCODING") return { ...entry, definition: Buffer.from("SET client_encoding = 'LATIN1';\n") };
      return text(entry.tag) === "agent" ? { ...entry, tag: Buffer.from("agénce", "latin1") } : entry;
    });
    expect(edit({ ...head, entries }, { schemas: ["agénce"] })).toEqual(["SCHEMA agénce"]);
  });
});
