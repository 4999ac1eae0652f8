import { plural } from "../format.ts";
import type { CheckResult, Report } from "../report.ts";
import { listFindings } from "./findings.ts";
import { cutText, visibleLine } from "./visible-text.ts";

export interface Annotation {
  level: "error" | "warning" | "notice";
  title: string;
  message: string;
}

/** The runner cuts a message at 4,096 characters and shows ten annotations of a level and step (runner source). */
const longestMessage = 4_000;
const longestTitle = 200;
const shownErrors = 5;
const shownWarnings = 3;

/** The few things that need somebody's hand, each with what to do. What needs none is in the summary. */
export function listAnnotations(report: Report): Annotation[] {
  return [...failureOf(report), ...verificationOf(report), ...findingsOf(report)].map(({ level, title, message }) => ({
    level,
    title: cutText(visibleLine(title), longestTitle),
    message: cutText(visibleLine(message), longestMessage),
  }));
}

function failureOf({ failure, app }: Report): Annotation[] {
  if (failure === undefined) return [];
  const message = [failure.message, failure.targetState, failure.hint].filter(
    (part) => part !== undefined && part !== "",
  );
  return [{ level: "error", title: `${app}: ${failure.stage} failed`, message: message.join(" ") }];
}

function verificationOf({ verification, app, nextSteps }: Report): Annotation[] {
  if (verification === undefined || verification.outcome === "match") return [];
  const differing = verification.differences.length;
  const isMismatch = verification.outcome === "mismatch";
  const what = isMismatch
    ? `Source and target differ: ${plural(differing, "difference")}.`
    : "The comparison could not be completed.";
  return [
    {
      level: isMismatch ? "error" : "warning",
      title: `${app}: ${isMismatch ? "not the same as the source" : "not verified"}`,
      message: [what, verification.note, nextSteps[0]].filter((part) => part !== undefined).join(" "),
    },
  ];
}

function findingsOf({ checks, verdict }: Report): Annotation[] {
  const errors = byCode(checks, true).slice(0, shownErrors);
  const isOver = verdict === "migrated" || verdict === "verified";
  const warnings = isOver ? [] : byCode(checks, false).slice(0, shownWarnings);
  return [...errors, ...warnings];
}

/** One annotation for a code, however many findings carry it. */
function byCode(checks: readonly CheckResult[], isBlocking: boolean): Annotation[] {
  const findings = listFindings(checks).filter(({ rank }) =>
    isBlocking ? rank === "blocked" || rank === "could-not-check" : rank === "warning",
  );
  const groups = Map.groupBy(findings, ({ finding }) => finding.code);
  return [...groups].flatMap(([code, [first, ...others]]) => {
    if (first === undefined) return [];
    const more =
      others.length === 0 ? "" : ` (and ${plural(others.length, "more finding", "more findings")} of this code)`;
    const message = `${first.finding.message}${more} ${first.finding.remedy}`;
    return [{ level: isBlocking ? ("error" as const) : ("warning" as const), title: code, message }];
  });
}
