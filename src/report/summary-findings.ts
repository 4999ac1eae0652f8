import { formatCount, plural } from "../format.ts";
import type { CheckResult } from "../report.ts";
import { countInWords, listFindings, type RankedFinding, rankWords } from "./findings.ts";
import { code, codeBlock, prose, table } from "./markdown.ts";
import type { Section } from "./summary-section.ts";

const shownFindings = 30;
const shownObjects = 6;
const shownCodes = 30;

/** Findings with their remedies, the most urgent first; beyond a number only counted. */
export function findingsSection(checks: readonly CheckResult[]): Section {
  if (checks.length === 0) return { blocks: [] };
  const findings = listFindings(checks);
  const passes = checks.filter((check) => check.outcome === "pass").length;
  const passed = `${formatCount(passes)} of ${plural(checks.length, "check")} passed.`;
  if (findings.length === 0) return { blocks: ["## Findings: none", passed] };
  return { blocks: [`## Findings: ${countInWords(findings)}`, passed, ...shown(findings), ...rest(findings)] };
}

function shown(findings: readonly RankedFinding[]): string[] {
  return findings.slice(0, shownFindings).flatMap((found) => {
    const { mark, words } = rankWords[found.rank];
    return [`### ${mark} ${code(found.finding.code)} ${words}`, ...renderFinding(found)];
  });
}

function renderFinding({ finding, rank }: RankedFinding): string[] {
  const { message, objects, remedy, sql } = finding;
  const isNamed = objects.length <= shownObjects && objects.every((name) => message.includes(name));
  return [
    prose(message),
    ...(isNamed ? [] : [renderObjects(objects)]),
    ...(rank === "accepted" ? [] : [`**Remedy:** ${prose(remedy)}`]),
    ...(sql === undefined || rank === "accepted" ? [] : [codeBlock(sql, "sql")]),
  ];
}

/** Names as code, the first few. */
export function renderObjects(objects: readonly string[]): string {
  const names = objects.slice(0, shownObjects).map((name) => code(name, 120));
  const more = objects.length - names.length;
  return more > 0 ? `${names.join(", ")} and ${formatCount(more)} more, in \`report.html\`` : names.join(", ");
}

function rest(findings: readonly RankedFinding[]): string[] {
  const hidden = findings.slice(shownFindings);
  if (hidden.length === 0) return [];
  const counts = Map.groupBy(hidden, ({ finding, rank }) => `${rankWords[rank].mark} ${code(finding.code)}`);
  const rows = [...counts].slice(0, shownCodes).map(([label, group]) => [label, formatCount(group.length)]);
  return [
    `And ${formatCount(hidden.length)} more, in \`report.html\` and \`preflight.json\`:`,
    table(["finding", "times"], rows),
  ];
}
