import { formatBytes, formatSeconds } from "../../format.ts";
import type { MigrationPlan, Report } from "../../report.ts";
import { comparePlan } from "../plan-comparison.ts";
import { plainTable } from "./data-table.ts";
import { folded, type PageSection, prose } from "./element.ts";

/** What the gate promised beside what came, and with what means. */
export function planSection(report: Report): PageSection | undefined {
  return report.command === "preflight" ? promise(report) : comparison(report);
}

/** The stages are in the planned timeline already. */
function promise(report: Report): PageSection | undefined {
  const { plan } = report;
  if (plan === undefined) return undefined;
  const shown = new Set<string>([...plan.stages.map(({ name }) => name), "maintenance window"]);
  const facts = comparePlan(report).filter(({ what }) => !shown.has(what));
  const rows = [...facts.map(({ what, planned }): [string, string] => [what, planned]), ...plannedMeans(plan)];
  return { id: "plan", title: "Plan", content: plainTable("Plan", ["", ""], rows) };
}

function comparison(report: Report): PageSection | undefined {
  const rows = comparePlan(report).map(({ what, planned, actual }) => [what, planned, actual ?? "–"]);
  const means = [...dumpedMeans(report), ...provenMeans(report)].map(([what, value]) => [what, prose(value)]);
  if (rows.length === 0 && means.length === 0) return undefined;
  return {
    id: "plan",
    title: "Plan against actual",
    content: [
      rows.length === 0 ? null : plainTable("Planned and actual", ["", "planned", "actual"], rows),
      means.length === 0
        ? null
        : folded("How the archive was made, sent and proven", plainTable("Means", ["", ""], means)),
    ],
  };
}

function plannedMeans(plan: MigrationPlan): [string, string][] {
  return [
    ["readers", String(plan.jobs)],
    ["compression", `${plan.compressionRatio.toFixed(1)} times, from a sample`],
    ["size of a part", formatBytes(plan.partBytes)],
    ["memory", formatBytes(plan.memoryBytes)],
    ["life of the backup URL", formatSeconds(plan.urlLifetimeSeconds)],
  ];
}

function dumpedMeans({ dump }: Report): [string, string][] {
  if (dump === undefined) return [];
  const ratio = dump.archiveBytes > 0 ? ` (${(dump.copyBytes / dump.archiveBytes).toFixed(2)} times smaller)` : "";
  return [
    ["engine", `${dump.engine}, pg_dump ${dump.clientVersion}, archive format ${dump.archiveVersion}`],
    ["readers", String(dump.jobs)],
    [
      "compression",
      `${dump.compression}: ${formatBytes(dump.copyBytes)} of rows became ${formatBytes(dump.archiveBytes)}${ratio}`,
    ],
    ["parts", `${dump.parts} of ${formatBytes(dump.partBytes)}`],
    ["retries", String(dump.retries)],
    ["snapshot", dump.snapshotLsn === null ? "position not readable" : `\`${dump.snapshotLsn}\``],
    ["archive", `\`${dump.archiveKey}\``],
    ["SHA-256", `\`${dump.archiveSha256}\``],
    ...(dump.reusedFromRun === undefined
      ? []
      : ([["reused from run", `\`${dump.reusedFromRun}\``]] as [string, string][])),
  ];
}

function provenMeans({ proof }: Report): [string, string][] {
  if (proof === undefined) return [];
  return [
    [
      "proof",
      `${proof.kind}: ${formatBytes(proof.bytes)} fetched back, ${proof.entries} entries and ${proof.blocks} blocks read in ${formatSeconds(proof.seconds)}`,
    ],
  ];
}
