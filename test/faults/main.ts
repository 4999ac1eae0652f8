import { mkdir, readFile, writeFile } from "node:fs/promises";
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
let recording = Promise.resolve();

/** One world, one fault after the other. */
async function work(): Promise<void> {
  await using scene = await openScene();
  for (let fault = waiting.shift(); fault !== undefined; fault = waiting.shift()) {
    const result = await runCase(scene, fault);
    results.set(fault, result);
    show(result);
    if (!values["no-docs"]) recording = recording.then(() => record(result));
  }
}

function show({ area, fault, expected, seconds, problems, message }: FaultResult): void {
  const mark = problems.length === 0 ? "✓" : "✗";
  process.stdout.write(`${mark} ${area}: ${fault} (${expected}, ${seconds.toFixed(1)} s)\n`);
  for (const problem of problems) process.stdout.write(`    ${problem}\n`);
  if (problems.length > 0) process.stdout.write(`    said: ${message}\n`);
}

/** Into the results and the table; those of faults that were not run now stay as they were. */
async function record(fresh: FaultResult): Promise<void> {
  const file = new URL("results/latest.json", import.meta.url);
  const text = await readFile(file, "utf8").catch(() => "[]");
  const known = new Map([...(JSON.parse(text) as FaultResult[]), fresh].map((result) => [result.fault, result]));
  const all = faultCases.flatMap(({ fault }) => known.get(fault) ?? []);
  await mkdir(new URL(".", file), { recursive: true });
  await writeFile(file, `${JSON.stringify(all, null, 2)}\n`);
  await writeTable(all);
}

await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, work));
const ordered = chosen.flatMap((fault) => results.get(fault) ?? []);
const failed = ordered.filter(({ problems }) => problems.length > 0).length;
process.stdout.write(`${ordered.length} faults, ${failed} not as designed\n`);
await recording;
process.exitCode = failed === 0 ? 0 : 1;
