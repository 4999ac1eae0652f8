import { MigrationError, describeError, hintOf } from "./errors.ts";
import type { Log } from "./log.ts";
import { formatSeconds } from "./format.ts";
import { sleep } from "./workers.ts";

/** How hard to try. Delays follow decorrelated jitter: `random(base, 3 × previous)`, capped. */
export interface RetryPolicy {
  tries: number;
  baseMs: number;
  capMs: number;
}

export const retryPolicies = {
  /** The gate's first contact, where a mistake in the inputs is likelier than a bad network. */
  contact: { tries: 3, baseMs: 250, capMs: 1000 },
  /** A connection, a slice, a ranged read. */
  network: { tries: 6, baseMs: 250, capMs: 10_000 },
  /** A part: a store may ask for patience for minutes, and giving up costs the whole upload. */
  part: { tries: 14, baseMs: 500, capMs: 30_000 },
  /** Heroku's API, whose rate limit refills about 75 calls a minute. */
  api: { tries: 8, baseMs: 500, capMs: 30_000 },
} as const satisfies Record<string, RetryPolicy>;

/**
 * SQLSTATEs (PostgreSQL manual, appendix A) after which the same statement may succeed.
 * Class 08 is handled as a whole. Authentication and missing objects are never retried.
 */
const transientSqlStates: Readonly<Record<string, string>> = {
  "40001": "serialization_failure",
  "40P01": "deadlock_detected",
  "53300": "too_many_connections",
  "55006": "object_in_use",
  "57P01": "admin_shutdown",
  "57P02": "crash_shutdown",
  "57P03": "cannot_connect_now",
};

/** errno codes of a network that may come back. `ENOTFOUND` and `ECONNREFUSED` at first contact are the caller's to judge. */
const transientErrnos = new Set([
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ESOCKETTIMEDOUT",
  "EAI_AGAIN",
  "ENETUNREACH",
  "EHOSTUNREACH",
  "ECONNREFUSED",
  "UND_ERR_SOCKET",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
]);

const transientStatuses = new Set([408, 425, 429, 500, 502, 503, 504]);

/** node-postgres reports a lost socket by message alone. */
const lostConnectionMessages = [
  "Connection terminated",
  "Client has encountered a connection error",
  "socket hang up",
  "terminated unexpectedly",
  "other side closed",
  "premature close",
];

const transientNames = new Set(["TimeoutError", "SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable"]);

interface ErrorFacts {
  code?: unknown;
  name?: unknown;
  message?: unknown;
  cause?: unknown;
  statusCode?: unknown;
  status?: unknown;
  $metadata?: { httpStatusCode?: number };
  retryable?: unknown;
}

/** Whether the same call may succeed later: decided here, by SQLSTATE, HTTP status or errno, and nowhere else. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const facts = error as ErrorFacts;
  if (typeof facts.retryable === "boolean") return facts.retryable;
  const status = facts.$metadata?.httpStatusCode ?? facts.statusCode ?? facts.status;
  if (typeof status === "number" && status >= 300) return transientStatuses.has(status);
  if (typeof facts.code === "string" && isTransientCode(facts.code)) return true;
  if (typeof facts.name === "string" && transientNames.has(facts.name)) return true;
  if (lostConnectionMessages.some((text) => String(facts.message).includes(text))) return true;
  if (error instanceof AggregateError) return error.errors.some(isTransient);
  return facts.cause !== undefined && isTransient(facts.cause);
}

function isTransientCode(code: string): boolean {
  return transientErrnos.has(code) || Object.hasOwn(transientSqlStates, code) || /^08[0-9A-Z]{3}$/u.test(code);
}

interface RetryOptions {
  /** For the message, as a gerund phrase: `uploading part 7`. */
  what: string;
  policy?: RetryPolicy;
  signal?: AbortSignal;
  log?: Log;
  /** Overrides the table where the caller knows better. */
  isRetryable?: (error: unknown) => boolean;
  /** What the server asked for, in milliseconds (`Retry-After`). */
  retryAfterMs?: (error: unknown) => number | undefined;
  random?: () => number;
}

/** Calls `attempt` until it succeeds, the table says that trying again is useless, or the tries are used up. */
export async function withRetries<T>(attempt: (tryNumber: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const policy = options.policy ?? retryPolicies.network;
  const startedAt = Date.now();
  let delayMs = policy.baseMs;
  for (let tryNumber = 1; ; tryNumber += 1) {
    try {
      return await attempt(tryNumber);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(options.isRetryable ?? isTransient)(error)) throw error;
      if (tryNumber >= policy.tries) throw givingUp(error, options.what, tryNumber, Date.now() - startedAt);
      delayMs = nextDelayMs(policy, delayMs, options.random ?? Math.random);
      const waitMs = Math.max(delayMs, options.retryAfterMs?.(error) ?? 0);
      options.log?.debug(
        `${options.what} failed (${describeError(error)}); try ${tryNumber + 1} in ${formatSeconds(waitMs / 1000)}`,
      );
      await sleep(waitMs, options.signal);
    }
  }
}

export function nextDelayMs(policy: RetryPolicy, previousMs: number, random: () => number): number {
  const span = Math.max(0, previousMs * 3 - policy.baseMs);
  return Math.min(policy.capMs, policy.baseMs + random() * span);
}

function givingUp(error: unknown, what: string, tries: number, elapsedMs: number): MigrationError {
  const hint = hintOf(error);
  return new MigrationError(
    `Gave up ${what} after ${tries} tries in ${formatSeconds(elapsedMs / 1000)}: ${describeError(error)}`,
    {
      code: "GAVE_UP",
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    },
  );
}
