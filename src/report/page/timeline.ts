import { h } from "preact";
import { formatSeconds } from "../../format.ts";
import type { MigrationPlan, Report, StageRecord } from "../../report.ts";
import { findWindow } from "../plan-comparison.ts";
import { plainTable } from "./data-table.ts";
import { type Content, folded, type PageSection, prose } from "./element.ts";
import { type GanttBar, renderGantt } from "./gantt.ts";
import { planScale, runScale } from "./time-scale.ts";

/** When which stage ran, or will run, with the maintenance window behind it. */
export function timelineSection(report: Report): PageSection | undefined {
  if (report.command === "preflight") return report.plan && plannedTimeline(report.plan);
  const scale = runScale(report);
  if (scale === undefined || report.stages.length === 0) return undefined;
  const window = findWindow(report);
  const windowLabel = window?.to === undefined ? "maintenance window, still open" : "maintenance window";
  const bars = report.stages.map((stage) => barOf(stage, report.plan, scale.to));
  return {
    id: "timeline",
    title: "Timeline",
    lede: describeWindow(report),
    content: [
      h(
        "figure",
        { class: "chart" },
        renderGantt({ title: "Timeline of the stages", scale, bars, window, windowLabel }),
        h("figcaption", null, listKeys(report)),
      ),
      folded("The timeline as a table", stageTable(report)),
    ],
  };
}

function barOf(stage: StageRecord, plan: MigrationPlan | undefined, end: number): GanttBar {
  const minutes = plan?.stages.find(({ name }) => name === stage.name)?.minutes;
  return {
    name: stage.name,
    from: Date.parse(stage.startedAt),
    to: stage.finishedAt === undefined ? end : Date.parse(stage.finishedAt),
    outcome: stage.outcome,
    spent: spent(stage),
    plannedMs: minutes === undefined ? undefined : minutes * 60_000,
  };
}

function plannedTimeline({ stages, windowMinutes }: MigrationPlan): PageSection | undefined {
  const inWindow = stages.filter(({ name }) => name !== "preflight");
  const minutes = inWindow.reduce((sum, stage) => sum + stage.minutes, 0);
  if (minutes <= 0) return undefined;
  let at = 0;
  const bars = inWindow.map((stage): GanttBar => {
    const from = at;
    at += stage.minutes * 60_000;
    return { name: stage.name, from, to: at, outcome: "done", spent: formatSeconds(stage.minutes * 60) };
  });
  const scale = planScale(Math.max(minutes, windowMinutes));
  const window = { from: 0, to: windowMinutes * 60_000 };
  const windowLabel = `window to announce, ${formatSeconds(windowMinutes * 60)}`;
  const rows = inWindow.map((stage) => [stage.name, formatSeconds(stage.minutes * 60)]);
  return {
    id: "timeline",
    title: "Planned timeline",
    lede: `About ${formatSeconds(minutes * 60)} of work. Announce ${formatSeconds(windowMinutes * 60)}: the margin is for what no sample shows.`,
    content: [
      h("figure", { class: "chart" }, renderGantt({ title: "Planned timeline", scale, bars, window, windowLabel })),
      folded("The planned timeline as a table", plainTable("Planned stages", ["stage", "takes about"], rows)),
    ],
  };
}

function describeWindow(report: Report): string {
  const window = findWindow(report);
  if (window === undefined) return "Nothing was stopped: the app kept running.";
  const planned = report.plan === undefined ? "" : ` Planned: ${formatSeconds(report.plan.windowMinutes * 60)}.`;
  const opened = clockTime(window.from);
  if (window.to === undefined) return `The maintenance window opened at ${opened} UTC and is still open.${planned}`;
  const length = formatSeconds((window.to - window.from) / 1000);
  return `The maintenance window lasted ${length}, from ${opened} to ${clockTime(window.to)} UTC.${planned}`;
}

function clockTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(11, 19);
}

function listKeys(report: Report): Content[] {
  const keys = [h("span", { class: "key key-bar" }, "stage")];
  if (report.plan !== undefined) keys.push(h("span", { class: "key key-planned" }, "planned length"));
  if (findWindow(report) !== undefined) keys.push(h("span", { class: "key key-window" }, "maintenance window"));
  return [...keys, h("span", null, "Times are UTC.")];
}

function spent({ outcome, seconds }: StageRecord): string {
  if (outcome === "skipped") return "skipped";
  if (outcome === "running" || seconds === undefined) return "not finished";
  return outcome === "failed" ? `failed after ${formatSeconds(seconds)}` : formatSeconds(seconds);
}

function stageTable({ stages, plan }: Report): Content {
  const rows = stages.map((stage) => {
    const planned = plan?.stages.find(({ name }) => name === stage.name);
    const plannedText = planned === undefined ? "–" : formatSeconds(planned.minutes * 60);
    return [stage.name, clockTime(Date.parse(stage.startedAt)), spent(stage), plannedText, prose(stage.summary ?? "")];
  });
  return plainTable("Stages", ["stage", "began (UTC)", "took", "planned", "what it did"], rows);
}
