import { MigrationError } from "../errors.ts";
import { formatBytes, formatSeconds } from "../format.ts";
import type { Log } from "../log.ts";
import { isTransient } from "../retry.ts";
import { sleep } from "../workers.ts";
import type { HerokuApi } from "./api.ts";
import { apiCause, statusOf } from "./api-error.ts";
import type { TargetDatabase } from "./resolve-database.ts";
import { currentStep } from "./restore-log.ts";
import { type Transfer, type TransferLogLine, readTransfer } from "./transfers.ts";

export interface TransferProgress {
  phase: "waiting for a worker" | "moving data" | "building indexes" | "done";
  processedBytes: number;
  /** 0 to 100; undefined where the size is not known. */
  percent: number | undefined;
  /** What pg_restore says it is doing, e.g. `creating INDEX public.orders_pkey`; only once the data is in. */
  step: string | undefined;
  seconds: number;
}

/** Replaced in tests. */
export interface Clock {
  now: () => number;
  sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

export interface WaitOptions {
  signal?: AbortSignal | undefined;
  log?: Log | undefined;
  /** The denominator of the progress: Heroku does not know the size of what a URL holds. */
  archiveBytes?: number | undefined;
  onProgress?: ((progress: TransferProgress) => void) | undefined;
  /** In milliseconds since 1970, as `Date.now`. */
  deadline?: number | undefined;
  /** A running transfer that shows no life for this long is given up. */
  stallMs?: number;
  /** So long may a transfer wait for a worker of Heroku's. */
  pendingMs?: number;
  /** From one look to the next: at first, and at most. */
  pollMs?: { first: number; most: number };
  clock?: Clock;
}

interface SeenTransfer {
  transfer: Transfer;
  log: TransferLogLine[];
}

/** A transfer that has ended, well or not, and all that its log says. */
export interface EndedTransfer extends SeenTransfer {
  seconds: number;
}

const defaults = {
  stallMs: 15 * 60_000,
  pendingMs: 30 * 60_000,
  pollMs: { first: 5_000, most: 20_000 },
  clock: { now: Date.now, sleep },
};

/** Looks that may fail one after the other: of an API that is down (about ten minutes), and of one that says no. */
const mostFailures = { transient: 40, permanent: 5 };

/**
 * Follows a transfer until it has ended, succeeded or failed. What is thrown never stops the transfer: it may go on at Heroku.
 *
 * @throws MigrationError with code TRANSFER_CANCELED, TRANSFER_PENDING, TRANSFER_STALLED, TRANSFER_DEADLINE or TRANSFER_UNOBSERVED,
 *   or the signal's reason
 */
export async function waitForTransfer(
  api: HerokuApi,
  database: TargetDatabase,
  uuid: string,
  options: WaitOptions = {},
): Promise<EndedTransfer> {
  const watch = new TransferWatch(api, database, uuid, options);
  return await watch.untilEnd();
}

class TransferWatch {
  readonly #api: HerokuApi;
  readonly #database: TargetDatabase;
  readonly #uuid: string;
  readonly #options: WaitOptions & typeof defaults;
  readonly #startedAt: number;
  #last: Transfer | undefined;
  #signOfLife = "";
  #aliveAt: number;
  #failures = { transient: 0, permanent: 0 };
  #retryAfterMs = 0;

  constructor(api: HerokuApi, database: TargetDatabase, uuid: string, options: WaitOptions) {
    this.#api = api;
    this.#database = database;
    this.#uuid = uuid;
    this.#options = { ...defaults, ...options };
    this.#startedAt = this.#options.clock.now();
    this.#aliveAt = this.#startedAt;
  }

  async untilEnd(): Promise<EndedTransfer> {
    for (let look = 0; ; look += 1) {
      this.#options.signal?.throwIfAborted();
      const seen = await this.#look();
      if (seen !== undefined && isOver(seen.transfer)) return this.#end(seen);
      this.#refuseToWaitOn();
      await this.#options.clock.sleep(this.#pauseMs(look), this.#options.signal);
    }
  }

  /** One look; undefined where it failed and may yet succeed. */
  async #look(): Promise<SeenTransfer | undefined> {
    let seen: SeenTransfer;
    try {
      seen = await this.#read();
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      this.#countFailure(error);
      return undefined;
    }
    this.#failures = { transient: 0, permanent: 0 };
    this.#note(seen.transfer, seen.log);
    return seen;
  }

  /** With the log where it is all that moves, and at the end, when it is complete. */
  async #read(): Promise<SeenTransfer> {
    const once = { signal: this.#options.signal, repeat: "never" } as const;
    const isVerbose = this.#isDataIn();
    const seen = await readTransfer(this.#api, this.#database, this.#uuid, { ...once, isVerbose });
    if (isVerbose || !isOver(seen.transfer)) return seen;
    return await readTransfer(this.#api, this.#database, this.#uuid, { ...once, isVerbose: true });
  }

  /** Everything that moves while a worker lives: the timestamp, the bytes, the log. */
  #note(transfer: Transfer, log: readonly TransferLogLine[]): void {
    const sign = [transfer.state, transfer.updatedAt?.getTime(), transfer.processedBytes, log.length].join(" ");
    if (sign !== this.#signOfLife) this.#aliveAt = this.#options.clock.now();
    this.#signOfLife = sign;
    this.#last = transfer;
    this.#options.onProgress?.(this.#progressOf(transfer, log));
  }

  #progressOf(transfer: Transfer, log: readonly TransferLogLine[]): TransferProgress {
    const { archiveBytes = transfer.sourceBytes, clock } = this.#options;
    const { processedBytes } = transfer;
    return {
      phase: this.#phaseOf(transfer),
      processedBytes,
      percent: archiveBytes === undefined ? undefined : Math.min(100, (processedBytes / archiveBytes) * 100),
      step: currentStep(log),
      seconds: (clock.now() - this.#startedAt) / 1000,
    };
  }

  #phaseOf(transfer: Transfer): TransferProgress["phase"] {
    if (isOver(transfer)) return "done";
    if (transfer.state === "pending") return "waiting for a worker";
    return this.#isDataIn() ? "building indexes" : "moving data";
  }

  /** pg_restore has read all of the archive long before it has built the last index: from here only the log moves. */
  #isDataIn(): boolean {
    const { archiveBytes } = this.#options;
    return archiveBytes !== undefined && this.#last !== undefined && this.#last.processedBytes >= archiveBytes;
  }

  #countFailure(error: unknown): void {
    const isPassing = isTransient(error) || statusOf(error) === undefined || (statusOf(error) ?? 0) < 300;
    const kind = isPassing ? "transient" : "permanent";
    this.#failures[kind] += 1;
    this.#options.log?.debug(`looking at the transfer failed (${statusOf(error) ?? "no answer"})`);
    if (this.#failures[kind] < mostFailures[kind]) {
      this.#retryAfterMs = apiCause(error)?.retryAfterMs ?? 0;
      return;
    }
    const { name, app } = this.#names();
    throw new MigrationError(`Heroku could not be asked any more how ${name} goes: it may still run.`, {
      code: "TRANSFER_UNOBSERVED",
      hint: `See how it ends: heroku pg:backups:info ${name} --app ${app}. Run again then: a transfer that runs or has ended is adopted.`,
      cause: error,
    });
  }

  #pauseMs(look: number): number {
    const { first, most } = this.#options.pollMs;
    const pause = Math.min(most, first * 1.1 ** look);
    const waitMs = Math.max(pause, this.#retryAfterMs);
    this.#retryAfterMs = 0;
    return waitMs;
  }

  #refuseToWaitOn(): void {
    const { clock, deadline, pendingMs, stallMs } = this.#options;
    const now = clock.now();
    const { name, app } = this.#names();
    const look = `heroku pg:backups:info ${name} --app ${app}`;
    if (this.#last?.state === "pending" && now - this.#startedAt >= pendingMs) {
      throw new MigrationError(`Heroku has not begun with ${name} for ${formatSeconds(pendingMs / 1000)}.`, {
        code: "TRANSFER_PENDING",
        hint: `Heroku's workers are busy or down (https://status.heroku.com). The target is already empty. Cancel it with heroku pg:backups:cancel ${name} --app ${app}, or wait for it: ${look}`,
      });
    }
    if (this.#last?.state === "running" && now - this.#aliveAt >= stallMs) {
      const bytes = formatBytes(this.#last.processedBytes);
      throw new MigrationError(`${name} shows no sign of life for ${formatSeconds(stallMs / 1000)} (at ${bytes}).`, {
        code: "TRANSFER_STALLED",
        hint: `Look at it with ${look}, cancel it with heroku pg:backups:cancel ${name} --app ${app}, then run again.`,
      });
    }
    if (deadline !== undefined && now >= deadline) {
      throw new MigrationError(`${name} has not ended within the time given; it goes on at Heroku.`, {
        code: "TRANSFER_DEADLINE",
        hint: `See how it ends: ${look}. Run again then, with a larger deadline-minutes: it is adopted.`,
      });
    }
  }

  #end({ transfer, log }: SeenTransfer): EndedTransfer {
    const seconds = (this.#options.clock.now() - this.#startedAt) / 1000;
    if (transfer.state !== "canceled") return { transfer, log, seconds };
    throw new MigrationError(`${transfer.name} was canceled at Heroku: the target is half filled.`, {
      code: "TRANSFER_CANCELED",
      hint: "Somebody, or another program, canceled it. Run again: the proven archive is used once more.",
    });
  }

  #names(): { name: string; app: string } {
    return { name: this.#last?.name ?? `the transfer ${this.#uuid}`, app: this.#database.billingApp.name };
  }
}

function isOver(transfer: Transfer): boolean {
  return transfer.state === "succeeded" || transfer.state === "failed" || transfer.state === "canceled";
}
