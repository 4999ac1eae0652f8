// Renders the samples under docs/samples from made-up reports: the same bytes each time, so that CI can compare them.
// `node scripts/samples.ts --check` writes nothing and fails when a sample is not what the code renders.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { renderPage } from "../src/report/page/page.ts";
import { renderSummary } from "../src/report/summary.ts";
import type { Report } from "../src/report.ts";
import { blockedReport, failedRestoreReport, successReport } from "../test/fixtures/reports.ts";

const folder = join(import.meta.dirname, "../docs/samples");
const isCheck = process.argv.includes("--check");

const samples: Record<string, Report> = {
  success: successReport(),
  blocked: blockedReport(),
  "failed-restore": failedRestoreReport(),
};

const stale: string[] = [];
for (const [name, report] of Object.entries(samples)) {
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
