// Renders the samples under docs/samples from runs that test/local/demo/record.ts has recorded: the same bytes each time,
// so that CI can compare them.
// `node scripts/samples.ts --check` writes nothing and fails when a sample is not what the code renders.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { renderPage } from "../src/report/page/page.ts";
import { renderSummary } from "../src/report/summary.ts";
import type { Report } from "../src/report.ts";

const folder = join(import.meta.dirname, "../docs/samples");
const isCheck = process.argv.includes("--check");

const names = ["success", "blocked", "failed-restore"] as const;

const stale: string[] = [];
for (const name of names) {
  const report = JSON.parse(await readFile(join(folder, name, "report.json"), "utf8")) as Report;
  await settle(join(folder, name, "summary.md"), renderSummary(report));
  await settle(join(folder, name, "report.html"), renderPage(report));
}
if (stale.length > 0) {
  console.error(`Not what the code renders; run \`node scripts/samples.ts\`:\n${stale.join("\n")}`);
  process.exitCode = 1;
}

async function settle(file: string, content: string): Promise<void> {
  if (!isCheck) {
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, content);
    return;
  }
  const found = await readFile(file, "utf8").catch(() => "");
  if (found !== content) stale.push(file);
}
