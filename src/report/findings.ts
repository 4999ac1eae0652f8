import { formatCount, plural } from "../format.ts";
import type { CheckResult, Finding } from "../report.ts";

export type FindingRank = "blocked" | "could-not-check" | "warning" | "accepted";

export interface RankedFinding {
  finding: Finding;
  rank: FindingRank;
  /** Title of the check that found it. */
  check: string;
}

const ranks: readonly FindingRank[] = ["blocked", "could-not-check", "warning", "accepted"];

/** Every finding, the most urgent first, otherwise in the order of the checks. */
export function listFindings(checks: readonly CheckResult[]): RankedFinding[] {
  return checks
    .flatMap(({ findings, title }) => findings.map((finding) => ({ finding, rank: rankOf(finding), check: title })))
    .toSorted((a, b) => ranks.indexOf(a.rank) - ranks.indexOf(b.rank));
}

function rankOf(finding: Finding): FindingRank {
  return finding.accepted === true ? "accepted" : finding.severity;
}

/** How many of each rank, without those that are none. */
function countRanks(findings: readonly RankedFinding[]): { rank: FindingRank; count: number }[] {
  return ranks
    .map((rank) => ({ rank, count: findings.filter((found) => found.rank === rank).length }))
    .filter(({ count }) => count > 0);
}

/** `2 blocked, 1 could not be checked, 3 warnings` */
export function countInWords(findings: readonly RankedFinding[]): string {
  return countRanks(findings)
    .map(({ rank, count }) =>
      rank === "warning" ? plural(count, "warning") : `${formatCount(count)} ${rankWords[rank].words}`,
    )
    .join(", ");
}

export const rankWords: Readonly<Record<FindingRank, { mark: string; words: string }>> = {
  blocked: { mark: "⛔", words: "blocked" },
  "could-not-check": { mark: "❓", words: "could not be checked" },
  warning: { mark: "⚠️", words: "warning" },
  accepted: { mark: "☑️", words: "accepted" },
};
