import { MigrationError } from "../errors.ts";
import type { Log } from "../log.ts";
import { type RetryPolicy, retryPolicies, withRetries } from "../retry.ts";
import type { Secret } from "../secret.ts";
import { type PublicResponse, fetchPublic } from "./public-fetch.ts";
import { wrongStatus } from "./wrong-status.ts";

/** First and last byte, both included, and the whole object's length. */
interface FeedRange {
  start: number;
  end: number;
  total: number;
}

interface FeedOptions {
  name: string;
  /** What the plain GET showed: another one means that the object was replaced while it was read. */
  etag: string;
  signal: AbortSignal;
  log?: Log;
  policy?: RetryPolicy;
  idleMs?: number;
}

/** One range being fetched ahead of its turn. A broken transfer goes on from the byte it reached. */
export class RangeFeed {
  /** Resolves when nothing is being fetched any more, whatever the outcome. */
  readonly settled: Promise<void>;
  readonly #url: Secret;
  readonly #range: FeedRange;
  readonly #options: FeedOptions;
  readonly #waiting: Buffer[] = [];
  #reached: number;
  #outcome: { error?: unknown } | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(url: Secret, range: FeedRange, options: FeedOptions) {
    this.#url = url;
    this.#range = range;
    this.#options = options;
    this.#reached = range.start;
    this.settled = this.#fetchAll();
  }

  /** The range's buffers in order, as they come. Throws what ended the fetching. */
  async *chunks(): AsyncGenerator<Buffer> {
    for (;;) {
      for (let chunk = this.#waiting.shift(); chunk !== undefined; chunk = this.#waiting.shift()) yield chunk;
      if (this.#outcome) break;
      await this.#changed.promise;
    }
    if ("error" in this.#outcome) throw this.#outcome.error;
  }

  async #fetchAll(): Promise<void> {
    const { name, signal, log, policy = retryPolicies.network } = this.#options;
    try {
      await withRetries(() => this.#fetchRest(), {
        what: `reading bytes ${this.#range.start}–${this.#range.end} of ${name}`,
        policy,
        signal,
        ...(log ? { log } : {}),
      });
      this.#outcome = {};
    } catch (error) {
      this.#outcome = { error };
    }
    this.#announce();
  }

  async #fetchRest(): Promise<void> {
    if (this.#reached > this.#range.end) return;
    const { name, signal, idleMs } = this.#options;
    const headers = { range: `bytes=${this.#reached}-${this.#range.end}`, "accept-encoding": "identity" };
    await using response = await fetchPublic(this.#url, { name, signal, idleMs, headers });
    this.#checkAnswer(response);
    for await (const chunk of response.chunks()) {
      this.#reached += chunk.length;
      this.#waiting.push(chunk);
      this.#announce();
    }
    if (this.#reached > this.#range.end) return;
    throw Object.assign(new Error(`the range ended after byte ${this.#reached}`), { code: "ECONNRESET" });
  }

  #checkAnswer({ status, headers }: PublicResponse): void {
    const { name, etag } = this.#options;
    if (status !== 206) throw wrongStatus(name, status, "206");
    const expected = `bytes ${this.#reached}-${this.#range.end}/${this.#range.total}`;
    const found = headers.get("content-range") ?? "none";
    const foundEtag = headers.get("etag") ?? "";
    if (found === expected && foundEtag === etag) return;
    const difference =
      found === expected
        ? "another ETag than the plain GET"
        : `Content-Range ${found.slice(0, 60)} instead of ${expected}`;
    throw new MigrationError(`A range of ${name} was answered with ${difference}.`, {
      code: "URL_RANGE",
      hint: "The object was replaced while it was read, or the store does not serve ranges as Heroku needs them.",
    });
  }

  #announce(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
