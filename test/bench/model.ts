import { type Results, type Sample, medianOf, samplesOf } from "./results.ts";

/** Seconds of one core per gigabyte of COPY text, as measured. */
export interface Costs {
  /** One backend that prints rows, and its side of the socket. */
  server: number;
  /** Reading and compressing, on the readers' threads. */
  readers: number;
  /** What only the main thread does: hashing, framing, sending. */
  main: number;
}

export interface ModelPoint {
  jobs: number;
  /** Of COPY text. */
  megabytesPerSecond: number;
  limit: "server connections" | "processors" | "main thread";
}

/** What the costs are, from the runs of the rivals' suite. Undefined until they are measured. */
export function measureCosts(results: Results): Costs | undefined {
  const [sample] = samplesOf(results, { suite: "rivals", way: "ours" });
  const median = (figure: (run: Sample) => number): number =>
    medianOf(results, { suite: "rivals", way: "ours" }, figure) ?? 0;
  const gigabytes = (sample?.copyBytes ?? 0) / 1e9;
  if (gigabytes === 0) return undefined;
  return {
    server: median((run) => run.serverCpuSeconds) / gigabytes,
    readers: median((run) => run.cpuSeconds - run.mainCpuSeconds) / gigabytes,
    main: median((run) => run.mainCpuSeconds) / gigabytes,
  };
}

/**
 * A model, not a measurement: a runner of so many cores against a server elsewhere that gives each connection one core.
 * Readers share the cores that the main thread leaves; each is bound by its connection and by its own thread.
 */
export function modelRunner(costs: Costs, cores: number, mostJobs: number): ModelPoint[] {
  return Array.from({ length: mostJobs }, (_, index) => {
    const jobs = index + 1;
    const perReader = 1 / Math.max(costs.server, costs.readers);
    const limits: [ModelPoint["limit"], number][] = [
      ["server connections", jobs * perReader],
      ["processors", cores / (costs.readers + costs.main)],
      ["main thread", 1 / costs.main],
    ];
    const [limit, gigabytes] = limits.reduce((least, next) => (next[1] < least[1] ? next : least));
    return { jobs, megabytesPerSecond: gigabytes * 1000, limit };
  });
}
