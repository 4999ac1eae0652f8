import { expect, test } from "vitest";
import { archives, databaseUrls, herokuAnswers, texts } from "./faults/fuzz-targets.ts";
import { createRandom } from "./faults/random.ts";

// `npm run fuzz` does 10,000 of them.
const tries = 250;

test.each([
  ["database URLs", databaseUrls],
  ["archives", archives],
  ["Heroku's answers", herokuAnswers],
  ["settings and journals", texts],
] as const)("mutated %s: no crash, no leak, a clear error", async (_name, open) => {
  await using target = await open();
  const problems: string[] = [];
  for (let number = 0; number < tries; number += 1) {
    const problem = await target.tryOnce(createRandom(7_000_000 + number));
    if (problem !== undefined) problems.push(`${number}: ${problem}`);
  }
  expect(problems).toEqual([]);
});
