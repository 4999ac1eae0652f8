import { expect, test } from "vitest";
import { planReadTasks } from "./read-tasks.ts";
import { addSums } from "./row-hash.ts";
import type { ReadableTable } from "./tables.ts";

const mebibyte = 1024 * 1024;

function table(name: string, bytes: number, changes: Partial<ReadableTable> = {}): ReadableTable {
  const pages = Math.ceil(bytes / 8192);
  return {
    schema: "public",
    table: name,
    columns: ["a"],
    columnTypes: ["pg_catalog.int4"],
    bytes,
    pages,
    condition: null,
    hashRoot: null,
    ...changes,
  };
}

const options = { sliceBytes: 100 * mebibyte, canSlice: true };

test("the largest table comes first, and its ranges join without a gap to an open end", () => {
  const tasks = planReadTasks([table("small", 10), table("big", 350 * mebibyte)], options);
  const ranges = tasks
    .flatMap(({ items }) => items)
    .filter(({ table: { table: name } }) => name === "big")
    .map(({ range }) => range);
  expect(ranges).toEqual([
    { from: 0, to: 11_200 },
    { from: 11_200, to: 22_400 },
    { from: 22_400, to: 33_600 },
    { from: 33_600, to: undefined },
  ]);
  expect(tasks[0]?.items[0]?.table.table).toBe("big");
});

test("small tables share statements, 50 at most", () => {
  const tasks = planReadTasks(
    Array.from({ length: 120 }, (_, index) => table(`t${index}`, 8192)),
    options,
  );
  expect(tasks.map(({ items }) => items.length)).toEqual([50, 50, 20]);
});

test("what has no pages to cut by, or a condition, is read whole", () => {
  const others = [
    table("view", 350 * mebibyte, { pages: 0 }),
    table("config", 350 * mebibyte, { condition: "WHERE true" }),
  ];
  const tasks = planReadTasks(others, options);
  expect(tasks.map(({ items }) => items.map(({ range }) => range))).toEqual([[undefined], [undefined]]);
  const old = planReadTasks([table("big", 350 * mebibyte)], { ...options, canSlice: false });
  expect(old).toHaveLength(1);
});

test("sums of slices add up beyond 64 bits, and are unknown when one is", () => {
  const one = { rows: 2, hash: ["9223372036854775807", "-5"] as [string, string] };
  expect(addSums([one, one])).toEqual({ rows: 4, hash: ["18446744073709551614", "-10"] });
  expect(addSums([one, { rows: 1, hash: null }])).toEqual({ rows: 3, hash: null });
});
