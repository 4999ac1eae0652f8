import { formatBytes, formatCount, plural } from "../format.ts";
import type { ThroughputSample } from "../report.ts";
import type { Run } from "../run.ts";

const sampleEveryMs = 1000;

/** Live progress of the dump, and the samples for the report's chart. */
export class DumpProgress {
  readonly #run: Run;
  /** Bytes on disk: what the plan or, until there is one, the estimate says that there is to read. */
  #plannedBytes: number;
  #doneBytes = 0;
  #readBytes = 0;
  #archiveBytes = 0;
  #uploadedBytes = 0;
  #uploadedParts = 0;
  #rows = 0;
  #sampledAt = 0;

  constructor(run: Run, estimatedBytes: number) {
    this.#run = run;
    this.#plannedBytes = estimatedBytes;
  }

  /** What will be read, as the readers' tasks have it. */
  plan(bytes: number): void {
    this.#plannedBytes = bytes;
  }

  /** Something was read and compressed. */
  read(textBytes: number, archiveBytes: number, rows: number): void {
    this.#readBytes += textBytes;
    this.#archiveBytes += archiveBytes;
    this.#rows += rows;
    this.#show();
  }

  /** A part of the plan is done. */
  finish(bytes: number): void {
    this.#doneBytes += bytes;
    this.#show();
  }

  part(uploadedBytes: number, uploadedParts: number): void {
    this.#uploadedBytes = uploadedBytes;
    this.#uploadedParts = uploadedParts;
    this.#show();
  }

  #show(): void {
    this.#sample();
    const facts = [
      ...(this.#rows > 0 ? [`${formatCount(this.#rows)} rows`, `${formatBytes(this.#readBytes)} read`] : []),
      `${formatBytes(this.#archiveBytes)} archived`,
      `${formatBytes(this.#uploadedBytes)} uploaded in ${plural(this.#uploadedParts, "part")}`,
    ];
    this.#run.log.progress({
      stage: "dump",
      done: Math.round(this.#doneBytes),
      total: Math.round(this.#plannedBytes),
      unit: "bytes",
      detail: facts.join(", "),
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
