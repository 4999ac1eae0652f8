import { mkdir, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { faultCases } from "./cases.ts";
import type { FaultCase, FaultResult } from "./fault-case.ts";
import { runCase } from "./run-case.ts";
import { openScene } from "./scene.ts";
import { writeTable } from "./table.ts";

// npm run faults -- [--only TEXT] [--jobs 2] [--no-docs]: every fault, and the table in docs/reliability.md.

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    jobs: { type: "string", default: "2" },
    "no-docs": { type: "boolean", default: false },
  },
});
const isChosen = ({ area, fault }: FaultCase): boolean =>
  values.only === undefined || `${area}: ${fault}`.includes(values.only);
const chosen = faultCases.filter(isChosen);
const results = new Map<FaultCase, FaultResult>();
const waiting = [...chosen];

/** One world, one fault after the other. */
async function work(): Promise<void> {
  await using scene = await openScene();
  for (let fault = waiting.shift(); fault !== undefined; fault = waiting.shift()) {
    const result = await runCase(scene, fault);
    results.set(fault, result);
    show(result);
  }
}

function show({ area, fault, expected, seconds, problems, message }: FaultResult): void {
  const mark = problems.length === 0 ? "✓" : "✗";
  process.stdout.write(`${mark} ${area}: ${fault} (${expected}, ${seconds.toFixed(1)} s)\n`);
  for (const problem of problems) process.stdout.write(`    ${problem}\n`);
  if (problems.length > 0) process.stdout.write(`    said: ${message}\n`);
}

await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, work));
const ordered = chosen.flatMap((fault) => results.get(fault) ?? []);
const failed = ordered.filter(({ problems }) => problems.length > 0).length;
process.stdout.write(`${ordered.length} faults, ${failed} not as designed\n`);
if (values.only === undefined && !values["no-docs"]) {
  const folder = new URL("results/", import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL("latest.json", folder), `${JSON.stringify(ordered, null, 2)}\n`);
  await writeTable(ordered);
}
process.exitCode = failed === 0 ? 0 : 1;
