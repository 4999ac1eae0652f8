import { copyFile, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { formatBytes } from "../../../src/format.ts";
import type { ArtifactService } from "../artifacts/service.ts";
import type { WorkflowResult } from "../runner/results.ts";

const descriptions: Readonly<Record<string, string>> = {
  "artifacts/settings.csv": "every setting of the source, as psql's \\copy of pg_settings writes them",
  "artifacts/settings-diff.csv": "settings that differ on Heroku, and whether that matters",
  "artifacts/extensions.csv": "extensions of source and target",
  "artifacts/extensions-diff.md": "what happens to each extension, and why",
  "artifacts/connections.csv": "applications and services to re-point at cut-over",
  "artifacts/losses.sql": "what does not cross, as SQL to recreate what can be",
  "artifacts/preflight.json": "checks, findings and plan, for machines",
  "artifacts/restore.log": "Heroku's own log of the restore",
  "artifacts/verification.json": "what was compared, table by table",
  "artifacts/report.html": "all of it as one page: open it in a browser",
  "summary.md": "the two jobs' summaries, as GitHub shows them",
  "log.txt": "the whole log, folded groups and all",
};

/**
 * Writes what the run has published into the folder, in place of what an earlier demo left there; returns a line for each
 * file. Uploads carry command and attempt in their names; here the later job's file of a name stands.
 */
export async function saveEvidence(
  artifacts: ArtifactService,
  result: WorkflowResult,
  folder: string,
): Promise<string[]> {
  for (const name of ["artifacts", "uploaded", "summary.md", "log.txt"])
    await rm(join(folder, name), { recursive: true, force: true });
  await mkdir(join(folder, "artifacts"), { recursive: true });
  for (const path of await artifacts.saveTo(join(folder, "uploaded")))
    await copyFile(path, join(folder, "artifacts", basename(path).replace(/^[a-z]+-\d+-/u, "")));
  const summaries = Object.values(result.jobs).map((job) => job.summary);
  await writeFile(join(folder, "summary.md"), summaries.filter((summary) => summary !== "").join("\n\n"));
  await writeFile(join(folder, "log.txt"), result.log);
  const names = (await readdir(join(folder, "artifacts"))).map((name) => `artifacts/${name}`).toSorted();
  return await Promise.all([...names, "summary.md", "log.txt"].map((name) => describe(folder, name)));
}

async function describe(folder: string, name: string): Promise<string> {
  const size = formatBytes((await stat(join(folder, name))).size);
  return `  ${name.padEnd(28)} ${size.padStart(8)}  ${descriptions[name] ?? ""}`.trimEnd();
}
