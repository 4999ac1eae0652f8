import { h } from "preact";
import { formatSeconds } from "../../format.ts";
import type { Report, StageRecord } from "../../report.ts";
import { findWindow } from "../plan-comparison.ts";
import { plainTable } from "./data-table.ts";
import { type Content, folded, type PageSection, prose } from "./element.ts";
import { type TimeScale, timeAxis, timeScaleOf, windowBand } from "./time-scale.ts";

const rowHeight = 38;
const barHeight = 9;
const headHeight = 26;

/** When which stage ran, with the maintenance window behind it. */
export function timelineSection(report: Report): PageSection | undefined {
  const scale = timeScaleOf(report);
  if (scale === undefined || report.stages.length === 0) return undefined;
  return {
    id: "timeline",
    title: "Timeline",
    lede: describeWindow(report),
    content: [
      h("figure", { class: "chart" }, chart(report, scale), h("figcaption", null, legend(report))),
      folded("The timeline as a table", stageTable(report)),
    ],
  };
}

function describeWindow(report: Report): string {
  const window = findWindow(report);
  if (window === undefined) return "Nothing was stopped: the app kept running.";
  const planned = report.plan === undefined ? "" : ` Planned were ${formatSeconds(report.plan.windowMinutes * 60)}.`;
  if (window.to === undefined)
    return `The maintenance window opened at ${clockTime(window.from)} UTC and is still open.${planned}`;
  return `The maintenance window lasted ${formatSeconds((window.to - window.from) / 1000)}, from ${clockTime(window.from)} to ${clockTime(window.to)} UTC.${planned}`;
}

function clockTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(11, 19);
}

function legend(report: Report): Content[] {
  const keys = [h("span", { class: "key key-bar" }, "stage")];
  if (report.plan !== undefined) keys.push(h("span", { class: "key key-planned" }, "planned length"));
  if (findWindow(report) !== undefined) keys.push(h("span", { class: "key key-window" }, "maintenance window"));
  return [...keys, h("span", null, "Times are UTC.")];
}

function chart(report: Report, scale: TimeScale): Content {
  const bottom = headHeight + report.stages.length * rowHeight;
  return h(
    "svg",
    { width: "100%", height: bottom + 20, role: "img", "aria-labelledby": "timeline-svg-title timeline-svg-text" },
    h("title", { id: "timeline-svg-title" }, "Timeline of the stages"),
    h("desc", { id: "timeline-svg-text" }, report.stages.map(describeStage).join(". ")),
    windowBand(report, scale, 0, bottom),
    windowLabel(report, scale),
    timeAxis(scale, headHeight - 4, bottom),
    report.stages.map((stage, index) => row(report, stage, headHeight + index * rowHeight, scale)),
  );
}

function windowLabel(report: Report, scale: TimeScale): Content | null {
  const window = findWindow(report);
  if (window === undefined) return null;
  const open = window.to === undefined ? ", still open" : "";
  return h(
    "text",
    { class: "window-label", x: `${scale.percent(window.from)}%`, dx: 6, y: 15 },
    `maintenance window${open}`,
  );
}

function row(report: Report, stage: StageRecord, top: number, scale: TimeScale): Content {
  const from = scale.percent(Date.parse(stage.startedAt));
  const to = scale.percent(stage.finishedAt === undefined ? scale.to : Date.parse(stage.finishedAt));
  const isLate = from > 50;
  const label = h(
    "text",
    {
      class: "stage-label",
      x: `${isLate ? to : from}%`,
      y: top + 13,
      "text-anchor": isLate ? "end" : "start",
      dx: isLate ? -1 : 1,
    },
    h("tspan", { class: "stage-name" }, stage.name),
    h("tspan", { class: "stage-time", dx: 6 }, spent(stage)),
  );
  if (stage.outcome === "skipped") return h("g", { class: "stage skipped" }, label);
  const bar = h("rect", {
    class: "bar",
    x: `${from}%`,
    y: top + 19,
    width: `${Math.max(0.3, to - from)}%`,
    height: barHeight,
    rx: 2,
  });
  return h("g", { class: `stage ${stage.outcome}` }, label, bar, plannedBar(report, stage, top, scale));
}

function plannedBar(report: Report, stage: StageRecord, top: number, scale: TimeScale): Content | null {
  const planned = report.plan?.stages.find(({ name }) => name === stage.name);
  if (planned === undefined) return null;
  const start = Date.parse(stage.startedAt);
  const from = scale.percent(start);
  const width = scale.percent(start + planned.minutes * 60_000) - from;
  return h("rect", {
    class: "planned",
    x: `${from}%`,
    y: top + 19 + barHeight + 2,
    width: `${Math.max(0.3, width)}%`,
    height: 2,
  });
}

function spent({ outcome, seconds }: StageRecord): string {
  if (outcome === "skipped") return "skipped";
  if (outcome === "running" || seconds === undefined) return "not finished";
  return outcome === "failed" ? `failed after ${formatSeconds(seconds)}` : formatSeconds(seconds);
}

function describeStage(stage: StageRecord): string {
  return `${stage.name}: ${spent(stage)}`;
}

function stageTable(report: Report): Content {
  const rows = report.stages.map((stage) => [
    stage.name,
    clockTime(Date.parse(stage.startedAt)),
    spent(stage),
    plannedTime(report, stage),
    prose(stage.summary ?? ""),
  ]);
  return plainTable("Stages", ["stage", "began", "took", "planned", "what it did"], rows);
}

function plannedTime({ plan }: Report, stage: StageRecord): string {
  const planned = plan?.stages.find(({ name }) => name === stage.name);
  return planned === undefined ? "–" : formatSeconds(planned.minutes * 60);
}
