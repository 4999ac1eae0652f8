import type { Report } from "../report.ts";
import { type Secret, redactAll } from "../secret.ts";
import { renderConnectionsCsv } from "./connections-csv.ts";
import { renderExtensionsCsv, renderExtensionsDiff } from "./extensions-diff.ts";
import { renderLossesSql } from "./losses-sql.ts";
import { renderSettingsDiffCsv } from "./settings-csv.ts";

/** A file of the evidence. `bytes` is set when it is written. */
export interface EvidenceFile {
  name: string;
  content: string;
  description: string;
  bytes: number;
}

/** What the evidence is made from, besides the report. */
export interface EvidenceSource {
  report: Report;
  /** The same with hosts, addresses, users and role names replaced. */
  publicReport: () => Report;
}

interface EvidenceOptions {
  hideIdentifiers: boolean;
  secrets: readonly Secret[];
}

/** Every file that the run has something to put into, each searched for secrets once more. */
export async function renderEvidence(
  source: EvidenceSource,
  { hideIdentifiers, secrets }: EvidenceOptions,
): Promise<EvidenceFile[]> {
  const report = hideIdentifiers ? source.publicReport() : source.report;
  const files = [
    ...(isGateOfThisRun(report) ? listPreflightFiles(report) : []),
    ...listMigrationFiles(report),
    await pageFile(report),
  ];
  return files.map((file) => ({ ...file, content: redactAll(file.content, secrets) }));
}

/** A migrate job shows its gate's findings on its page; the files are the gate's own artifacts already. */
function isGateOfThisRun(report: Report): boolean {
  return report.command === "preflight" || report.settingsCsv !== undefined;
}

function listPreflightFiles(report: Report): EvidenceFile[] {
  const { extensions, settingsDiff, connections, losses } = report;
  return [
    ...fileOf("settings.csv", "every setting of the source", report.settingsCsv?.text),
    ...fileOf(
      "settings-diff.csv",
      "settings that differ on Heroku",
      settingsDiff && renderSettingsDiffCsv(settingsDiff),
    ),
    ...fileOf("extensions.csv", "extensions of source and target", extensions && renderExtensionsCsv(extensions)),
    ...fileOf("extensions-diff.md", "what happens to each extension", extensions && renderExtensionsDiff(extensions)),
    ...fileOf(
      "connections.csv",
      "applications and services to re-point at cut-over",
      connections && renderConnectionsCsv(connections, report.configVars ?? []),
    ),
    ...fileOf("losses.sql", "what does not cross, as SQL to recreate what can be", losses && renderLossesSql(losses)),
    ...fileOf(
      "preflight.json",
      "checks, findings and plan",
      report.checks.length === 0 ? undefined : renderJson(preflightOf(report)),
    ),
  ];
}

function listMigrationFiles(report: Report): EvidenceFile[] {
  const { restore, verification, tables, drift } = report;
  const log = restore?.logLines.map((line) => `${line.at} ${line.message}`).join("\n");
  return [
    ...fileOf("restore.log", "Heroku's log of the restore", log === undefined ? undefined : `${log}\n`),
    ...fileOf(
      "verification.json",
      "what was compared and what differs",
      verification && renderJson({ ...verification, drift, tables }),
    ),
  ];
}

async function pageFile(report: Report): Promise<EvidenceFile> {
  // Its libraries are loaded at the end of a run, when the page is due.
  const { renderPage } = await import("./page/page.ts");
  return { name: "report.html", description: "everything, as one page", content: renderPage(report), bytes: 0 };
}

function preflightOf(report: Report): object {
  const { version, toolVersion, startedAt, finishedAt, verdict, app, source, target, checks, plan, extensions } =
    report;
  return { version, toolVersion, startedAt, finishedAt, verdict, app, source, target, checks, plan, extensions };
}

function fileOf(name: string, description: string, content: string | undefined): EvidenceFile[] {
  return content === undefined ? [] : [{ name, description, content, bytes: 0 }];
}

function renderJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
