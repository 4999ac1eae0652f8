import { scaleLinear } from "d3-scale";
import { area, curveMonotoneX } from "d3-shape";
import { h } from "preact";
import { formatBytes, formatSeconds } from "../../format.ts";
import type { Report } from "../../report.ts";
import { findWindow } from "../plan-comparison.ts";
import { measureThroughput, type ThroughputSeries } from "../throughput.ts";
import { plainTable } from "./data-table.ts";
import { type Content, folded, type PageSection } from "./element.ts";
import { type TimeScale, timeAxis, runScale, windowBand } from "./time-scale.ts";

const spans = 60;
const tableSpans = 12;
const plotHeight = 84;
/** The curve's own coordinates, stretched to whatever width the page has. */
const curveWidth = 1000;

const counted: Readonly<Partial<Record<ThroughputSeries["stage"], string>>> = {
  dump: "rows read, as COPY text",
  upload: "archive sent to the bucket",
  proof: "archive read back",
  restore: "archive read by Heroku",
};

/** Bytes a second over time, one picture for each thing that was counted, all on the timeline's axis. */
export function throughputSection(report: Report): PageSection | undefined {
  const scale = runScale(report);
  const series = measureThroughput(report.samples ?? [], spans);
  if (scale === undefined || series.length === 0) return undefined;
  return {
    id: "throughput",
    title: "Throughput",
    lede: describe(series),
    content: [...series.map((one) => figure(report, one, scale)), folded("Throughput as a table", asTable(report))],
  };
}

function describe(series: readonly ThroughputSeries[]): string {
  const axis = "Bytes a second, on the timeline's axis.";
  const isRestored = series.some(({ stage }) => stage === "restore");
  return isRestored
    ? `${axis} Once the archive is read, the rest of the restore builds indexes and constraints.`
    : axis;
}

function figure(report: Report, series: ThroughputSeries, scale: TimeScale): Content {
  const { stage, averageBytesPerSecond, peakBytesPerSecond, totalBytes, seconds } = series;
  const facts = `${formatBytes(totalBytes)} in ${formatSeconds(seconds)}, ${formatBytes(averageBytesPerSecond)}/s on average, ${formatBytes(peakBytesPerSecond)}/s at best`;
  const what = counted[stage];
  return h(
    "figure",
    { class: "chart" },
    h(
      "figcaption",
      null,
      h("strong", null, stage),
      what === undefined ? null : h("span", null, what),
      h("span", { class: "facts" }, facts),
    ),
    plot(report, series, scale, facts),
  );
}

function plot(report: Report, series: ThroughputSeries, scale: TimeScale, facts: string): Content {
  const y = scaleLinear().domain([0, series.peakBytesPerSecond]).nice(4).range([plotHeight, 8]);
  const id = `throughput-${series.stage}`;
  return h(
    "svg",
    { width: "100%", height: plotHeight + 20, role: "img", "aria-labelledby": `${id}-title ${id}-text` },
    h("title", { id: `${id}-title` }, `Throughput of ${series.stage}`),
    h("desc", { id: `${id}-text` }, facts),
    windowBand(findWindow(report), scale, plotHeight),
    timeAxis(scale, 0, plotHeight),
    y
      .ticks(2)
      .filter((rate) => rate > 0)
      .map((rate) => rateLine(rate, y(rate))),
    h(
      "svg",
      {
        x: 0,
        y: 0,
        width: "100%",
        height: plotHeight,
        viewBox: `0 0 ${curveWidth} ${plotHeight}`,
        preserveAspectRatio: "none",
      },
      h("path", { class: `area ${series.stage}`, d: curve(series, scale, y) }),
    ),
    h("line", { class: "base", x1: 0, x2: "100%", y1: plotHeight, y2: plotHeight }),
  );
}

function rateLine(rate: number, y: number): Content {
  return h(
    "g",
    null,
    h("line", { class: "grid", x1: 0, x2: "100%", y1: y, y2: y }),
    h("text", { class: "tick", x: "100%", dx: -6, y: y - 3, "text-anchor": "end" }, `${formatBytes(rate)}/s`),
  );
}

function curve({ rates }: ThroughputSeries, scale: TimeScale, y: (rate: number) => number): string {
  const x = (milliseconds: number): number => (scale.percent(milliseconds) / 100) * curveWidth;
  const points: [number, number][] = rates.map(({ from, to, bytesPerSecond }) => [
    x((from + to) / 2),
    y(bytesPerSecond),
  ]);
  const first = rates[0];
  const last = rates.at(-1);
  if (first !== undefined) points.unshift([x(first.from), plotHeight]);
  if (last !== undefined) points.push([x(last.to), plotHeight]);
  const path = area()
    .x(([left]) => left)
    .y0(plotHeight)
    .y1(([, top]) => top)
    .curve(curveMonotoneX)
    .digits(1);
  return path(points) ?? "";
}

function asTable(report: Report): Content {
  const rows = measureThroughput(report.samples ?? [], tableSpans).flatMap(({ stage, rates }) =>
    rates.map(({ from, bytesPerSecond }) => [
      stage,
      new Date(from).toISOString().slice(11, 19),
      `${formatBytes(bytesPerSecond)}/s`,
    ]),
  );
  return plainTable("Throughput", ["what", "from (UTC)", "bytes a second"], rows);
}
