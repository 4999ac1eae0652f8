import { exitCodes, type Outcome } from "../errors.ts";
import { plural } from "../format.ts";
import type { Log } from "../log.ts";
import type { Finding, Report } from "../report.ts";
import type { Published } from "./publish.ts";

/** A finding with thousands of objects has its list in the evidence. */
const mostObjects = 5;

/** The last lines: the verdict, what the gate found, what to do now, and where the evidence is. */
export function sayEnding(log: Log, { report, files }: Published, folder: string): void {
  const { verdict, headline, nextSteps } = report;
  for (const line of renderFindings(report)) log.info(line);
  if (nextSteps.length > 0) log.info(["What to do now:", ...nextSteps.map((step) => `  - ${step}`)].join("\n"));
  if (files.length > 0) {
    const width = Math.max(...files.map(({ name }) => name.length));
    const lines = files.map(({ name, description }) => `  ${name.padEnd(width)}  ${description}`);
    log.info([`Evidence in ${folder}:`, ...lines].join("\n"));
  }
  const isGood = ["passed", "warnings", "migrated", "verified"].includes(verdict);
  if (isGood) log.info(headline);
  else log.error(headline);
}

/** For machines: how it ended, in one event, the last. */
export function finishedEvent({ report, files }: Published, folder: string, outcome: Outcome): Record<string, unknown> {
  const { command, verdict, headline, nextSteps } = report;
  const names = files.map(({ name }) => name);
  return {
    command,
    verdict,
    outcome,
    exitCode: exitCodes[outcome],
    headline,
    nextSteps,
    evidence: { folder, files: names },
  };
}

/** A migration's page shows its gate's findings once more; here they would bury its verdict. */
function renderFindings({ command, verdict, checks }: Report): string[] {
  if (command !== "preflight" && verdict !== "blocked") return [];
  const findings = checks.flatMap((check) => check.findings);
  const isWarning = ({ severity }: Finding): boolean => severity === "warning";
  return [...findings.filter(isWarning), ...findings.filter((finding) => !isWarning(finding))].map(renderFinding);
}

function renderFinding({ severity, code, message, objects, remedy, sql }: Finding): string {
  const more = objects.length - mostObjects;
  const shown = [...objects.slice(0, mostObjects), ...(more > 0 ? [`and ${plural(more, "more", "more")}`] : [])];
  const lines = [
    `${severity} ${code}: ${message}`,
    ...shown,
    ...(remedy === "" ? [] : [`→ ${remedy}`]),
    ...(sql?.split("\n") ?? []).slice(0, mostObjects),
  ];
  return `${lines.join("\n    ")}\n`;
}
