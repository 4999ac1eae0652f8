import type { RunEvent } from "./events.ts";
import type { SecretMasker } from "./masker.ts";

/** The raw log of one job. Every line is masked before it is kept or shown. */
export class JobLog {
  readonly #job: string;
  readonly #masker: SecretMasker;
  readonly #emit: (event: RunEvent) => void;
  readonly #lines: string[] = [];

  constructor(job: string, masker: SecretMasker, emit: (event: RunEvent) => void) {
    this.#job = job;
    this.#masker = masker;
    this.#emit = emit;
  }

  /** Writes a message of a step; one with line breaks becomes several lines, masked as one text. */
  write(step: string, message: string): void {
    for (const text of this.#masker.mask(message).split(/\r\n|\n|\r/)) {
      this.#lines.push(text);
      this.#emit({ type: "line", job: this.#job, step, text, at: new Date() });
    }
  }

  get text(): string {
    return this.#lines.map((line) => `${line}\n`).join("");
  }
}
