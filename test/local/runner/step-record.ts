import type { JobLog } from "./job-log.ts";
import type { SecretMasker } from "./masker.ts";
import type { Annotation, Conclusion, StepResult } from "./results.ts";

const maxAnnotationsPerLevel = 10;
const maxAnnotationChars = 4096;

/** What a step has said and left so far. Embedded steps write into the log and the annotations of their outer step. */
export class StepRecord {
  readonly id: string;
  readonly outer: StepRecord;
  readonly masker: SecretMasker;
  name: string;
  result: Conclusion = "success";
  /** Before `continue-on-error`; undefined where that changed nothing. */
  outcome: Conclusion | undefined;
  outputs = new Map<string, string>();
  /** What the action saved for its post step. */
  state = new Map<string, string>();
  summary = "";
  /** `::echo::on` was seen. */
  echo = false;
  readonly steps: StepResult[] = [];
  readonly #log: JobLog;
  readonly #debug: boolean;
  readonly #started = Date.now();
  readonly #annotations: Annotation[] = [];

  constructor(fields: {
    id: string;
    name: string;
    outer?: StepRecord;
    log: JobLog;
    masker: SecretMasker;
    debug: boolean;
  }) {
    this.id = fields.id;
    this.name = fields.name;
    this.outer = fields.outer?.outer ?? this;
    this.masker = fields.masker;
    this.#log = fields.log;
    this.#debug = fields.debug;
  }

  write(message: string): void {
    this.#log.write(this.outer.name, message);
  }

  debug(message: string): void {
    if (this.#debug) this.write(`##[debug]${message}`);
  }

  /** Writes an issue to the log and keeps it as an annotation of the outer step. */
  annotate(level: Annotation["level"], text: string, properties: Record<string, string> = {}): void {
    const message = this.masker.mask(text).slice(0, maxAnnotationChars);
    if (message !== "") this.write(`##[${level}]${message}`);
    const masked = Object.entries(properties).map(([key, value]) => [key, this.masker.mask(value)]);
    this.outer.#annotations.push({ level, message, properties: Object.fromEntries(masked) });
  }

  fail(error: unknown): void {
    this.annotate("error", error instanceof Error ? error.message : String(error));
    this.result = "failure";
  }

  finish(): StepResult {
    const { id, name, summary, steps, result } = this;
    const outputs = Object.fromEntries(this.outputs);
    const durationMs = Date.now() - this.#started;
    const annotations = this.outer === this ? this.#shownAnnotations() : [];
    const outcome = this.outcome ?? result;
    return { id, name, outcome, conclusion: result, outputs, annotations, summary, durationMs, steps };
  }

  #shownAnnotations(): Annotation[] {
    const left = { error: maxAnnotationsPerLevel, warning: maxAnnotationsPerLevel, notice: maxAnnotationsPerLevel };
    return this.#annotations.filter((annotation) => left[annotation.level]-- > 0);
  }
}
