import { expect, test } from "vitest";
import { maxUploadBytes, partBytesFor } from "./part-size.ts";

const mebibyte = 1024 ** 2;

test("small archives get parts of 8 MiB", () => {
  expect(partBytesFor(0)).toBe(8 * mebibyte);
  expect(partBytesFor(40e9)).toBe(8 * mebibyte);
});

test.each([60e9, 100e9, 1e12, 25e12])("an archive half as large again as %d bytes fits, in whole MiB", (estimate) => {
  const partBytes = partBytesFor(estimate);
  expect(partBytes % mebibyte).toBe(0);
  expect(maxUploadBytes(partBytes)).toBeGreaterThanOrEqual(estimate * 1.5);
  expect(Math.ceil((estimate * 1.5) / partBytes)).toBeLessThanOrEqual(9_000);
});
