import { describe, expect, test } from "vitest";
import { type GateNow, type GateRecord, staleReasons } from "./recheck.ts";

const source = { fingerprint: "7710/16384/shop", majorVersion: 16, sizeBytes: 10e9 };
const record: GateRecord = {
  version: 1,
  finishedAt: "2026-01-10T10:00:00.000Z",
  verdict: "warnings",
  accepted: ["TARGET_PRIVATE"],
  app: "example-app",
  addonId: "id-1",
  source,
  target: { majorVersion: 17, tableCount: 0 },
  windowMinutes: 30,
};
const present: GateNow = {
  now: new Date("2026-01-10T12:00:00Z"),
  gateMaxAgeHours: 72,
  accepted: ["TARGET_PRIVATE", "OTHER"],
  app: "example-app",
  confirm: "example-app",
  addonId: "id-1",
  source,
  target: { majorVersion: 17, tableCount: 0 },
  foreignTransfers: 0,
};

test("a fresh gate of the same world holds", () => {
  expect(staleReasons(record, present)).toEqual([]);
  expect(staleReasons(JSON.parse(JSON.stringify(record)) as GateRecord, present)).toEqual([]);
});

describe("it does not hold", () => {
  test.each<[string, Partial<GateNow>, RegExp]>([
    ["when it is old", { now: new Date("2026-01-14T12:00:00Z") }, /98 h old/u],
    ["when a code is no longer accepted", { accepted: [] }, /no longer names TARGET_PRIVATE/u],
    ["without confirm", { confirm: "" }, /confirm does not equal/u],
    ["for another app", { app: "other", confirm: "other" }, /looked at the app example-app/u],
    ["for another target", { addonId: "id-2" }, /another target database/u],
    ["for another source", { source: { ...source, fingerprint: "1/2/shop" } }, /another source database/u],
    ["when the source was upgraded", { source: { ...source, majorVersion: 17 } }, /was PostgreSQL 16 and is 17/u],
    ["when the source has grown much", { source: { ...source, sizeBytes: 20e9 } }, /grown/u],
    ["when the target was upgraded", { target: { majorVersion: 18, tableCount: 0 } }, /target was PostgreSQL 17/u],
    ["when the target was filled", { target: { majorVersion: 17, tableCount: 3 } }, /now holds 3 tables/u],
    ["during another transfer", { foreignTransfers: 1 }, /another transfer/u],
  ])("%s", (_when, change, reason) => {
    const reasons = staleReasons(record, { ...present, ...change });
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toMatch(reason);
  });

  test("when it was blocked, or was never run, or its date cannot be read", () => {
    expect(staleReasons({ ...record, verdict: "blocked" }, present)).toHaveLength(1);
    expect(staleReasons(undefined, present)).toHaveLength(1);
    expect(staleReasons({ ...record, finishedAt: "soon" }, present)).toHaveLength(1);
  });
});
