import { formatBytes, formatCount } from "../format.ts";
import type { ThroughputSample } from "../report.ts";
import type { Run } from "../run.ts";

const sampleEveryMs = 1000;

/** Live progress of the dump, and the samples for the report's chart. */
export class DumpProgress {
  readonly #run: Run;
  readonly #estimatedBytes: number;
  #readBytes = 0;
  #archiveBytes = 0;
  #uploadedBytes = 0;
  #uploadedParts = 0;
  #rows = 0;
  #sampledAt = 0;

  constructor(run: Run, estimatedBytes: number) {
    this.#run = run;
    this.#estimatedBytes = estimatedBytes;
  }

  /** Something was read and compressed. */
  read(textBytes: number, archiveBytes: number, rows: number): void {
    this.#readBytes += textBytes;
    this.#archiveBytes += archiveBytes;
    this.#rows += rows;
    this.#show();
  }

  part(uploadedBytes: number, uploadedParts: number): void {
    this.#uploadedBytes = uploadedBytes;
    this.#uploadedParts = uploadedParts;
    this.#show();
  }

  #show(): void {
    this.#sample();
    const archived = `${formatCount(this.#rows)} rows, ${formatBytes(this.#archiveBytes)} archived`;
    this.#run.log.progress({
      stage: "dump",
      done: this.#readBytes,
      // The text may be larger than the tables on disk: then the estimate has been passed, and no total is better than a wrong one.
      total: this.#readBytes <= this.#estimatedBytes ? this.#estimatedBytes : 0,
      unit: "bytes",
      detail: `${archived}, ${formatBytes(this.#uploadedBytes)} in ${formatCount(this.#uploadedParts)} parts uploaded`,
    });
  }

  #sample(): void {
    const now = Date.now();
    if (now - this.#sampledAt < sampleEveryMs) return;
    this.#sampledAt = now;
    const sample: ThroughputSample = { at: new Date(now).toISOString(), stage: "dump", bytes: this.#readBytes };
    (this.#run.report.samples ??= []).push(sample);
  }
}
