import { type Results, type Sample, type Subject, samplesOf, spreadOf, suites } from "./results.ts";

export interface SummaryLine {
  way: string;
  jobs: Subject["jobs"];
  sizeBytes: number;
  seconds: string;
  /** Against piped pg_dump, against the guides' way. */
  toPiped: number | undefined;
  toDisk: number | undefined;
  /** Against counting every table's rows. */
  toCount: number | undefined;
  archiveToPiped: number | undefined;
  cpuSeconds: number;
  serverCpuSeconds: number;
  archiveMegabytes: number;
  peakMegabytes: number;
  diskMegabytes: number;
}

/** One line for each subject of a suite, in the order of the first runs. */
export function summarize(results: Results, suite: Subject["suite"]): SummaryLine[] {
  const samples = samplesOf(results, { suite });
  const keys = [...new Set(samples.map(keyOf))];
  return keys.map((key) =>
    summarizeOne(
      samples.filter((sample) => keyOf(sample) === key),
      samples,
    ),
  );
}

function keyOf({ way, jobs, sizeBytes }: Subject): string {
  return `${way} ${jobs} ${sizeBytes}`;
}

function summarizeOne(own: readonly Sample[], all: readonly Sample[]): SummaryLine {
  const [first] = own;
  if (first === undefined) throw new RangeError("no sample");
  const figure = (samples: readonly Sample[], read: (sample: Sample) => number): number | undefined =>
    spreadOf(samples.map(read))?.median;
  const rival = (way: Subject["way"]): readonly Sample[] =>
    all.filter((sample) => sample.way === way && sample.sizeBytes === first.sizeBytes);
  const ratio = (samples: readonly Sample[], read: (sample: Sample) => number): number | undefined => {
    const [ours, theirs] = [figure(own, read), figure(samples, read)];
    return ours === undefined || theirs === undefined || theirs === 0 ? undefined : ours / theirs;
  };
  const seconds = spreadOf(own.map((sample) => sample.seconds));
  return {
    way: first.way,
    jobs: first.jobsUsed ?? first.jobs,
    sizeBytes: first.sizeBytes,
    seconds:
      seconds === undefined
        ? ""
        : seconds.runs === 1
          ? seconds.median.toFixed(1)
          : `${seconds.median.toFixed(1)} (${seconds.low.toFixed(1)}–${seconds.high.toFixed(1)})`,
    toPiped: ratio(rival("piped"), (sample) => sample.seconds),
    toDisk: ratio(rival("to-disk"), (sample) => sample.seconds),
    toCount: ratio(rival("psql-count"), (sample) => sample.seconds),
    archiveToPiped: ratio(rival("piped"), (sample) => sample.archiveBytes),
    cpuSeconds: figure(own, (sample) => sample.cpuSeconds) ?? 0,
    serverCpuSeconds: figure(own, (sample) => sample.serverCpuSeconds) ?? 0,
    archiveMegabytes: (figure(own, (sample) => sample.archiveBytes) ?? 0) / 1e6,
    peakMegabytes: Math.max(...own.map((sample) => sample.peakBytes)) / 1e6,
    diskMegabytes: (figure(own, (sample) => sample.diskBytes) ?? 0) / 1e6,
  };
}

export function printSummary(results: Results): void {
  for (const suite of suites) {
    const lines = summarize(results, suite);
    if (lines.length === 0) continue;
    console.log(`\n${suite}`);
    console.table(
      lines.map(
        ({
          way,
          jobs,
          sizeBytes,
          seconds,
          toPiped,
          toDisk,
          toCount,
          archiveToPiped,
          cpuSeconds,
          peakMegabytes,
          diskMegabytes,
        }) => ({
          way,
          jobs,
          GB: sizeBytes / 1e9,
          seconds,
          "to piped": toPiped?.toFixed(2),
          "to disk way": toDisk?.toFixed(2),
          "to count": toCount?.toFixed(2),
          "archive to piped": archiveToPiped?.toFixed(3),
          CPU: cpuSeconds.toFixed(1),
          "peak MB": peakMegabytes.toFixed(0),
          "disk MB": diskMegabytes.toFixed(0),
        }),
      ),
    );
  }
}
