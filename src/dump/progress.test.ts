import { expect, test } from "vitest";
import { type Progress, silentLog } from "../log.ts";
import type { Run } from "../run.ts";
import { DumpProgress } from "./progress.ts";

function recording(estimatedBytes: number) {
  const seen: Progress[] = [];
  const run = { log: { ...silentLog, progress: (progress: Progress) => seen.push(progress) }, report: {} };
  return { progress: new DumpProgress(run as unknown as Run, estimatedBytes), last: () => seen.at(-1) };
}

test("counts planned bytes that are done, however much text they were", () => {
  const { progress, last } = recording(1_000_000);
  progress.plan(200);
  progress.read(90_000, 30_000, 1500);
  expect(last()).toMatchObject({ stage: "dump", done: 0, total: 200 });
  progress.finish(150);
  progress.part(8_000_000, 1);
  expect(last()).toMatchObject({ done: 150, total: 200 });
  expect(last()?.detail).toBe("1,500 rows, 90.0 kB read, 30.0 kB archived, 8.0 MB uploaded in 1 part");
  progress.finish(50);
  expect(last()).toMatchObject({ done: 200, total: 200 });
});

test("knows no end where pg_dump writes, which does not say what is left", () => {
  const { progress, last } = recording(1_000_000);
  progress.plan(0);
  progress.read(5000, 5000, 0);
  progress.finish(5000);
  expect(last()).toMatchObject({ done: 5000, total: 0, detail: "5.0 kB archived, 0 B uploaded in 0 parts" });
});
