import { expect, test } from "vitest";
import { measureThroughput } from "./throughput.ts";

function sample(second: number, bytes: number) {
  return { at: new Date(second * 1000).toISOString(), stage: "dump" as const, bytes };
}

test("rates are what was added in each span, however irregular the samples", () => {
  const [series] = measureThroughput([sample(0, 0), sample(1, 100), sample(7, 700), sample(10, 1_600)], 5);
  expect(series?.rates.map(({ bytesPerSecond }) => Math.round(bytesPerSecond))).toEqual([100, 100, 100, 200, 300]);
  expect(series?.averageBytesPerSecond).toBe(160);
  expect(series?.peakBytesPerSecond).toBe(300);
});

test("what is added up is the whole", () => {
  const samples = Array.from({ length: 500 }, (_, index) => sample(index + (index % 3) / 10, index ** 2));
  const [series] = measureThroughput(samples, 60);
  const total = series?.rates.reduce(
    (sum, { from, to, bytesPerSecond }) => sum + ((to - from) / 1000) * bytesPerSecond,
    0,
  );
  expect(total).toBeCloseTo(499 ** 2, 3);
});

test("a repeated slice, which makes the count fall, is no negative speed", () => {
  const [series] = measureThroughput([sample(0, 0), sample(5, 500), sample(6, 300), sample(10, 800)], 10);
  expect(Math.min(...(series?.rates.map(({ bytesPerSecond }) => bytesPerSecond) ?? [-1]))).toBe(0);
});

test("one sample, or samples of one moment, are no speed", () => {
  expect(measureThroughput([sample(0, 10)], 5)).toEqual([]);
  expect(measureThroughput([sample(3, 10), sample(3, 20)], 5)).toEqual([]);
});
