import { readFile, writeFile } from "node:fs/promises";
import type { FaultResult } from "./fault-case.ts";

const file = new URL("../../docs/reliability.md", import.meta.url);
const begin = "<!-- faults: begin -->";
const end = "<!-- faults: end -->";

const outcomes: Readonly<Record<FaultResult["expected"], string>> = {
  recovered: "recovers by itself",
  unverified: "ends unverified; the next run compares again",
  failed: "fails cleanly; the next run ends well",
  blocked: "refuses; the next run ends well",
  interrupted: "stops; the next run ends well",
  killed: "dies; the next run ends well",
};

/** Puts the results between the two markers. */
export async function writeTable(results: readonly FaultResult[]): Promise<void> {
  const text = await readFile(file, "utf8");
  const [head, rest] = text.split(begin);
  const tail = rest?.split(end)[1];
  if (head === undefined || tail === undefined) throw new Error("docs/reliability.md has lost its markers");
  await writeFile(file, `${head}${begin}\n\n${renderTable(results)}\n\n${end}${tail}`);
}

export function renderTable(results: readonly FaultResult[]): string {
  const rows = results.map(({ area, fault, expected, problems, seconds }) => {
    const outcome = problems.length === 0 ? "yes" : `**no**: ${problems.join("; ")}`;
    return `| ${area} | ${fault} | ${outcomes[expected]} | ${escapeCell(outcome)} | ${seconds.toFixed(0)} s |`;
  });
  const good = results.filter(({ problems }) => problems.length === 0).length;
  return [
    `${good} of ${results.length} as designed.`,
    "",
    "| where | fault | designed outcome | held | time, both runs |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

function escapeCell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
