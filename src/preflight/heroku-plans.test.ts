import { expect, test } from "vitest";
import { findPlan, isAdvancedPlan, isPrivatePlan } from "./heroku-plans.ts";

test.each([
  ["heroku-postgresql:essential-0", 1e9, 20, 4000],
  ["heroku-postgresql:essential-2", 32e9, 40, 4000],
  ["heroku-postgresql:standard-0", 64e9, 120, undefined],
  ["heroku-postgresql:premium-2", 256e9, 400, undefined],
  ["heroku-postgresql:shield-9", 4000e9, 500, undefined],
  ["heroku-postgresql:private-l-2", undefined, undefined, undefined],
])("%s", (plan, bytes, connections, tables) => {
  expect(findPlan(plan)?.bytes).toBe(bytes);
  expect(findPlan(plan)?.connections).toBe(connections);
  expect(findPlan(plan)?.tables).toBe(tables);
});

test("which plans are private, and which have another API", () => {
  expect(["private-0", "shield-4", "standard-0"].map((plan) => isPrivatePlan(`heroku-postgresql:${plan}`))).toEqual([
    true,
    true,
    false,
  ]);
  expect(["advanced", "performance-1", "premium-0"].map((plan) => isAdvancedPlan(`heroku-postgresql:${plan}`))).toEqual(
    [true, true, false],
  );
});
