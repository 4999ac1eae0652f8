import type { ThroughputSample } from "../report.ts";

export interface ThroughputSeries {
  stage: ThroughputSample["stage"];
  /** Bytes a second in equal spans of time, in order. */
  rates: { from: number; to: number; bytesPerSecond: number }[];
  averageBytesPerSecond: number;
  peakBytesPerSecond: number;
  totalBytes: number;
  seconds: number;
}

/**
 * Rates out of cumulative samples: each span gets what was added in it, with the count between two samples taken as even.
 * Samples are irregular, so a rate from sample to sample would show the sampling, not the speed.
 */
export function measureThroughput(samples: readonly ThroughputSample[], spans: number): ThroughputSeries[] {
  const byStage = Map.groupBy(samples, ({ stage }) => stage);
  return [...byStage].flatMap(([stage, own]) => {
    const points = own.map(({ at, bytes }) => ({ at: Date.parse(at), bytes })).toSorted((a, b) => a.at - b.at);
    const first = points[0];
    const last = points.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) return [];
    const rates = spreadEvenly(points, spans);
    const seconds = (last.at - first.at) / 1000;
    const totalBytes = last.bytes - first.bytes;
    const peakBytesPerSecond = Math.max(...rates.map(({ bytesPerSecond }) => bytesPerSecond));
    return [{ stage, rates, averageBytesPerSecond: totalBytes / seconds, peakBytesPerSecond, totalBytes, seconds }];
  });
}

interface Point {
  at: number;
  bytes: number;
}

function spreadEvenly(points: readonly Point[], spans: number): ThroughputSeries["rates"] {
  const start = points[0]?.at ?? 0;
  const span = ((points.at(-1)?.at ?? 0) - start) / spans;
  const bytesAt = interpolator(points);
  return Array.from({ length: spans }, (_, index) => {
    const from = start + index * span;
    const added = bytesAt(from + span) - bytesAt(from);
    return { from, to: from + span, bytesPerSecond: Math.max(0, (added / span) * 1000) };
  });
}

/** For times that are asked for in rising order: one walk over the points. */
function interpolator(points: readonly Point[]): (at: number) => number {
  let index = 0;
  return (at) => {
    while (index > 0 && (points[index]?.at ?? 0) > at) index -= 1;
    while (index < points.length - 2 && (points[index + 1]?.at ?? Infinity) <= at) index += 1;
    const left = points[index];
    const right = points[index + 1];
    if (left === undefined) return 0;
    if (right === undefined || right.at === left.at) return left.bytes;
    const share = Math.max(0, Math.min(1, (at - left.at) / (right.at - left.at)));
    return left.bytes + share * (right.bytes - left.bytes);
  };
}
