import { formatSeconds } from "../format.ts";
import type { Report } from "../report.ts";
import { code, codeBlock, prose, table } from "./markdown.ts";
import { comparePlan, windowSeconds } from "./plan-comparison.ts";
import { artifactsSection, comparedAmount, extensionsSection, verificationSection } from "./summary-evidence.ts";
import { findingsSection } from "./summary-findings.ts";
import { joinWithin, type Section } from "./summary-section.ts";
import { verdictWords } from "./verdict.ts";

/** The runner refuses a step summary above 1 MiB (runner source, CreateSummaryCommand); masks may still lengthen ours. */
const summaryBytes = 900 * 1024;

/** The job summary: the verdict first, then what to do, then the evidence. Markdown, below 1 MiB whatever the database. */
export function renderSummary(report: Report): string {
  const sections: Section[] = [
    verdictSection(report),
    failureSection(report),
    nextStepsSection(report),
    findingsSection(report.checks),
    extensionsSection(report.extensions ?? []),
    planSection(report),
    verificationSection(report),
    artifactsSection(report),
  ];
  return joinWithin(sections, summaryBytes);
}

function verdictSection(report: Report): Section {
  const { mark, words } = verdictWords[report.verdict];
  const title = `# ${mark} ${words}: ${code(report.app)}`;
  return { blocks: [title, `**${prose(report.headline)}**`, ...routeOf(report)] };
}

function routeOf(report: Report): string[] {
  const { source, target } = report;
  const lines: string[] = [];
  if (source !== undefined)
    lines.push(
      `From ${prose(source.providerName)}, PostgreSQL ${prose(source.serverVersion)}, ${code(source.database)}`,
    );
  if (target !== undefined)
    lines.push(`To Heroku ${prose(target.plan)}, PostgreSQL ${prose(target.serverVersion)}, ${code(target.addonName)}`);
  const window = windowSeconds(report);
  if (window !== undefined) lines.push(`Maintenance window: ${formatSeconds(window)}${plannedWindow(report)}`);
  if (report.verification?.outcome === "match")
    lines.push(`Compared: ${comparedAmount(report.verification)}, all the same`);
  return lines.length === 0 ? [] : [lines.map((line) => `- ${line}`).join("\n")];
}

function plannedWindow({ plan }: Report): string {
  return plan === undefined ? "" : `, planned ${formatSeconds(plan.windowMinutes * 60)}`;
}

function failureSection({ failure, restore }: Report): Section {
  if (failure === undefined) return { blocks: [] };
  const blocks = [
    `## What failed, and where things stand`,
    `Stage **${prose(failure.stage)}**: ${prose(failure.message)}${failure.code === undefined ? "" : ` (${code(failure.code)})`}`,
    prose(failure.targetState),
  ];
  if (failure.hint !== undefined) blocks.push(`**Remedy:** ${prose(failure.hint)}`);
  if (restore?.wayBack !== undefined)
    blocks.push("The way back to the content of before:", codeBlock(restore.wayBack, "sh"));
  return { blocks };
}

const shownSteps = 20;

function nextStepsSection({ nextSteps }: Report): Section {
  if (nextSteps.length === 0) return { blocks: [] };
  const steps = nextSteps.slice(0, shownSteps).map((step, index) => `${index + 1}. ${prose(step)}`);
  return { blocks: ["## What to do now", steps.join("\n")] };
}

function planSection(report: Report): Section {
  const facts = comparePlan(report);
  if (facts.length === 0) return { blocks: [] };
  const happened = facts.some(({ actual }) => actual !== undefined && report.command !== "preflight");
  const rows = facts.map(({ what, planned, actual }) => (happened ? [what, planned, actual ?? "–"] : [what, planned]));
  const title = happened ? "## Plan against actual" : "## Plan";
  return { blocks: [title, table(happened ? ["", "planned", "actual"] : ["", "planned"], rows)] };
}
