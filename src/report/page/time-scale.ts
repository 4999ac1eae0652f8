import { scaleLinear, scaleUtc } from "d3-scale";
import { h } from "preact";
import type { Report } from "../../report.ts";
import { findWindow, type WindowSpan } from "../plan-comparison.ts";
import type { Content } from "./element.ts";

/** A time axis in milliseconds. Positions are percentages of the width, so that a chart fits any screen without scaling its text. */
export interface TimeScale {
  from: number;
  to: number;
  percent(milliseconds: number): number;
  ticks: { percent: number; label: string }[];
}

const roughTicks = 5;

/** The one axis that all charts of a run share: times of day, UTC. */
export function runScale(report: Report): TimeScale | undefined {
  const { stages, samples = [], finishedAt } = report;
  const window = findWindow(report);
  const times = [
    ...stages.flatMap((stage) => [stage.startedAt, stage.finishedAt]),
    samples[0]?.at,
    samples.at(-1)?.at,
    finishedAt,
  ].flatMap((time) => (time === undefined ? [] : [Date.parse(time)]));
  if (window !== undefined) times.push(window.from, window.to ?? window.from);
  const from = Math.min(...times);
  const to = Math.max(...times);
  if (!Number.isFinite(from) || to <= from) return undefined;
  const digits = to - from < 5 * 60_000 ? 19 : 16;
  const ticks = scaleUtc().domain([from, to]).ticks(roughTicks);
  return scaleOf(
    from,
    to,
    ticks.map((time) => ({ at: time.getTime(), label: time.toISOString().slice(11, digits) })),
  );
}

/** For a plan: minutes from the start. */
export function planScale(minutes: number): TimeScale {
  const ticks = scaleLinear().domain([0, minutes]).ticks(roughTicks);
  return scaleOf(
    0,
    minutes * 60_000,
    ticks.map((tick) => ({ at: tick * 60_000, label: `${tick} min` })),
  );
}

function scaleOf(from: number, to: number, ticks: { at: number; label: string }[]): TimeScale {
  const scale = scaleLinear().domain([from, to]).range([0, 100]).clamp(true);
  const percent = (milliseconds: number): number => Math.round(scale(milliseconds) * 1000) / 1000;
  return { from, to, percent, ticks: ticks.map(({ at, label }) => ({ percent: percent(at), label })) };
}

/** Vertical lines with their time under them. */
export function timeAxis(scale: TimeScale, top: number, bottom: number): Content[] {
  return scale.ticks.flatMap(({ percent, label }) => [
    h("line", { class: "grid", x1: `${percent}%`, x2: `${percent}%`, y1: top, y2: bottom }),
    h("text", { class: "tick", x: `${percent}%`, y: bottom + 15, "text-anchor": anchorAt(percent) }, label),
  ]);
}

/** Labels at the edges stay inside the picture. */
function anchorAt(percent: number): "start" | "middle" | "end" {
  if (percent < 4) return "start";
  return percent > 96 ? "end" : "middle";
}

/** The maintenance window as a band behind everything else. */
export function windowBand(window: WindowSpan | undefined, scale: TimeScale, height: number): Content {
  if (window === undefined) return null;
  const x = scale.percent(window.from);
  const width = Math.round((scale.percent(window.to ?? scale.to) - x) * 1000) / 1000;
  return h("rect", { class: "window", x: `${x}%`, y: 0, width: `${width}%`, height });
}
