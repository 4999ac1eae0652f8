import type { Log, Progress } from "./log.ts";
import { type Clock, isComplete, movingPace, renderBar, renderLine } from "./progress-line.ts";

interface ProgressOptions {
  /** The shortest time between two lines of one stage. */
  everyMs?: number;
  clock?: Clock;
}

export interface ProgressMeter {
  (progress: Progress): void;
  /** Before the first of a stage: what the meter knows of that name belongs to something else. */
  begin(stage: string): void;
  /** After the last of a stage. One that failed leaves its last line; of one that ended well its result says more. */
  end(stage: string, isFailed: boolean): void;
}

/** A log's `event` that begins and ends the meter's stages with those of the run. */
export function followStages(meter: ProgressMeter): Log["event"] {
  return (name, { stage, outcome }) => {
    if (typeof stage !== "string") return;
    if (name === "stage-started") meter.begin(stage);
    if (name === "stage-finished") meter.end(stage, outcome === "failed");
  };
}

const monotonic: Clock = () => performance.now();
/** A line that says nothing new is repeated only this often, as a sign of life. */
const repeatMs = 60_000;

/** One line per stage and `everyMs`, and always the one that reaches the total: for logs that keep every line. */
export function throttledProgress(
  sink: (line: string) => void,
  { everyMs = 10_000, clock = monotonic }: ProgressOptions = {},
): ProgressMeter {
  const series = new Map<string, Series>();
  const report = (progress: Progress): void => {
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
  const begin = (stage: string): void => void series.delete(stage);
  const end = (stage: string, isFailed: boolean): void => {
    const line = series.get(stage)?.pending?.();
    if (isFailed && line !== undefined) sink(line);
    series.delete(stage);
  };
  return Object.assign(report, { begin, end });
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
/** Of two counts that run beside each other, each has the line for so long. */
const turnMs = 2000;
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

interface Drawn {
  stage: string;
  /** When this stage got the line, and when it was drawn last. */
  since: number;
  at: number;
  isComplete: boolean;
}

const nothingDrawn: Drawn = { stage: "", since: -Infinity, at: -Infinity, isComplete: true };

function redrawnProgress(stream: TerminalStream, isColoured: boolean, clock: Clock): TerminalMeter {
  const paces = new Map<string, ReturnType<typeof movingPace>>();
  const bars = new Map<string, () => string>();
  let drawn = nothingDrawn;
  let isOpen = false;

  const draw = (progress: Progress): void => {
    const { stage } = progress;
    stream.write(`${eraseLine}${bars.get(stage)?.() ?? ""}`);
    isOpen = true;
    const since = stage === drawn.stage ? drawn.since : clock();
    drawn = { stage, since, at: clock(), isComplete: isComplete(progress) };
  };
  const report = (progress: Progress): void => {
    const { stage } = progress;
    const pace = paces.get(stage) ?? movingPace(clock);
    paces.set(stage, pace);
    const speed = pace(progress);
    bars.set(stage, () => renderBar(progress, speed, stream.columns || widthUnknown, isColoured));
    if (isItsTurn(drawn, progress, clock())) draw(progress);
  };
  const clear = (): void => {
    if (isOpen) stream.write(eraseLine);
    isOpen = false;
    drawn = { ...drawn, at: -Infinity };
  };
  const begin = (stage: string): void => void (paces.delete(stage), bars.delete(stage));
  const end = (stage: string, isFailed: boolean): void => {
    clear();
    const bar = bars.get(stage);
    if (isFailed && bar !== undefined) stream.write(`${bar()}\n`);
    begin(stage);
    drawn = nothingDrawn;
  };
  return Object.assign(report, { begin, end, clear });
}

const widthUnknown = 80;

function isItsTurn(drawn: Drawn, progress: Progress, now: number): boolean {
  if (progress.stage === drawn.stage) return now - drawn.at >= redrawMs || (isComplete(progress) && !drawn.isComplete);
  return drawn.isComplete || now - drawn.since >= turnMs;
}
