import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { constants, deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { FittingDeflate, findFittingSettings } from "./fitting-deflate.ts";

const withoutSearch = { level: 1, strategy: constants.Z_HUFFMAN_ONLY };

function hashes(bytes: number): Buffer {
  const lines = Array.from({ length: bytes / 65 }, (_, index) =>
    createHash("sha256").update(String(index)).digest("hex"),
  );
  return Buffer.from(lines.join("\n"));
}

const prose = Buffer.concat(Array.from({ length: 6 }, () => readFileSync("package-lock.json")));

test("what has no repetitions is not searched for any, and comes out smaller for it", () => {
  const text = hashes(400_000);
  expect(findFittingSettings(text)).toEqual(withoutSearch);
  expect(deflateRawSync(text, withoutSearch).length).toBeLessThan(deflateRawSync(text, { level: 6 }).length);
});

test("what can be is given more time, and is never much larger than usual", () => {
  const settings = findFittingSettings(prose);
  expect(settings).not.toEqual(withoutSearch);
  const sample = prose.subarray(prose.length / 2 - 65_536, prose.length / 2 + 65_536);
  const usual = deflateRawSync(sample, { level: 6 }).length;
  expect(deflateRawSync(sample, settings).length).toBeLessThanOrEqual(usual * 1.13);
});

test("each table has its own, and is looked at again further on", () => {
  const fitting = new FittingDeflate();
  const [quick, thorough] = [hashes(400_000), prose];
  expect(fitting.settingsFor(1, quick)).toEqual(withoutSearch);
  expect(fitting.settingsFor(2, thorough)).not.toEqual(withoutSearch);
  for (let piece = 0; piece < 16; piece += 1) expect(fitting.settingsFor(1, thorough)).toEqual(withoutSearch);
  expect(fitting.settingsFor(1, thorough)).not.toEqual(withoutSearch);
});
