import { formatBytes, formatSeconds } from "../../format.ts";
import type { Report } from "../../report.ts";
import { comparePlan } from "../plan-comparison.ts";
import { plainTable } from "./data-table.ts";
import { folded, type PageSection, prose } from "./element.ts";

/** What the gate promised beside what came, and with what means. */
export function planSection(report: Report): PageSection | undefined {
  const facts = comparePlan(report);
  const means = listMeans(report);
  if (facts.length === 0 && means.length === 0) return undefined;
  const happened = report.command !== "preflight";
  const rows = facts.map(({ what, planned, actual }) => (happened ? [what, planned, actual ?? "–"] : [what, planned]));
  return {
    id: "plan",
    title: happened ? "Plan against actual" : "Plan",
    content: [
      rows.length === 0
        ? null
        : plainTable(
            happened ? "Planned and actual" : "Planned",
            ["", "planned", ...(happened ? ["actual"] : [])],
            rows,
          ),
      means.length === 0
        ? null
        : folded("How the archive is made, sent and proven", plainTable("Means", ["", ""], means)),
    ],
  };
}

function listMeans(report: Report): [string, ReturnType<typeof prose>][] {
  const facts = report.dump === undefined ? plannedMeans(report) : [...dumpedMeans(report), ...provenMeans(report)];
  return facts.map(([what, value]) => [what, prose(value)]);
}

function plannedMeans({ plan }: Report): [string, string][] {
  if (plan === undefined) return [];
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
