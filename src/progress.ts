import type { Progress } from "./log.ts";
import { type Clock, isComplete, movingPace, renderBar, renderLine } from "./progress-line.ts";
import { stageNames } from "./report.ts";

interface ProgressOptions {
  /** The shortest time between two lines of one stage. */
  everyMs?: number;
  clock?: Clock;
}

export interface ProgressMeter {
  (progress: Progress): void;
  /** Prints what has not been printed yet: for the end of a stage that stopped before its total. */
  finish(): void;
}

const monotonic: Clock = () => performance.now();
/** A line that says nothing new is repeated only this often, as a sign of life. */
const repeatMs = 60_000;

/** One line per stage and `everyMs`, and always the last one: for logs that keep every line. */
export function throttledProgress(
  sink: (line: string) => void,
  { everyMs = 10_000, clock = monotonic }: ProgressOptions = {},
): ProgressMeter {
  const series = new Map<string, Series>();
  const finish = (): void => {
    for (const { pending } of series.values()) if (pending !== undefined) sink(pending());
    series.clear();
  };
  const report = (progress: Progress): void => {
    if (!series.has(progress.stage) && isStageName(progress.stage)) finish();
    const state = series.get(progress.stage) ?? newSeries(clock);
    series.set(progress.stage, state);
    const speed = state.pace(progress);
    const { done, detail } = progress;
    const isNews = done !== state.done || detail !== state.detail;
    const isDue = clock() - state.at >= (isNews ? everyMs : repeatMs);
    const isFinal = isComplete(progress) && !state.isComplete;
    if (!isDue && !isFinal) {
      if (isNews) state.pending = () => renderLine(progress, speed);
      return;
    }
    Object.assign(state, { done, detail, at: clock(), isComplete: isComplete(progress), pending: undefined });
    sink(renderLine(progress, speed));
  };
  return Object.assign(report, { finish });
}

/** What counts together: a stage, or something beside it like the upload beside the dump. */
interface Series {
  pace: ReturnType<typeof movingPace>;
  /** As last printed. */
  done: number;
  detail: string | undefined;
  at: number;
  isComplete: boolean;
  pending: (() => string) | undefined;
}

function newSeries(clock: Clock): Series {
  const pace = movingPace(clock);
  return { pace, done: -1, detail: undefined, at: -Infinity, isComplete: false, pending: undefined };
}

function isStageName(name: string): boolean {
  return (stageNames as readonly string[]).includes(name);
}

export interface TerminalStream {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
  columns?: number | undefined;
}

export interface TerminalMeter extends ProgressMeter {
  /** Wipes the bar, so that another line can be written; the next progress draws it again. */
  clear(): void;
}

interface TerminalOptions extends ProgressOptions {
  environment?: Readonly<Record<string, string | undefined>>;
}

const redrawMs = 100;
/** Erase to the end of the line: ECMA-48, EL. */
const eraseLine = "\r\u001B[K";

/** One line that redraws itself on a terminal; plain lines elsewhere, without a control character. */
export function terminalProgress(stream: TerminalStream, options: TerminalOptions = {}): TerminalMeter {
  const environment = options.environment ?? process.env;
  if (stream.isTTY !== true || environment["TERM"] === "dumb") {
    const lines = throttledProgress((line) => stream.write(`${line}\n`), options);
    return Object.assign(lines, { clear: () => {} });
  }
  const isColoured = (environment["NO_COLOR"] ?? "") === "";
  return redrawnProgress(stream, isColoured, options.clock ?? monotonic);
}

function redrawnProgress(stream: TerminalStream, isColoured: boolean, clock: Clock): TerminalMeter {
  const pace = movingPace(clock);
  let drawn = { stage: "", at: -Infinity, isOpen: false };
  let latest: (() => string) | undefined;

  const draw = (stage: string): void => {
    if (latest === undefined) return;
    stream.write(`${eraseLine}${latest()}`);
    drawn = { stage, at: clock(), isOpen: true };
  };
  const finish = (): void => {
    draw(drawn.stage);
    if (drawn.isOpen) stream.write("\n");
    drawn = { stage: "", at: -Infinity, isOpen: false };
    latest = undefined;
  };
  const report = (progress: Progress): void => {
    if (drawn.isOpen && progress.stage !== drawn.stage) finish();
    const speed = pace(progress);
    latest = () => renderBar(progress, speed, stream.columns ?? 80, isColoured);
    if (clock() - drawn.at >= redrawMs || isComplete(progress)) draw(progress.stage);
  };
  const clear = (): void => {
    if (drawn.isOpen) stream.write(eraseLine);
    drawn = { ...drawn, at: -Infinity, isOpen: false };
  };
  return Object.assign(report, { finish, clear });
}
