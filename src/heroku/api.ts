import type { HerokuInputs } from "../inputs/inputs.ts";
import type { Log } from "../log.ts";
import { type RetryPolicy, isTransient, retryPolicies, withRetries } from "../retry.ts";
import type { Secret } from "../secret.ts";
import { type ApiCall, apiCause, apiError, isRefused, statusOf } from "./api-error.ts";
import { OneTryRequest } from "./one-try-request.ts";

/** `platform`: api.heroku.com. `data`: api.data.heroku.com. */
export type ApiName = "platform" | "data";

export interface ApiRequest {
  method?: "GET" | "POST" | "PUT" | "PATCH";
  /** Every variable part of it went through `encodeURIComponent`. */
  path: string;
  /** For the sentence `Could not …`, e.g. `read the app example-app`. */
  what: string;
  body?: unknown;
  /** Values in the body that no error may show. */
  secrets?: readonly Secret[];
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
  /**
   * `always`: the call may be repeated whatever happened to it (the default, but for POST). `if-refused`: only where Heroku
   * certainly did nothing. `never`: the caller looks after itself.
   */
  repeat?: "always" | "if-refused" | "never";
  timeoutMs?: number;
}

interface ApiOptions {
  log?: Log;
  policy?: RetryPolicy;
}

const platformJson = "application/vnd.heroku+json; version=3";
/** The shape in which Heroku's own command line asks for attachments and dynos. */
export const sdkJson = "application/vnd.heroku+json; version=3.sdk";

const defaultTimeoutMs = 45_000;

/** Heroku's two APIs with one token: tries again where that is safe, and turns every error into one that a person can read. */
export class HerokuApi {
  readonly #urls: Readonly<Record<ApiName, string>>;
  readonly #token: Secret;
  readonly #options: ApiOptions;

  constructor(inputs: Pick<HerokuInputs, "apiKey" | "apiUrl" | "dataUrl">, options: ApiOptions = {}) {
    this.#urls = { platform: inputs.apiUrl, data: inputs.dataUrl };
    this.#token = inputs.apiKey;
    this.#options = options;
  }

  /**
   * Sends one request and gives the parsed body; pages of a list are put together.
   *
   * @throws MigrationError with a code by status (`HEROKU_UNAUTHORIZED` …) and no secret in it, or the signal's reason
   */
  async request(api: ApiName, request: ApiRequest): Promise<unknown> {
    const { signal } = request;
    return await withRetries(async () => await this.#tryOnce(api, request), {
      what: `trying to ${request.what}`,
      policy: this.#options.policy ?? retryPolicies.api,
      isRetryable: (error) => isRepeatable(error, request),
      retryAfterMs: (error) => apiCause(error)?.retryAfterMs,
      ...(signal ? { signal } : {}),
      ...(this.#options.log ? { log: this.#options.log } : {}),
    });
  }

  async #tryOnce(api: ApiName, request: ApiRequest): Promise<unknown> {
    request.signal?.throwIfAborted();
    const base = this.#urls[api];
    const sent = new OneTryRequest({
      host: base,
      method: request.method ?? "GET",
      path: request.path,
      ...(request.body === undefined ? {} : { body: request.body }),
      headers: { Accept: platformJson, ...request.headers, Authorization: `Bearer ${this.#token.reveal()}` },
      userAgent: "migrate-to-heroku-postgres",
      timeoutMs: request.timeoutMs ?? defaultTimeoutMs,
      signal: request.signal,
    });
    try {
      return await sent.request();
    } catch (error) {
      request.signal?.throwIfAborted();
      throw apiError(error, this.#describe(base, request), sent);
    }
  }

  #describe(base: string, request: ApiRequest): ApiCall {
    return { what: request.what, host: new URL(base).host, secrets: [this.#token, ...(request.secrets ?? [])] };
  }
}

function isRepeatable(error: unknown, request: ApiRequest): boolean {
  const repeat = request.repeat ?? (request.method === "POST" ? "if-refused" : "always");
  if (repeat === "never") return false;
  if (repeat === "if-refused" && !isRefused(error)) return false;
  return isTransient(error) || isBrokenAnswer(error);
}

/** A good status with a body that broke off or is a web page: asking again is all there is to do. */
function isBrokenAnswer(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && status >= 200 && status < 300;
}
