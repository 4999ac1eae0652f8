import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommandResult } from "../commands.ts";
import type { Inputs } from "../inputs/inputs.ts";
import type { Log } from "../log.ts";
import { renderEvidence } from "../report/evidence.ts";
import { renderSummary } from "../report/summary.ts";
import { redact } from "../secret.ts";

interface FolderPublication {
  inputs: Inputs;
  log: Log;
  folder: string;
}

/** Writes the evidence, and the summary as Markdown, into a folder. */
export async function publishToFolder(
  result: CommandResult,
  { inputs, log, folder }: FolderPublication,
): Promise<void> {
  const hideIdentifiers = inputs.showIdentifiers === false;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const file of await renderEvidence(result, { hideIdentifiers, secrets: result.secrets })) {
    await writeFile(join(folder, file.name), file.content);
  }
  const report = hideIdentifiers ? result.publicReport() : result.report;
  await writeFile(join(folder, "summary.md"), redact(renderSummary(report)));
  log.info(`${result.report.headline} The evidence is in ${folder}.`);
}
