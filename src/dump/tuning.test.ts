import { expect, test } from "vitest";
import { choosesLevels } from "./tuning.ts";

test.each([
  ["gzip", "auto", true],
  ["gzip", 6, false],
  ["zstd", "auto", false],
  ["none", "auto", false],
] as const)("levels by table for %s %s: %s", (compression, compressionLevel, expected) => {
  expect(choosesLevels({ compression, compressionLevel })).toBe(expected);
});
