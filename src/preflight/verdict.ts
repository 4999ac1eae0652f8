import type { CheckResult, Finding } from "../report.ts";
import { outcomeOf } from "./check.ts";
import { findCode } from "./codes.ts";

/** `blocked` also where a question stayed unanswered. */
export function verdictOf(results: readonly CheckResult[]): "passed" | "warnings" | "blocked" {
  const findings = results.flatMap((result) => result.findings);
  const outcome = outcomeOf(findings);
  if (outcome === "blocked" || outcome === "could-not-check") return "blocked";
  return outcome === "warning" ? "warnings" : "passed";
}

/**
 * Turns the findings whose codes the user has read and accepted into warnings. Each code is named; there is no word for
 * all of them. Codes that stand for certain damage or certain failure cannot be accepted.
 */
export function acceptFindings(results: readonly CheckResult[], accepted: readonly string[]): CheckResult[] {
  return results.map((result) => {
    const findings = result.findings.map((found) => (accepted.includes(found.code) ? acceptFinding(found) : found));
    const outcome = result.findings.length === 0 ? result.outcome : outcomeOf(findings);
    return { ...result, findings, outcome };
  });
}

function acceptFinding(found: Finding): Finding {
  if (found.severity === "warning") return found;
  if (findCode(found.code)?.acceptable === false) {
    return { ...found, remedy: `${found.remedy} (This code cannot be accepted.)` };
  }
  return { ...found, severity: "warning", accepted: true };
}

export interface FindingCounts {
  passed: number;
  warnings: number;
  blocked: number;
  couldNotCheck: number;
}

/** Checks by outcome, for the headline. */
export function countOutcomes(results: readonly CheckResult[]): FindingCounts {
  const count = (outcome: CheckResult["outcome"]): number =>
    results.filter((result) => result.outcome === outcome).length;
  return {
    passed: count("pass"),
    warnings: count("warning"),
    blocked: count("blocked"),
    couldNotCheck: count("could-not-check"),
  };
}
