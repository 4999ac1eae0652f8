import { expect, test } from "vitest";
import { type TableCounter, type TableCounters, compareCounters, describeDrift } from "./drift.ts";

function counter(table: string, changes: Partial<TableCounter> = {}): TableCounter {
  return { schema: "public", table, inserted: 10, updated: 5, deleted: 1, file: 100, ...changes };
}

function counters(tables: TableCounter[], changes: Partial<TableCounters> = {}): TableCounters {
  const at = "2026-01-01T00:00:00.000Z";
  return { at, lsn: "0/1", nextTransaction: "700", countingSince: "a", definitionChanges: 3, tables, ...changes };
}

const before = counters([counter("a"), counter("b"), counter("gone")]);

test("an unchanged transaction counter says that nothing was written, whatever else is unknown", () => {
  const after = counters([], { problem: "track_counts is off", countingSince: "b" });
  expect(compareCounters(before, after)).toEqual({ tables: [], isComplete: true, definitionsChanged: false });
});

test("each table's changes are the differences, most changed first", () => {
  const tables = [counter("a", { inserted: 12 }), counter("b", { updated: 9, deleted: 2 }), counter("gone")];
  const { tables: changed, isComplete } = compareCounters(before, counters(tables, { nextTransaction: "705" }));
  expect(isComplete).toBe(true);
  expect(changed).toEqual([
    { schema: "public", table: "b", inserted: 0, updated: 4, deleted: 1 },
    { schema: "public", table: "a", inserted: 2, updated: 0, deleted: 0 },
  ]);
});

test("a replaced file, a dropped and a new table are changes", () => {
  const tables = [counter("a", { file: 101 }), counter("b"), counter("new", { inserted: 0, updated: 0, deleted: 3 })];
  const after = counters(tables, { nextTransaction: "705", definitionChanges: 4 });
  const { tables: changed, definitionsChanged } = compareCounters(before, after);
  expect(changed).toEqual([
    { schema: "public", table: "new", inserted: 0, updated: 0, deleted: 3 },
    { schema: "public", table: "a", inserted: 0, updated: 0, deleted: 0, rewritten: true },
    { schema: "public", table: "gone", inserted: 0, updated: 0, deleted: 0, rewritten: true },
  ]);
  expect(definitionsChanged).toBe(true);
});

test("counters that began anew say nothing", () => {
  const after = counters([], { nextTransaction: "705", countingSince: "b" });
  expect(compareCounters(before, after)).toMatchObject({
    isComplete: false,
    problem: expect.stringContaining("reset") as string,
  });
});

test("the record spans all moments, and leaves out what is not migrated", () => {
  const changed = [
    counter("a", { inserted: 11 }),
    counter("b", { inserted: 11 }),
    counter("gone"),
    counter("c", { schema: "agent" }),
  ];
  const after = counters(changed, { nextTransaction: "705", lsn: null });
  const moments = [
    { moment: "snapshot", counters: before },
    { moment: "end of dump", counters: before },
    { moment: "end of verification", counters: after },
  ];
  const drift = describeDrift(moments, true, {
    excludeSchemas: ["agent"],
    excludeTableData: [{ schema: "public", table: "b" }],
  });
  expect(drift.tables.map(({ table }) => table)).toEqual(["a"]);
  expect(drift.positions.map(({ lsn }) => lsn)).toEqual(["0/1", "0/1", null]);
  expect(drift).not.toHaveProperty("unavailable");
  expect(drift.accepted).toBe(true);
});
