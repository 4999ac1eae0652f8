import { expect, test } from "vitest";
import type { AvailableExtension, InstalledExtension } from "./catalog/extensions.ts";
import { compareVersions, judge } from "./extension-rows.ts";

const installed: InstalledExtension = {
  name: "x",
  version: "1.2",
  schema: "public",
  dependants: [],
  dependantCount: 0,
  configTables: [],
};
const used: InstalledExtension = { ...installed, dependants: ["table public.t"], dependantCount: 1 };
const offered: AvailableExtension = { name: "x", defaultVersion: "1.2", fixedSchema: null, isCreatable: true };

test.each([
  ["1.10", "1.9", 1],
  ["1.1_aiven", "1.1", 0],
  ["3.4.3", "3.5", -1],
  ["2", "2.0", 0],
  ["unpackaged", "1.0", 0],
])("%s against %s", (first, second, sign) => {
  expect(Math.sign(compareVersions(first, second))).toBe(sign);
});

test("what the user's objects depend on is never left out in silence, whatever its class", () => {
  for (const kind of ["operations", "scheduler", "foreign-data", "replication", "other", "provider-agent"] as const) {
    expect(judge(used, kind, undefined, false).row.action, kind).toBe("blocked");
    expect(judge(installed, kind, undefined, false).row.action, kind).toBe("leave-out");
  }
  expect(judge(used, "other", undefined, true).row.action).toBe("blocked");
});

test("extensions that hold data stop the migration even when nothing is seen to depend on them", () => {
  expect(judge(installed, "data-bearing", undefined, false).row.action).toBe("blocked");
  expect(judge(installed, "data-bearing", undefined, true).row.action).toBe("leave-out");
});

test("an offered extension is created, wherever its version lies", () => {
  expect(judge(used, "data-bearing", offered, false)).toMatchObject({ row: { action: "create" }, isOlder: false });
  expect(judge(used, "data-bearing", { ...offered, defaultVersion: "1.1" }, false).isOlder).toBe(true);
  expect(judge(used, "data-bearing", { ...offered, fixedSchema: "topology" }, false).reason).toBe("fixed-schema");
});
