import { expect, test } from "vitest";
import { chooseJobs, choosesLevels } from "./tuning.ts";

type Wanted = Parameters<typeof chooseJobs>[0];

function runOf(jobs: number | "auto", processors: number): Wanted {
  return { inputs: { jobs }, platform: { processors } } as unknown as Wanted;
}

test.each([
  ["one reader more than processors", "auto", 4, 50, 5],
  ["never more than sixteen by itself", "auto", 64, 50, 16],
  ["what the user says", 24, 4, 50, 24],
  ["what the source has left", 24, 4, 3, 3],
  ["at least one", "auto", 2, 0, 1],
] as const)("jobs: %s", (_, jobs, processors, room, expected) => {
  expect(chooseJobs(runOf(jobs, processors), room)).toBe(expected);
});

test.each([
  ["gzip", "auto", true],
  ["gzip", 6, false],
  ["zstd", "auto", false],
  ["none", "auto", false],
] as const)("levels by table for %s %s: %s", (compression, compressionLevel, expected) => {
  expect(choosesLevels({ compression, compressionLevel })).toBe(expected);
});
