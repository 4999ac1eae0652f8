import type { Answer } from "./answers.ts";

/** What happens to a request instead of its plain answer. */
export type FaultAction =
  /** Answered so, without being looked at. */
  | { kind: "answer"; answer: Answer }
  /** The connection is closed before the request is looked at. */
  | { kind: "dropBefore" }
  /** The request takes effect, then the connection is closed without an answer. */
  | { kind: "dropAfter" }
  /** The request takes effect and its answer breaks off in the middle of the JSON text. */
  | { kind: "cutAnswer" }
  /** Answered plainly, but only after this time. */
  | { kind: "delay"; delayMs: number }
  /** Never answered; the connection stays open until a side gives up. */
  | { kind: "hang" };

export type Fault = {
  match: { method?: string; path?: RegExp };
  action: FaultAction;
  /** How many matching requests are hit; Infinity for all. Default 1. */
  times?: number;
  /** How many matching requests pass first. Default 0. */
  after?: number;
};

export type ArmedFault = {
  /** Requests that this fault has hit. */
  hits: number;
  remove(): void;
};

/**
 * What goes wrong with restores that are accepted from now on. Bytes are archive bytes given to pg_restore: up to there
 * the restore is real, so the target is half filled.
 */
export type RestoreFaults = {
  /** The transfer stays pending for ever; the target is wiped all the same. */
  neverStarts?: boolean;
  /** No more than this reaches pg_restore. */
  bytesPerSecond?: number;
  /** The worker dies here: the transfer stays as it is and `updated_at` stands still. */
  stuckAfterBytes?: number;
  /** The worker gives up here, with these lines in the log. */
  failsAfterBytes?: number;
  failureLog?: string[];
  /** Somebody else cancels the transfer here. */
  canceledAfterBytes?: number;
};

type Armed = ArmedFault & { fault: Fault; left: number; passes: number };

export class Faults {
  /** Changed at will; a restore takes what is set when it is accepted. */
  restore: RestoreFaults = {};
  #armed: Armed[] = [];

  /** The fault added first is tried first. */
  add(fault: Fault): ArmedFault {
    const armed: Armed = {
      fault,
      left: fault.times ?? 1,
      passes: fault.after ?? 0,
      hits: 0,
      remove: () => {
        this.#armed = this.#armed.filter((one) => one !== armed);
      },
    };
    this.#armed.push(armed);
    return armed;
  }

  clear(): void {
    this.#armed = [];
    this.restore = {};
  }

  /** The action for this request, counted as used. `path` includes the query. */
  take(method: string, path: string): FaultAction | undefined {
    for (const armed of this.#armed) {
      const { match, action } = armed.fault;
      const isMatch = (match.method ?? method) === method && (match.path?.test(path) ?? true);
      if (!isMatch || armed.left <= 0) continue;
      if (armed.passes > 0) {
        armed.passes -= 1;
        continue;
      }
      armed.left -= 1;
      armed.hits += 1;
      return action;
    }
    return undefined;
  }
}

function refusal(status: number, id: string, message: string, headers: Record<string, string> = {}): FaultAction {
  return { kind: "answer", answer: { status, body: { id, message }, headers } };
}

/** The refusals that Heroku's documentation names, ready to be thrown in. */
export const answers = {
  unauthorized: refusal(401, "unauthorized", "Invalid credentials provided."),
  twoFactor: refusal(403, "two_factor", "A second authentication factor is required."),
  forbidden: refusal(403, "forbidden", "You do not have access to this resource."),
  suspended: refusal(403, "suspended", "The account is suspended."),
  delinquent: refusal(402, "delinquency", "The account has an unpaid balance."),
  notFound: refusal(404, "not_found", "Couldn't find that resource."),
  invalidParams: refusal(422, "invalid_params", "The parameters are invalid."),
  rateLimited: (retryAfterSeconds: number): FaultAction =>
    refusal(429, "rate_limit", "Your account reached the API rate limit.", {
      "Retry-After": String(retryAfterSeconds),
    }),
  serverError: (status: 500 | 502 | 503 | 504 = 503): FaultAction =>
    refusal(status, "internal_server_error", "Something went wrong."),
  /** The router's page, where the API itself cannot be reached. */
  html: (status = 503): FaultAction => ({
    kind: "answer",
    answer: {
      status,
      text: "<!DOCTYPE html>\n<html><head><title>Application Error</title></head><body>Try again later.</body></html>\n",
      headers: { "Content-Type": "text/html; charset=utf-8" },
    },
  }),
} as const;
