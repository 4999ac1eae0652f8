import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { dirname } from "node:path";
import type { WayName } from "./way.ts";

export const suites = ["rivals", "jobs", "tiny", "verify", "sizes", "memory"] as const;
export type Suite = (typeof suites)[number];

/** What one run is about; samples with the same subject are runs of the same thing. */
export interface Subject {
  suite: Suite;
  way: WayName;
  sizeBytes: number;
  jobs: number | "auto";
}

export interface Sample extends Subject {
  seconds: number;
  cpuSeconds: number;
  mainCpuSeconds: number;
  serverCpuSeconds: number;
  bucketCpuSeconds: number;
  archiveBytes: number;
  diskBytes: number;
  peakBytes: number;
  copyBytes?: number;
  jobsUsed?: number;
  phases?: Record<string, number>;
}

export interface Results {
  machine: { processors: number; memoryBytes: number; node: string };
  server: string;
  clients: Record<string, string>;
  startedAt: string;
  samples: Sample[];
}

export function emptyResults(server: string, clients: Record<string, string>): Results {
  return {
    machine: { processors: cpus().length, memoryBytes: totalmem(), node: process.versions.node },
    server,
    clients,
    startedAt: new Date().toISOString(),
    samples: [],
  };
}

export async function readResults(file: string): Promise<Results | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Results);
}

export async function writeResults(file: string, results: Results): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
}

export function samplesOf(results: Results, subject: Partial<Subject>): Sample[] {
  const wanted = Object.entries(subject);
  return results.samples.filter((sample) => wanted.every(([name, value]) => sample[name as keyof Subject] === value));
}

export interface Spread {
  median: number;
  low: number;
  high: number;
  runs: number;
}

/** Undefined where nothing was measured. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[0], sorted.at(-1)];
  if (low === undefined || high === undefined) return undefined;
  const median = sorted.length % 2 === 1 ? sorted[middle] : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
  return { median: median ?? low, low, high, runs: sorted.length };
}

/** The median of one figure over the runs of a subject. */
export function medianOf(
  results: Results,
  subject: Partial<Subject>,
  figure: (sample: Sample) => number,
): number | undefined {
  return spreadOf(samplesOf(results, subject).map(figure))?.median;
}
