import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import Request, { type RequestOptions } from "heroku-client/lib/request.js";

interface OneTryOptions extends RequestOptions {
  timeoutMs: number;
  signal: AbortSignal | undefined;
}

/**
 * heroku-client's request with what it lacks for calls that must not happen twice: it sends again after a dropped connection whatever
 * the method is, and even behind a timeout that it has already reported; it waits for ever for an answer that breaks off; and with
 * `DEBUG=http` in the environment it prints bodies, which hold URLs with credentials.
 */
export class OneTryRequest extends Request {
  /** Of the last answer, once there is one. */
  status: number | undefined;
  headers: IncomingHttpHeaders = {};
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal | undefined;

  constructor(options: OneTryOptions) {
    // The library calls url.parse, about which node warns on standard error as soon as it is bundled.
    const { noDeprecation } = process;
    process.noDeprecation = true;
    super(options);
    process.noDeprecation = noDeprecation ?? false;
    this.#timeoutMs = options.timeoutMs;
    this.#signal = options.signal;
  }

  override isRetryAllowed(): boolean {
    return false;
  }

  /** Counts from the request to the end of the answer, for each page of a list. */
  override setRequestTimeout(request: ClientRequest): void {
    const late = Object.assign(new Error(`no answer within ${this.#timeoutMs / 1000} s`), { name: "TimeoutError" });
    const stop = (error: Error): void => {
      this.reject(error);
      request.destroy();
    };
    const timer = setTimeout(() => stop(late), this.#timeoutMs);
    const onAbort = (): void => stop(this.#signal?.reason as Error);
    this.#signal?.addEventListener("abort", onAbort, { once: true });
    request.once("close", () => {
      clearTimeout(timer);
      this.#signal?.removeEventListener("abort", onAbort);
    });
    if (this.#signal?.aborted === true) onAbort();
  }

  override handleResponse(response: IncomingMessage): void {
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    void this.#settle(response, this.status);
  }

  async #settle(response: IncomingMessage, status: number): Promise<void> {
    try {
      const body = await text(response);
      if (status >= 200 && status < 300) this.handleSuccess(response, body);
      else this.handleFailure(response, body);
    } catch (error) {
      this.reject(error);
    }
  }
}
