import { mkdir, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { faultCases } from "./cases.ts";
import type { FaultResult } from "./fault-case.ts";
import { runCase } from "./run-case.ts";
import { openScene } from "./scene.ts";
import { writeTable } from "./table.ts";

// npm run faults -- [--only TEXT] [--no-docs]: every fault, one after the other, and the table in docs/reliability.md.

const { values } = parseArgs({ options: { only: { type: "string" }, "no-docs": { type: "boolean", default: false } } });
const chosen = faultCases.filter(
  ({ area, fault }) => values.only === undefined || `${area}: ${fault}`.includes(values.only),
);
const results: FaultResult[] = [];
await using scene = await openScene();
for (const fault of chosen) {
  const result = await runCase(scene, fault);
  results.push(result);
  const mark = result.problems.length === 0 ? "✓" : "✗";
  process.stdout.write(
    `${mark} ${result.area}: ${result.fault} (${result.expected}, ${result.seconds.toFixed(1)} s)\n`,
  );
  for (const problem of result.problems) process.stdout.write(`    ${problem}\n`);
  if (result.problems.length > 0) process.stdout.write(`    said: ${result.message}\n`);
}
const failed = results.filter(({ problems }) => problems.length > 0).length;
process.stdout.write(`${results.length} faults, ${failed} not as designed\n`);
if (values.only === undefined && !values["no-docs"]) {
  const folder = new URL("results/", import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL("latest.json", folder), `${JSON.stringify(results, null, 2)}\n`);
  await writeTable(results);
}
process.exitCode = failed === 0 ? 0 : 1;
