import { MigrationError, describeError, hintOf } from "../errors.ts";
import type { CheckResult, Finding } from "../report.ts";
import { withTimeout } from "../workers.ts";
import { type FindingCode, codes } from "./codes.ts";
import type { Gate, Need } from "./gate.ts";

export interface Check {
  /** Kebab-case; in capitals it ends the check's could-not-check code. Stable, as codes are. */
  id: string;
  /** What is true when it passes. */
  title: string;
  area: CheckResult["area"];
  /** What must be there to look at. The check that owns the need reports why it is not. */
  needs: readonly Need[];
  /** Longer than the usual budget, where a check is worth it. */
  budgetMs?: number;
  /** The problems found; none is a pass. An exception means that the question could not be answered. */
  run(gate: Gate): Promise<CheckAnswer> | CheckAnswer;
}

export type CheckAnswer = Finding[] | { findings: Finding[]; note: string };

interface FindingDetails {
  message: string;
  objects?: string[];
  /** Instead of the code's own remedy, where the case allows a better one. */
  remedy?: string;
  sql?: string;
}

/** A finding under one of the documented codes, with the severity and, unless told better, the remedy of that code. */
export function finding(code: FindingCode, details: FindingDetails): Finding {
  const { severity, remedy } = codes[code];
  return { code, severity, objects: [], remedy, ...details };
}

/** A finding when there are objects to name, none otherwise. */
export function findingAbout(
  code: FindingCode,
  objects: string[],
  details: (count: number) => Omit<FindingDetails, "objects">,
): Finding[] {
  return objects.length === 0 ? [] : [finding(code, { ...details(objects.length), objects })];
}

/** `COULD_NOT_CHECK_ROW_SECURITY`: one code per check, so that accepting one never accepts another. */
export function couldNotCheckCode(check: Pick<Check, "id">): string {
  return `COULD_NOT_CHECK_${check.id.toUpperCase().replaceAll("-", "_")}`;
}

/**
 * Puts every question, one after another, and never stops at the first problem. A check that throws or exceeds its time
 * becomes a finding that blocks: an unanswered question is not a pass.
 */
export async function runChecks(checks: readonly Check[], gate: Gate): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    gate.signal.throwIfAborted();
    results.push(await runCheck(check, gate));
    gate.signal.throwIfAborted();
    gate.log.progress({ stage: "preflight", done: results.length, total: checks.length, unit: "checks" });
  }
  return results;
}

async function runCheck(check: Check, gate: Gate): Promise<CheckResult> {
  const startedAt = performance.now();
  const answer = await answerOf(check, gate);
  const { title, area } = check;
  return { title, area, ...answer, seconds: (performance.now() - startedAt) / 1000 };
}

async function answerOf(check: Check, gate: Gate): Promise<Pick<CheckResult, "outcome" | "findings" | "note">> {
  const missing = check.needs.find((need) => !gate.has(need));
  if (missing !== undefined) {
    return { outcome: "could-not-check", findings: [], note: `Not looked at: ${missingSentences[missing]}.` };
  }
  try {
    const answer = await withinBudget(check, gate);
    const { findings, note } = Array.isArray(answer) ? { findings: answer, note: undefined } : answer;
    return { outcome: outcomeOf(findings), findings, ...(note === undefined ? {} : { note }) };
  } catch (error) {
    gate.signal.throwIfAborted();
    return { outcome: "could-not-check", findings: [couldNotCheck(check, error)] };
  }
}

const missingSentences: Readonly<Record<Need, string>> = {
  source: "the source could not be connected to",
  target: "the target cannot be reached by SQL from here",
  heroku: "Heroku's API did not tell of the database",
  bucket: "the bucket was not probed",
  "target-version": "neither the target nor Heroku tells the target's version",
};

async function withinBudget(check: Check, gate: Gate): Promise<CheckAnswer> {
  const budgetMs = check.budgetMs ?? gate.limits.checkBudgetMs;
  const late = (): Error => new MigrationError(`no answer within ${budgetMs / 1000} s`);
  return await withTimeout(Promise.resolve(check.run(gate)), budgetMs, late);
}

function couldNotCheck(check: Check, error: unknown): Finding {
  return {
    code: couldNotCheckCode(check),
    severity: "could-not-check",
    message: `Could not find out whether this holds: ${check.title}. ${describeError(error)}`,
    objects: [],
    remedy:
      hintOf(error) ?? "Mend what the message says and run the gate again, or look for yourself and accept this code.",
  };
}

export function outcomeOf(findings: readonly Finding[]): CheckResult["outcome"] {
  if (findings.some((found) => found.severity === "blocked")) return "blocked";
  if (findings.some((found) => found.severity === "could-not-check")) return "could-not-check";
  return findings.length === 0 ? "pass" : "warning";
}
