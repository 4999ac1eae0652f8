import type { Report } from "../report.ts";

/** Outputs of the step. Never a URL, host or anything masked: the runner drops a job output that holds a masked text. */
export function listOutputs(report: Report, folder: string): [name: string, value: string][] {
  const { dump } = report;
  return [
    ["verdict", report.verdict],
    ["findings", JSON.stringify(countFindings(report))],
    ["source-version", report.source?.serverVersion ?? ""],
    ["target-version", report.target?.serverVersion ?? ""],
    ["archive-key", dump?.archiveKey ?? ""],
    ["archive-bytes", dump === undefined ? "" : String(dump.archiveBytes)],
    ["archive-sha256", dump?.archiveSha256 ?? ""],
    ["verified", report.verification?.outcome ?? "not-compared"],
    ["report-path", folder],
  ];
}

export function countFindings(report: Report): { blocked: number; couldNotCheck: number; warning: number } {
  const findings = report.checks.flatMap((check) => check.findings);
  const count = (severity: string): number => findings.filter((finding) => finding.severity === severity).length;
  return { blocked: count("blocked"), couldNotCheck: count("could-not-check"), warning: count("warning") };
}
