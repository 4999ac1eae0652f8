import { h } from "preact";
import { formatBytes, formatCount, formatSeconds, plural } from "../../format.ts";
import type { Report, RestoreProblem, RestoreRecord } from "../../report.ts";
import { groupRestoreLog, type RestorePhase, type RestoreStep } from "../restore-steps.ts";
import { cutText, visibleLine } from "../visible-text.ts";
import { plainTable } from "./data-table.ts";
import { type Content, copyable, folded, name, type PageSection, prose } from "./element.ts";

const mostSteps = 20_000;
const longestLine = 2_000;

/** Heroku's restore: errors it skipped, where the time went, and its whole log folded by object. */
export function restoreSection({ restore, failure }: Report): PageSection | undefined {
  if (restore === undefined) return undefined;
  const phases = groupRestoreLog(restore.logLines);
  return {
    id: "restore",
    title: "Restore",
    lede: describe(restore, failure?.stage === "restore"),
    content: [
      restore.skipped.length === 0 ? null : problemList(restore.skipped),
      slowest(phases),
      phases.length === 0 ? null : logOf(phases, restore),
    ],
  };
}

function describe(restore: RestoreRecord, isFailed: boolean): string {
  const number = `r${String(restore.transferNumber).padStart(3, "0")}`;
  const adopted = restore.adopted ? ", adopted from an earlier attempt" : "";
  const end = isFailed ? "stopped after" : "took";
  const harmful = restore.skipped.filter((problem) => !problem.harmless).length;
  const errors = harmful === 0 ? "No error that matters was skipped." : `${plural(harmful, "error")} skipped.`;
  const backup = restore.safetyBackup;
  const safety =
    backup === undefined
      ? ""
      : ` Safety backup b${String(backup.number).padStart(3, "0")}, ${formatBytes(backup.bytes)}.`;
  return `Heroku's restore ${number}${adopted} ${end} ${formatSeconds(restore.seconds)}. ${errors}${safety}`;
}

const mostProblems = 500;

function problemList(problems: readonly RestoreProblem[]): Content {
  const items = problems
    .slice(0, mostProblems)
    .map(({ message, entry, command, harmless }) =>
      h(
        "article",
        { class: `finding ${harmless ? "accepted" : "blocked"}` },
        h(
          "h3",
          null,
          h("span", { class: "rank" }, harmless ? "harmless" : "skipped"),
          " ",
          entry === undefined ? null : name(entry),
        ),
        h("p", { class: "message" }, prose(message)),
        command === undefined ? null : copyable(command, "the command that failed"),
      ),
    );
  const left = problems.length - items.length;
  return [items, left === 0 ? null : h("p", { class: "note" }, `And ${formatCount(left)} more, in restore.log.`)];
}

const shownSlowest = 8;

/** The objects that took longest: where the window went. */
function slowest(phases: readonly RestorePhase[]): Content {
  const steps = phases.flatMap((phase) => phase.steps).filter(({ kind, seconds }) => kind !== "" && seconds >= 1);
  const rows = steps
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, shownSlowest)
    .map((step) => [name(step.name), step.kind.toLowerCase(), formatSeconds(step.seconds)]);
  return rows.length < 2
    ? null
    : [h("h3", null, "What took longest"), plainTable("What took longest", ["object", "kind", "took"], rows)];
}

function logOf(phases: readonly RestorePhase[], { logLines }: RestoreRecord): Content {
  const start = Date.parse(logLines[0]?.at ?? "");
  let room = mostSteps;
  const shown = phases.map((phase) => {
    const steps = phase.steps.slice(0, Math.max(0, room));
    room -= steps.length;
    return renderPhase(phase, steps, start);
  });
  return folded(
    `The whole log, ${plural(logLines.length, "line")} folded by object`,
    h("div", { class: "log" }, shown),
  );
}

function renderPhase(phase: RestorePhase, steps: readonly RestoreStep[], start: number): Content {
  const title =
    phase.kind === "" ? "about the restore itself" : `${phase.kind.toLowerCase()}, ${formatCount(phase.steps.length)}`;
  const problems =
    phase.problems === 0 ? null : [" ", h("span", { class: "status bad" }, plural(phase.problems, "problem"))];
  const summary = [h("strong", null, title), ` ${formatSeconds(phase.seconds)}`, problems];
  const left = phase.steps.length - steps.length;
  const more = left === 0 ? null : h("p", { class: "note" }, `And ${formatCount(left)} more, in restore.log.`);
  return folded(summary, [renderRuns(steps, start, phase.kind), more], { open: phase.problems > 0 });
}

/** Thousands of quiet steps are one block of text; one that went wrong stands by itself with all its lines. */
function renderRuns(steps: readonly RestoreStep[], start: number, phaseKind: string): Content[] {
  const runs: Content[] = [];
  let quiet: string[] = [];
  const flush = (): void => {
    if (quiet.length > 0)
      runs.push(h("pre", { tabindex: 0, role: "group", "aria-label": "Log lines" }, quiet.join("\n")));
    quiet = [];
  };
  for (const step of steps) {
    if (!step.isProblem) {
      quiet.push(...quietLines(step, start, phaseKind));
      continue;
    }
    flush();
    runs.push(renderProblem(step, start));
  }
  flush();
  return runs;
}

const offsetColumns = 8;

function quietLines(step: RestoreStep, start: number, phaseKind: string): string[] {
  const offset = offsetOf(step.at, start).padStart(offsetColumns);
  const kind = step.kind === phaseKind ? "" : `${step.kind.toLowerCase()} `;
  const [first, ...others] = step.kind === "" ? step.lines : [`${kind}${step.name}`, ...step.lines.slice(1)];
  const took = step.seconds >= 1 ? `   ${formatSeconds(step.seconds)}` : "";
  const indent = " ".repeat(offsetColumns);
  return [`${offset}  ${shortLine(first ?? "")}${took}`, ...others.map((line) => `${indent}  ${shortLine(line)}`)];
}

function renderProblem(step: RestoreStep, start: number): Content {
  const summary = [
    h("span", { class: "offset" }, offsetOf(step.at, start)),
    " ",
    step.name === "" ? "problem" : name(step.name),
  ];
  return folded(
    summary,
    h(
      "pre",
      { class: "problem", tabindex: 0, role: "group", "aria-label": "Log lines of a problem" },
      step.lines.map(shortLine).join("\n"),
    ),
    { open: true },
  );
}

function shortLine(line: string): string {
  return cutText(visibleLine(line.slice(0, 2 * longestLine)), longestLine);
}

/** `+4:20` since the log's first line. */
function offsetOf(at: string, start: number): string {
  const seconds = Math.max(0, Math.round((Date.parse(at) - start) / 1000));
  if (!Number.isFinite(seconds)) return "";
  return `+${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
