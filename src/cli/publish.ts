import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommandResult } from "../commands.ts";
import { MigrationError, describeError } from "../errors.ts";
import type { Inputs } from "../inputs/inputs.ts";
import type { Log } from "../log.ts";
import type { Report } from "../report.ts";
import { type EvidenceFile, renderEvidence } from "../report/evidence.ts";
import { renderSummary } from "../report/summary.ts";
import type { Platform } from "../run.ts";
import { redactAll } from "../secret.ts";

/** Made before the run: whoever cannot keep the evidence should know before the window opens. */
export async function prepareFolder({ outputDir, command }: Inputs): Promise<string> {
  // A folder for each command, so that `verify` does not replace the migration's page.
  const folder = outputDir ?? join("migration-evidence", command);
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw new MigrationError(`The folder ${folder} for the evidence cannot be made.`, {
      code: "OUTPUT_DIR",
      hint: "Name a folder that can be written with --output-dir.",
      cause: error,
    });
  });
  return folder;
}

interface FolderPublication {
  inputs: Inputs;
  platform: Platform;
  log: Log;
  folder: string;
}

export interface Published {
  /** As others may see it. */
  report: Report;
  files: EvidenceFile[];
}

/** Writes the evidence, and the summary as Markdown, into a folder. It cannot fail a finished migration. */
export async function publishToFolder(
  result: CommandResult,
  { inputs, platform, log, folder }: FolderPublication,
): Promise<Published> {
  const hideIdentifiers = inputs.showIdentifiers === "auto" ? platform.isPublic : !inputs.showIdentifiers;
  const report = hideIdentifiers ? result.publicReport() : result.report;
  try {
    const files = await renderEvidence(result, { hideIdentifiers, secrets: result.secrets });
    files.push(summaryFile(redactAll(renderSummary(report), result.secrets)));
    for (const file of files) await writeFile(join(folder, file.name), file.content, { mode: 0o600 });
    return { report, files };
  } catch (error) {
    log.warning(`The evidence could not be written to ${folder}: ${describeError(error)}`);
    return { report, files: [] };
  }
}

function summaryFile(content: string): EvidenceFile {
  return { name: "summary.md", content, description: "the summary as Markdown", bytes: Buffer.byteLength(content) };
}
