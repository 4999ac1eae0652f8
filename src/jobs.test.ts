import { expect, test } from "vitest";
import { chooseJobs } from "./jobs.ts";

test.each([
  ["one reader more than processors", { processors: 4 }, 5],
  ["as many as processors where the source works on them too", { processors: 4, isSourceLocal: true }, 4],
  ["never more than sixteen by itself", { processors: 64 }, 16],
  ["what the user says", { jobs: 24 }, 24],
  ["what the source has left", { jobs: 24, connectionRoom: 3 }, 3],
  ["at least one", { connectionRoom: 0 }, 1],
])("%s", (_, request, expected) => {
  const usual = { jobs: "auto", processors: 2, isSourceLocal: false, connectionRoom: 50 } as const;
  expect(chooseJobs({ ...usual, ...request })).toBe(expected);
});
