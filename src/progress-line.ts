import { styleText } from "node:util";
import { formatBytes, formatCount, formatSeconds } from "./format.ts";
import type { Progress } from "./log.ts";
import { stageNames } from "./report.ts";

/** Milliseconds, from any fixed moment, never going back. */
export type Clock = () => number;

export interface Pace {
  /** Units a second over the last half minute; undefined while nothing can be said. */
  rate: number | undefined;
  stalledSeconds: number;
}

const paceWindowMs = 30_000;
const paceStepMs = 500;
const stalledAfterSeconds = 20;

/** The rate as an average over a moving window: steadier than the last step, quicker than the whole. */
export function movingPace(clock: Clock): (progress: Progress) => Pace {
  let stage = "";
  let samples: { at: number; done: number }[] = [];
  let movedAt = 0;
  let lastDone = -1;
  return (progress) => {
    const now = clock();
    if (progress.stage !== stage) {
      stage = progress.stage;
      samples = [];
      movedAt = now;
    }
    if (progress.done !== lastDone) movedAt = now;
    lastDone = progress.done;
    if (now - (samples.at(-1)?.at ?? -Infinity) >= paceStepMs) samples.push({ at: now, done: progress.done });
    while (samples.length > 2 && (samples[1]?.at ?? now) <= now - paceWindowMs) samples.shift();
    const oldest = samples[0] ?? { at: now, done: progress.done };
    const seconds = (now - oldest.at) / 1000;
    const rate = seconds < 1 ? undefined : Math.max(0, progress.done - oldest.done) / seconds;
    return { rate, stalledSeconds: (now - movedAt) / 1000 };
  };
}

/** `[3/8 dump] 1.2 GB of 4.0 GB (30 %), 85.0 MB/s, 33 s left, 12 of 40 parts` */
export function renderLine(progress: Progress, pace: Pace): string {
  const percent = progress.total > 0 ? ` (${percentOf(progress)} %)` : "";
  return [`${stageLabel(progress.stage)} ${renderDone(progress)}${percent}`, ...renderFacts(progress, pace)].join(", ");
}

function stageLabel(stage: string): string {
  const index = (stageNames as readonly string[]).indexOf(stage);
  return index < 0 ? `[${plain(stage)}]` : `[${index + 1}/${stageNames.length} ${stage}]`;
}

function renderDone({ done, total, unit }: Progress): string {
  if (unit === "bytes") return total > 0 ? `${formatBytes(done)} of ${formatBytes(total)}` : formatBytes(done);
  if (unit === "seconds") return total > 0 ? `${formatSeconds(done)} of ${formatSeconds(total)}` : formatSeconds(done);
  return total > 0 ? `${formatCount(done)} of ${formatCount(total)} ${unit}` : `${formatCount(done)} ${unit}`;
}

function renderFacts(progress: Progress, pace: Pace): string[] {
  const detail = progress.detail === undefined || progress.detail === "" ? [] : [plain(progress.detail)];
  if (isComplete(progress)) return detail;
  if (pace.stalledSeconds >= stalledAfterSeconds) {
    return [`nothing new for ${formatSeconds(Math.floor(pace.stalledSeconds))}`, ...detail];
  }
  return [...renderRate(progress, pace.rate), ...detail];
}

function renderRate({ done, total, unit }: Progress, rate: number | undefined): string[] {
  if (rate === undefined || rate <= 0 || unit === "seconds" || unit === "checks") return [];
  const perSecond = unit === "bytes" ? formatBytes(rate) : formatCount(Math.round(rate));
  const speed = unit === "bytes" ? `${perSecond}/s` : `${perSecond} ${unit}/s`;
  const left = total > 0 ? [`${formatSeconds(Math.ceil((total - done) / rate))} left`] : [];
  return unit === "tables" ? left : [speed, ...left];
}

const shortestBar = 8;
const longestBar = 30;

export function renderBar(progress: Progress, pace: Pace, columns: number, isColoured: boolean): string {
  const room = Math.max(10, columns - 1);
  const label = stageLabel(progress.stage);
  const text = renderLine(progress, pace).slice(label.length + 1);
  const barColumns = Math.min(longestBar, room - label.length - text.length - 2);
  if (progress.total <= 0 || barColumns < shortestBar) return cut(`${label} ${text}`, room);
  const filled = Math.round((barColumns * Math.min(progress.done, progress.total)) / progress.total);
  const bar = [
    paint("█".repeat(filled), "cyan", isColoured),
    paint("░".repeat(barColumns - filled), "dim", isColoured),
  ];
  return `${label} ${bar.join("")} ${text}`;
}

function paint(text: string, style: "cyan" | "dim", isColoured: boolean): string {
  return isColoured && text !== "" ? styleText(style, text, { validateStream: false }) : text;
}

function cut(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
}

export function isComplete({ done, total }: Progress): boolean {
  return total > 0 && done >= total;
}

/** 100 only when everything is done. */
function percentOf({ done, total }: Progress): number {
  return Math.max(0, Math.min(done >= total ? 100 : 99, Math.floor((done / total) * 100)));
}

/** Names of tables may hold anything: a terminal must not obey them. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "�");
}
