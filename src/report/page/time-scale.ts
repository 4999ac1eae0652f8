import { scaleUtc } from "d3-scale";
import { h } from "preact";
import type { Report } from "../../report.ts";
import { findWindow } from "../plan-comparison.ts";
import type { Content } from "./element.ts";

/** The one time axis that all charts of a report share. Positions are percentages of the width. */
export interface TimeScale {
  from: number;
  to: number;
  percent(milliseconds: number): number;
  ticks: { percent: number; label: string }[];
}

export function timeScaleOf(report: Report): TimeScale | undefined {
  const { stages, samples = [] } = report;
  const window = findWindow(report);
  const times = [
    ...stages.flatMap(({ startedAt, finishedAt }) => [startedAt, finishedAt]),
    samples[0]?.at,
    samples.at(-1)?.at,
    report.finishedAt,
  ].flatMap((time) => (time === undefined ? [] : [Date.parse(time)]));
  if (window !== undefined) times.push(window.from, window.to ?? window.from);
  const from = Math.min(...times);
  const to = Math.max(...times);
  return Number.isFinite(from) && to > from ? createTimeScale(from, to) : undefined;
}

const roughTicks = 5;

function createTimeScale(from: number, to: number): TimeScale {
  const scale = scaleUtc().domain([from, to]).range([0, 100]);
  const withSeconds = to - from < 5 * 60_000;
  const percent = (milliseconds: number): number => round(Math.max(0, Math.min(100, scale(milliseconds))));
  const ticks = scale.ticks(roughTicks).map((time) => ({
    percent: percent(time.getTime()),
    label: time.toISOString().slice(11, withSeconds ? 19 : 16),
  }));
  return { from, to, percent, ticks };
}

function round(percent: number): number {
  return Math.round(percent * 1000) / 1000;
}

/** Vertical lines with the time of day under them, UTC. */
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
export function windowBand(report: Report, scale: TimeScale, top: number, bottom: number): Content | null {
  const window = findWindow(report);
  if (window === undefined) return null;
  const x = scale.percent(window.from);
  const width = round(scale.percent(window.to ?? scale.to) - x);
  return h("rect", { class: "window", x: `${x}%`, y: top, width: `${width}%`, height: bottom - top });
}
