import { expect, test } from "vitest";
import type { Relation } from "./catalog/relations.ts";
import { type PlanFacts, planMigration } from "./plan.ts";

function table(oid: number, heapBytes: number, estimatedRows: number, toastBytes = 0, indexBytes = 0): Relation {
  return {
    oid,
    schema: "public",
    name: `t${oid}`,
    kind: "r",
    owner: "app",
    heapBytes,
    toastBytes,
    indexBytes,
    indexCount: 1,
    estimatedRows,
    persistence: "p",
    isPopulated: true,
    hasRowSecurity: false,
    forcesRowSecurity: false,
    isOwned: true,
    isMeasured: true,
  };
}

const facts: PlanFacts = {
  relations: [table(1, 10e9, 100e6, 0, 4e9), table(2, 1e6, 1000, 9e9)],
  sourceBytes: 24e9,
  samples: [
    { oid: 1, rows: 40_000, textBytes: 4e6, compressedBytes: 1e6, readMs: 100, compressMs: 100 },
    { oid: 2, rows: 1, textBytes: 9e6, compressedBytes: 3e6, readMs: 200, compressMs: 200 },
  ],
  cpuCount: 4,
  isSourceLocal: false,
  freeConnections: 50,
  jobs: "auto",
  uploadBytesPerSecond: 50e6,
  targetBytes: 0,
  verifies: true,
  now: new Date("2026-01-01T00:00:00Z"),
};

test("sizes come from the samples, TOAST included, and are weighted by table", () => {
  const plan = planMigration(facts);
  expect(plan.tables[0]).toMatchObject({ table: "t1", bytes: 10e9, estimatedRows: 100e6, slices: 299 });
  expect(plan.tables[1]).toMatchObject({ table: "t2", bytes: 9.001e9, slices: 269 });
  expect(plan.archiveBytes).toBeGreaterThan(5.4e9);
  expect(plan.archiveBytes).toBeLessThan(5.6e9);
  expect(plan.compressionRatio).toBeCloseTo(19 / 5.5, 1);
});

test("the window is the sum of its stages with a margin, and names each stage in order", () => {
  const plan = planMigration(facts);
  expect(plan.stages.map(({ name }) => name)).toEqual(["quiesce", "dump", "proof", "restore", "verify", "finish"]);
  const sum = plan.stages.reduce((total, { minutes }) => total + minutes, 0);
  expect(plan.windowMinutes).toBe(Math.ceil(sum * 1.25));
  const withBackup = planMigration({ ...facts, targetBytes: 10e9 });
  expect(withBackup.stages.map(({ name }) => name)).toContain("safety-backup");
  expect(withBackup.windowMinutes).toBeGreaterThan(plan.windowMinutes);
});

test("jobs never exceed the free connections less two", () => {
  expect(planMigration({ ...facts, freeConnections: 5 }).jobs).toBe(3);
  expect(planMigration({ ...facts, freeConnections: 0 }).jobs).toBe(1);
  expect(planMigration({ ...facts, jobs: 12 }).jobs).toBe(12);
  expect(planMigration({ ...facts, isSourceLocal: true }).jobs).toBe(4);
});

test("parts are equal, few enough, and memory follows from them", () => {
  const small = planMigration(facts);
  expect(small.partBytes).toBe(8 * 2 ** 20);
  const huge = planMigration({ ...facts, sourceBytes: 900e9, relations: [table(1, 900e9, 9e9)] });
  expect((huge.archiveBytes * 1.5) / huge.partBytes).toBeLessThanOrEqual(9000);
  expect(huge.partBytes % 2 ** 20).toBe(0);
  expect(huge.memoryBytes).toBeGreaterThan(small.memoryBytes);
});

test("the URL's life is bounded by seven days and by the credentials", () => {
  expect(planMigration(facts).urlLifetimeSeconds).toBe(86_400);
  const huge = { ...facts, relations: [table(1, 9e12, 90e9)] };
  expect(planMigration(huge).urlLifetimeSeconds).toBe(7 * 86_400);
  expect(planMigration({ ...facts, credentialsExpireAt: "2026-01-01T01:00:00Z" }).urlLifetimeSeconds).toBe(3600);
});

test("an empty database has a plan as well", () => {
  const plan = planMigration({ ...facts, relations: [], samples: [] });
  expect(plan).toMatchObject({ archiveBytes: 0, tables: [] });
  expect(plan.windowMinutes).toBeGreaterThan(0);
});
