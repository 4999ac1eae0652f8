import {
  error as annotateError,
  notice as annotateNotice,
  setOutput,
  summary,
  warning as annotateWarning,
} from "@actions/core";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CommandResult } from "../commands.ts";
import { describeError } from "../errors.ts";
import type { Inputs } from "../inputs/inputs.ts";
import type { Log } from "../log.ts";
import { listAnnotations } from "../report/annotations.ts";
import { type EvidenceFile, renderEvidence } from "../report/evidence.ts";
import { renderSummary } from "../report/summary.ts";
import type { Platform } from "../run.ts";
import { redact } from "../secret.ts";
import { uploadArtifacts } from "./artifacts.ts";
import { listOutputs } from "./outputs.ts";

interface Publication {
  inputs: Inputs;
  log: Log;
  platform: Platform;
  workDirectory: string;
}

/** Publishes the evidence: files, artifacts, job summary, outputs, annotations. None of it can fail a finished migration. */
export async function publish(
  result: CommandResult,
  { inputs, log, platform, workDirectory }: Publication,
): Promise<void> {
  const folder = inputs.outputDir ?? join(workDirectory, "evidence");
  const hideIdentifiers = inputs.showIdentifiers === "auto" ? platform.isPublic : !inputs.showIdentifiers;
  const files = await renderEvidence(result, { hideIdentifiers, secrets: result.secrets });
  await writeFiles(folder, files);
  if (inputs.artifacts) {
    result.report.artifacts = await uploadArtifacts(files, {
      folder,
      command: inputs.command,
      retentionDays: inputs.artifactRetentionDays,
      runId: platform.runId,
      log,
    });
  }
  const report = hideIdentifiers ? result.publicReport() : result.report;
  await attempt(log, "write the job summary", async () => {
    await summary.addRaw(redact(renderSummary({ ...report, artifacts: result.report.artifacts ?? [] }))).write();
  });
  for (const [name, value] of listOutputs(result.report, folder)) setOutput(name, value);
  for (const { level, title, message } of listAnnotations(report)) {
    const annotate = { error: annotateError, warning: annotateWarning, notice: annotateNotice }[level];
    annotate(redact(message), { title: redact(title) });
  }
}

async function writeFiles(folder: string, files: readonly EvidenceFile[]): Promise<void> {
  for (const file of files) {
    const path = join(folder, file.name);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, file.content);
    file.bytes = (await stat(path)).size;
  }
}

async function attempt(log: Log, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    log.warning(`Could not ${what}: ${describeError(error)}`);
  }
}
