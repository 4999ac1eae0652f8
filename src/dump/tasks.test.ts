import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type TableShape, copySql, quoteFor, sliceTable } from "./source-tables.ts";
import { type BlockPlan, planTasks } from "./tasks.ts";

const shape: TableShape = {
  oid: 1,
  schema: "public",
  table: "t",
  columns: ["a", "b"],
  bytes: 0,
  pages: 0,
  isHeap: true,
  condition: "",
};

describe("slices of a table", () => {
  const sizes = fc.record({
    pages: fc.nat(5_000_000),
    toastBytes: fc.nat(2 ** 40),
    sliceBytes: fc.integer({ min: 1, max: 2 ** 30 }),
  });

  test("cover every page exactly once, and the last is open-ended", () => {
    fc.assert(
      fc.property(sizes, ({ pages, toastBytes, sliceBytes }) => {
        fc.pre(pages * 8192 + toastBytes < sliceBytes * 50_000);
        const ranges = sliceTable({ ...shape, pages, bytes: pages * 8192 + toastBytes }, sliceBytes, true);
        if (ranges === undefined) return;
        expect(ranges.length).toBeGreaterThan(1);
        expect(ranges[0]?.from).toBe(0);
        for (const [index, range] of ranges.entries()) {
          expect(range.to).toBe(ranges[index + 1]?.from);
          expect(range.to ?? Number.POSITIVE_INFINITY).toBeGreaterThan(range.from);
        }
      }),
    );
  });

  test.each([
    ["a table below one slice", { pages: 10, bytes: 81_920 }, true],
    ["a table of one page and much TOAST", { pages: 1, bytes: 1e9 }, true],
    ["a server without range scans", { pages: 1e5, bytes: 1e9 }, false],
    ["no heap", { pages: 1e5, bytes: 1e9, isHeap: false }, true],
    ["rows by a condition", { pages: 1e5, bytes: 1e9, condition: "where a" }, true],
    ["no columns to name", { pages: 1e5, bytes: 1e9, columns: [] }, true],
  ])("are not made of %s", (_, facts, canSlice) => {
    expect(sliceTable({ ...shape, ...facts }, 1e6, canSlice)).toBeUndefined();
  });
});

describe("statements", () => {
  const odd = { ...shape, schema: 'S"x', table: "ü", columns: ["𝄞", "\\"] };
  test.each([
    ["UTF8", undefined, String.raw`copy "S""x".U&"\00fc" (U&"\+01d11e", "\") to stdout`],
    ["SQL_ASCII", undefined, String.raw`copy "S""x"."ü" ("𝄞", "\") to stdout`],
    [
      "LATIN1",
      { from: 5, to: undefined },
      String.raw`copy (select U&"\+01d11e", "\" from only "S""x".U&"\00fc" where ctid >= '(5,0)'::pg_catalog.tid) to stdout`,
    ],
  ])("name things in %s", (encoding, range, sql) => {
    expect(copySql(odd, quoteFor(encoding), range)).toBe(sql);
  });
});

describe("tasks", () => {
  const options = { sliceBytes: 1_000_000, canSlice: true, encoding: "UTF8" };
  const table = fc.record({ bytes: fc.nat(5_000_000), pages: fc.nat(600) });
  const blocks = fc.array(
    fc.oneof(
      table.map((facts): BlockPlan => ({ kind: "table", dumpId: 1, shape: { ...shape, ...facts } })),
      fc.nat(700).map((count): BlockPlan => ({
        kind: "large-objects",
        objectBytes: 4096,
        dumpId: 2,
        oids: Array.from({ length: count }, (_, index) => index + 1),
      })),
    ),
    { maxLength: 40 },
  );

  test("hold every item once, in the blocks' order, and are neither huge nor many", () => {
    fc.assert(
      fc.property(blocks, (plan) => {
        const tasks = planTasks(plan, options);
        expect(tasks.map((task) => task.number)).toEqual([...tasks.keys()]);
        const places = tasks.flatMap((task) => task.items.map(({ block, slice }) => block * 1e6 + slice));
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        expect(new Set(places).size).toBe(places.length);
        expect(new Set(tasks.flatMap((task) => task.items.map((item) => item.block))).size).toBe(
          plan.filter((block) => block.kind === "table" || block.oids.length > 0).length,
        );
        for (const task of tasks) expect(task.items.length).toBeLessThanOrEqual(200);
      }),
    );
  });

  test("take many small tables at a time", () => {
    const small = Array.from({ length: 5000 }, (_, index): BlockPlan => ({
      kind: "table",
      dumpId: index + 1,
      shape: { ...shape, bytes: 8192, pages: 1 },
    }));
    expect(planTasks(small, options).length).toBeLessThan(50);
  });
});
