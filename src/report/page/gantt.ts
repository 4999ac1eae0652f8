import { h } from "preact";
import type { StageRecord } from "../../report.ts";
import type { WindowSpan } from "../plan-comparison.ts";
import type { Content } from "./element.ts";
import { type TimeScale, timeAxis, windowBand } from "./time-scale.ts";

export interface GanttBar {
  name: string;
  /** Milliseconds on the scale. */
  from: number;
  to: number;
  outcome: StageRecord["outcome"];
  /** `2 min 43 s`, `skipped` … */
  spent: string;
  plannedMs?: number | undefined;
}

export interface Gantt {
  title: string;
  scale: TimeScale;
  bars: readonly GanttBar[];
  window: WindowSpan | undefined;
  windowLabel: string;
}

const rowHeight = 38;
const barHeight = 9;
const headHeight = 26;
const barTop = 19;
/** Per cent of the width: what is shorter would not be seen. */
const narrowestBar = 0.3;

/** Bars under their labels, which need no column of their own and so no wide screen. */
export function renderGantt({ title, scale, bars, window, windowLabel }: Gantt): Content {
  const bottom = headHeight + bars.length * rowHeight;
  const description = bars.map(({ name, spent }) => `${name}: ${spent}`).join(". ");
  return h(
    "svg",
    { width: "100%", height: bottom + 20, role: "img", "aria-labelledby": "timeline-svg-title timeline-svg-text" },
    h("title", { id: "timeline-svg-title" }, title),
    h("desc", { id: "timeline-svg-text" }, description),
    windowBand(window, scale, bottom),
    window && h("text", { class: "window-label", x: `${scale.percent(window.from)}%`, dx: 6, y: 15 }, windowLabel),
    timeAxis(scale, headHeight - 4, bottom),
    bars.map((bar, index) => renderRow(bar, headHeight + index * rowHeight, scale)),
  );
}

function renderRow(bar: GanttBar, top: number, scale: TimeScale): Content {
  const from = scale.percent(bar.from);
  const to = scale.percent(bar.to);
  const label = renderLabel(bar, from, to, top);
  if (bar.outcome === "skipped") return h("g", { class: "stage skipped" }, label);
  const width = `${Math.max(narrowestBar, to - from)}%`;
  const rect = h("rect", { class: "bar", x: `${from}%`, y: top + barTop, width, height: barHeight, rx: 2 });
  return h("g", { class: `stage ${bar.outcome}` }, label, rect, renderPlanned(bar, from, top, scale));
}

/** In the right half a label ends where its bar ends, else it would leave the picture. */
function renderLabel({ name, spent }: GanttBar, from: number, to: number, top: number): Content {
  const isLate = from > 50;
  return h(
    "text",
    {
      class: "stage-label",
      x: `${isLate ? to : from}%`,
      y: top + 13,
      "text-anchor": isLate ? "end" : "start",
      dx: isLate ? -1 : 1,
    },
    h("tspan", { class: "stage-name" }, name),
    h("tspan", { class: "stage-time", dx: 6 }, spent),
  );
}

function renderPlanned({ from, plannedMs }: GanttBar, left: number, top: number, scale: TimeScale): Content {
  if (plannedMs === undefined) return null;
  const width = Math.max(narrowestBar, scale.percent(from + plannedMs) - left);
  return h("rect", { class: "planned", x: `${left}%`, y: top + barTop + barHeight + 2, width: `${width}%`, height: 2 });
}
