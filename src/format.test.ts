import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatBytes, formatCount, formatPercent, formatSeconds, listNames, plural } from "./format.ts";

describe("formatBytes", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [1_536_000, "1.5 MB"],
    [99_400, "99.4 kB"],
    [99_600, "100 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [12_345_678_901, "12.3 GB"],
    [5e15, "5000 TB"],
    [-2_000_000, "-2.0 MB"],
  ])("%d", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test("stays within one part in twenty of the truth, in at most four digits below a petabyte", () => {
    const factors: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999e12 }), (bytes) => {
        const [number = "", unit = ""] = formatBytes(bytes).split(" ");
        expect(Math.abs(Number(number) * (factors[unit] ?? Number.NaN) - bytes)).toBeLessThanOrEqual(bytes / 20);
        expect(number.replace(".", "").length).toBeLessThanOrEqual(4);
      }),
    );
  });
});

describe("formatSeconds", () => {
  test.each([
    [0, "0.0 s"],
    [0.04, "0.0 s"],
    [9.94, "9.9 s"],
    [9.96, "10 s"],
    [59.4, "59 s"],
    [59.6, "1 min"],
    [61, "1 min 1 s"],
    [3599.6, "1 h"],
    [3725, "1 h 2 min"],
    [7199, "2 h"],
    [7170, "2 h"],
    [7169, "1 h 59 min"],
    [86_400, "24 h"],
  ])("%d", (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  test("never shows sixty of the smaller unit, and never strays by more than half of it", () => {
    const factors: Record<string, number> = { s: 1, min: 60, h: 3600 };
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (seconds) => {
        const words = formatSeconds(seconds).split(" ");
        const pairs = [words.slice(0, 2), words.slice(2, 4)].filter((pair) => pair.length === 2);
        const total = pairs.reduce((sum, [number, unit]) => sum + Number(number) * (factors[unit ?? ""] ?? 0), 0);
        expect(Math.abs(total - seconds)).toBeLessThanOrEqual(seconds < 3599 ? 0.5 : 30.5);
        for (const [number, unit] of pairs) if (unit !== "h") expect(Number(number)).toBeLessThan(60);
      }),
    );
  });
});

test("formatCount groups by thousands and loses no digit", () => {
  expect(formatCount(999)).toBe("999");
  expect(formatCount(1_234_567)).toBe("1,234,567");
  expect(formatCount(12_345_678_901_234_567_890n)).toBe("12,345,678,901,234,567,890");
  fc.assert(
    fc.property(fc.bigInt(), (count) => {
      expect(formatCount(count).replaceAll(",", "")).toBe(count.toString());
      expect(formatCount(count)).toMatch(/^-?\d{1,3}(,\d{3})*$/u);
    }),
  );
});

describe("formatPercent", () => {
  test.each([
    [0, 0, "–"],
    [5, 0, "–"],
    [0, 8, "0.0 %"],
    [1, 3, "33.3 %"],
    [8, 8, "100 %"],
    [9, 8, "100 %"],
  ])("%d of %d", (part, whole, text) => {
    expect(formatPercent(part, whole)).toBe(text);
  });

  test("says 100 only of the whole", () => {
    expect(formatPercent(999_999, 1_000_000)).toBe("99.9 %");
  });
});

test("plural", () => {
  expect(plural(1, "table")).toBe("1 table");
  expect(plural(0, "table")).toBe("0 tables");
  expect(plural(3000, "index", "indexes")).toBe("3,000 indexes");
});

test("listNames shows the first few and counts the rest", () => {
  expect(listNames([])).toBe("");
  expect(listNames(["a", "b"], 2)).toBe("a, b");
  expect(listNames(["a", "b", "c", "d"], 2)).toBe("a, b and 2 more");
});
