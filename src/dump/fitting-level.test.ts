import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { FittingLevels, findFittingLevel } from "./fitting-level.ts";

function hashes(bytes: number): Buffer {
  const lines = Array.from({ length: bytes / 65 }, (_, index) =>
    createHash("sha256").update(String(index)).digest("hex"),
  );
  return Buffer.from(lines.join("\n"));
}

const prose = Buffer.concat(Array.from({ length: 6 }, () => readFileSync("package-lock.json")));

test("what cannot be compressed better is compressed quickly", () => {
  expect(findFittingLevel(hashes(400_000))).toBe(1);
});

test("what can be is given more time, and is never much larger than usual", () => {
  const level = findFittingLevel(prose);
  expect(level).toBeGreaterThan(1);
  const sample = prose.subarray(prose.length / 2 - 65_536, prose.length / 2 + 65_536);
  const usual = deflateRawSync(sample, { level: 6 }).length;
  expect(deflateRawSync(sample, { level }).length).toBeLessThanOrEqual(usual * 1.08);
});

test("each table has its own, and is looked at again further on", () => {
  const levels = new FittingLevels();
  const [quick, thorough] = [hashes(400_000), prose];
  expect(levels.levelFor(1, quick)).toBe(1);
  expect(levels.levelFor(2, thorough)).toBeGreaterThan(1);
  for (let piece = 0; piece < 64; piece += 1) expect(levels.levelFor(1, thorough)).toBe(1);
  expect(levels.levelFor(1, thorough)).toBeGreaterThan(1);
});
