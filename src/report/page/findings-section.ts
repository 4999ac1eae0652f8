import { h } from "preact";
import { formatCount, formatSeconds, plural } from "../../format.ts";
import type { CheckResult, Report } from "../../report.ts";
import { countInWords, listFindings, type RankedFinding, rankWords } from "../findings.ts";
import { plainTable } from "./data-table.ts";
import { type Content, copyable, folded, name, type PageSection, prose } from "./element.ts";

const mostFindings = 500;
const firstObjects = 8;
const mostObjects = 500;

/** Every finding with its remedy, then what passed. */
export function findingsSection({ checks }: Report): PageSection | undefined {
  if (checks.length === 0) return undefined;
  const findings = listFindings(checks);
  const passed = checks.filter((check) => check.outcome === "pass");
  const counts = countInWords(findings);
  return {
    id: "findings",
    title: "Findings",
    lede: `${formatCount(passed.length)} of ${plural(checks.length, "check")} passed${counts === "" ? "" : `; ${counts}`}.`,
    content: [
      findings.slice(0, mostFindings).map(renderFinding),
      rest(findings),
      passed.length === 0 ? null : folded(`The ${plural(passed.length, "check")} that passed`, passedTable(passed)),
    ],
  };
}

function renderFinding({ finding, rank, check }: RankedFinding): Content {
  return h(
    "article",
    { class: `finding ${rank}` },
    h("h3", null, h("span", { class: "rank" }, rankWords[rank].words), " ", h("code", null, finding.code)),
    h("p", { class: "message" }, prose(finding.message)),
    renderObjects(finding.objects, finding.message),
    h("p", null, h("strong", null, "Remedy: "), prose(finding.remedy)),
    finding.sql === undefined ? null : copyable(finding.sql, `SQL for ${finding.code}`),
    h("p", { class: "detail" }, "Check: ", prose(check)),
  );
}

/** Not again what the message already names. */
function renderObjects(objects: readonly string[], message: string): Content {
  if (objects.length <= firstObjects && objects.every((one) => message.includes(one))) return null;
  const items = (names: readonly string[]): Content =>
    h(
      "ul",
      { class: "objects" },
      names.map((one) => h("li", null, name(one))),
    );
  const shown = items(objects.slice(0, firstObjects));
  if (objects.length <= firstObjects) return shown;
  const hidden = objects.slice(firstObjects, mostObjects);
  const left = objects.length - firstObjects - hidden.length;
  const more = left === 0 ? null : h("p", { class: "note" }, `And ${formatCount(left)} more, in preflight.json.`);
  return [shown, folded(`${formatCount(objects.length - firstObjects)} more`, [items(hidden), more])];
}

/** Beyond what anybody reads, only how often which code was found. */
function rest(findings: readonly RankedFinding[]): Content {
  const hidden = findings.slice(mostFindings);
  if (hidden.length === 0) return null;
  const counts = [...Map.groupBy(hidden, ({ finding }) => finding.code)].map(([code, group]) => [
    name(code),
    formatCount(group.length),
  ]);
  return [
    h("p", { class: "note" }, `And ${plural(hidden.length, "more finding", "more findings")}, in preflight.json:`),
    plainTable("Findings that are only counted here", ["code", "times"], counts),
  ];
}

function passedTable(checks: readonly CheckResult[]): Content {
  const rows = checks.map(({ title, area, note, seconds }) => [
    prose(title),
    area,
    prose(note ?? ""),
    formatSeconds(seconds),
  ]);
  return plainTable("Checks that passed", ["check", "looks at", "seen", "took"], rows);
}
