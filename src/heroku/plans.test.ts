import { expect, test } from "vitest";
import { planNamed } from "./plans.ts";

const gigabyte = 1e9;

test.each([
  [
    "heroku-postgresql:essential-0",
    { tier: "essential", storageBytes: gigabyte, connectionLimit: 20, tableLimit: 4_000, isEssential: true },
  ],
  ["heroku-postgresql:essential-2", { storageBytes: 32 * gigabyte, connectionLimit: 40 }],
  [
    "standard-0",
    { tier: "standard", storageBytes: 64 * gigabyte, connectionLimit: 120, tableLimit: undefined, isPrivate: false },
  ],
  ["heroku-postgresql:premium-4", { tier: "premium", storageBytes: 768 * gigabyte, connectionLimit: 500 }],
  ["heroku-postgresql:premium-l-9", { tier: "premium", storageBytes: undefined }],
  ["heroku-postgresql:private-2", { tier: "private", isPrivate: true, storageBytes: 256 * gigabyte }],
  ["heroku-postgresql:shield-9", { tier: "shield", isPrivate: true, storageBytes: 4000 * gigabyte }],
  [
    "heroku-postgresql:advanced",
    { tier: "advanced", isAdvanced: true, storageBytes: undefined, connectionLimit: undefined },
  ],
  ["heroku-postgresql:performance-4", { isAdvanced: true }],
  ["heroku-postgresql:galactic-1", { tier: "unknown", isAdvanced: false, storageBytes: undefined }],
])("%s", (name, expected) => {
  expect(planNamed(name)).toMatchObject(expected);
});
