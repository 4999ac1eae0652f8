import { MigrationError, describeError } from "./errors.ts";
import { formatSeconds } from "./format.ts";
import type { Log, Progress } from "./log.ts";

interface WatchdogOptions {
  /** So long may a stage show no progress. */
  stallMs: number;
  /** Says what the stage seems to wait for. */
  diagnose: () => Promise<string>;
  /** Ends the run. */
  onStall: (error: MigrationError) => void;
}

/** While Heroku works, looking at its transfer counts as life: how long a transfer may stand still is judged there. */
const watchedElsewhere = new Set(["restore", "safety-backup"]);

const longestDiagnosisMs = 15_000;

/** Ends a stage that has made no progress for too long, and says what it was waiting for. */
export class Watchdog {
  readonly #options: WatchdogOptions;
  #aliveAt = Date.now();
  #lastSign = "";
  #lastProgress: Progress | undefined;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  /** The same log, with every line and every number that moves taken for a sign of life. */
  listenTo(log: Log): Log {
    return {
      ...log,
      info: (message) => {
        this.#aliveAt = Date.now();
        log.info(message);
      },
      progress: (progress) => {
        this.#note(progress);
        log.progress(progress);
      },
    };
  }

  #note(progress: Progress): void {
    const sign = [progress.stage, progress.done, progress.detail].join(" ");
    if (sign !== this.#lastSign || watchedElsewhere.has(progress.stage)) this.#aliveAt = Date.now();
    this.#lastSign = sign;
    this.#lastProgress = progress;
  }

  /** Watches until it is disposed of. */
  watch(stage: string): Disposable {
    const { stallMs } = this.#options;
    this.#aliveAt = Date.now();
    this.#lastProgress = undefined;
    const timer = setInterval(
      () => {
        if (Date.now() - this.#aliveAt < stallMs) return;
        clearInterval(timer);
        void this.#end(stage);
      },
      Math.min(5000, stallMs / 5),
    );
    timer.unref();
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }

  async #end(stage: string): Promise<void> {
    const { stallMs, diagnose, onStall } = this.#options;
    const aliveAt = this.#aliveAt;
    const cause = await timeLimited(diagnose());
    // It has moved after all while we were asking.
    if (this.#aliveAt !== aliveAt) return;
    const where = this.#lastProgress?.detail === undefined ? "" : ` (at ${this.#lastProgress.detail})`;
    onStall(
      new MigrationError(`Stage ${stage} has made no progress for ${formatSeconds(stallMs / 1000)}${where}. ${cause}`, {
        code: "STALLED",
        hint: "See what it waited for, put that right, then run again: a finished stage is not repeated. stall-minutes says how long a stage may stand still.",
      }),
    );
  }
}

async function timeLimited(diagnosis: Promise<string>): Promise<string> {
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => late.resolve("The source does not answer when asked why."), longestDiagnosisMs);
  try {
    return await Promise.race([diagnosis, late.promise]);
  } catch (error) {
    return `Why could not be found out: ${describeError(error)}`;
  } finally {
    clearTimeout(timer);
  }
}
