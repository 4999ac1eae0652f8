import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describeError } from "../errors.ts";
import type { Command } from "../inputs/definitions.ts";
import type { Log } from "../log.ts";
import type { ArtifactRecord } from "../report.ts";
import type { EvidenceFile } from "../report/evidence.ts";

interface ArtifactOptions {
  folder: string;
  command: Command;
  runId: string;
  retentionDays: number | undefined;
  log: Log;
}

/**
 * Uploads each file as an artifact of its own, without a zip, so that a browser opens it in place. Names carry the command and the run's
 * attempt: a name that exists is refused, and re-runs keep the earlier attempts' evidence.
 *
 * A platform without artifacts (GitHub Enterprise Server refuses the client by host name) costs one warning, not the run.
 */
export async function uploadArtifacts(
  files: readonly EvidenceFile[],
  options: ArtifactOptions,
): Promise<ArtifactRecord[]> {
  const records = files.map((file) => recordOf(file, options));
  const { DefaultArtifactClient } = await import("@actions/artifact");
  const client = new DefaultArtifactClient();
  const retention = options.retentionDays === undefined ? {} : { retentionDays: options.retentionDays };
  const upload = join(options.folder, "upload");
  options.log.startGroup("Uploading the evidence");
  try {
    await mkdir(upload, { recursive: true, mode: 0o700 });
    for (const record of records) {
      // An artifact without a zip around it takes the file's own name.
      const file = join(upload, record.name);
      await copyFile(join(options.folder, record.file), file);
      await client.uploadArtifact(record.name, [file], upload, { ...retention, skipArchive: true });
      record.uploaded = true;
    }
  } catch (error) {
    options.log.warning(
      `Artifacts could not be uploaded (${describeError(error)}). The files are in ${options.folder}.`,
    );
  }
  options.log.endGroup();
  return records;
}

function recordOf(file: EvidenceFile, { command, runId }: ArtifactOptions): ArtifactRecord {
  const attempt = runId.split("-").at(-1) ?? "1";
  return {
    name: `${command}-${attempt}-${file.name.replaceAll("/", "-")}`,
    file: file.name,
    bytes: file.bytes,
    description: file.description,
    uploaded: false,
  };
}
