import { parseArgs } from "node:util";
import { archives, databaseUrls, herokuAnswers, texts } from "./fuzz-targets.ts";
import { createRandom } from "./random.ts";

// npm run fuzz -- [--count 10000] [--seed 1]: what comes from outside, mutated; no crash, no hang, no leak, a clear error.

const { values } = parseArgs({
  options: { count: { type: "string", default: "10000" }, seed: { type: "string", default: "1" } },
});
const count = Number(values.count);
const slowMs = 3000;
let failures = 0;

process.on("uncaughtException", (error) => report("a crash outside any call", error.stack ?? error.message));
process.on("unhandledRejection", (error) => report("a rejection that nobody awaits", String(error)));

function report(where: string, problem: string): void {
  failures += 1;
  if (failures <= 20) process.stdout.write(`✗ ${where}: ${problem}\n`);
}

for (const target of [databaseUrls(), archives(), await herokuAnswers(), texts()]) {
  await using fuzzed = target;
  const startedAt = performance.now();
  const tries = Math.round(count * fuzzed.share);
  let slowest = 0;
  for (let number = 0; number < tries; number += 1) {
    const random = createRandom(Number(values.seed) * 1_000_003 + number);
    const before = performance.now();
    const problem = await fuzzed.tryOnce(random);
    const tookMs = performance.now() - before;
    slowest = Math.max(slowest, tookMs);
    if (problem !== undefined) report(`${fuzzed.name}, mutation ${number}`, problem);
    if (tookMs > slowMs) report(`${fuzzed.name}, mutation ${number}`, `it took ${(tookMs / 1000).toFixed(1)} s`);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  process.stdout.write(
    `${fuzzed.name}: ${tries} mutations in ${seconds.toFixed(1)} s, the slowest in ${slowest.toFixed(0)} ms\n`,
  );
}
process.stdout.write(failures === 0 ? "no crash, no hang, no leak\n" : `${failures} failures\n`);
process.exitCode = failures === 0 ? 0 : 1;
