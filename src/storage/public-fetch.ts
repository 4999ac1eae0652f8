import { MigrationError, messageOf } from "../errors.ts";
import { type Secret, redact } from "../secret.ts";

/** A body that brings no byte for this long is asked for again. */
const idleTimeoutMs = 60_000;

export interface FetchOptions {
  /** Names the object in messages; the URL itself never appears. */
  name: string;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  idleMs?: number | undefined;
}

/** A response whose body ends with an error when nothing comes, and which is closed when its scope is left. */
export interface PublicResponse extends AsyncDisposable {
  status: number;
  headers: Headers;
  /** Buffers as they come. */
  chunks(): AsyncGenerator<Buffer>;
}

/** Fetches as an outsider who has nothing but the URL. Errors carry neither the URL nor its signature. */
export async function fetchPublic(url: Secret, options: FetchOptions): Promise<PublicResponse> {
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const watch = new IdleWatch(options.idleMs ?? idleTimeoutMs, stop);
  try {
    const response = await fetch(url.reveal(), { headers: options.headers ?? {}, signal });
    watch.touch();
    return {
      status: response.status,
      headers: response.headers,
      chunks: () => readChunks(response, signal, watch, options),
      async [Symbol.asyncDispose]() {
        watch.stop();
        stop.abort();
        await response.body?.cancel().catch(() => {});
      },
    };
  } catch (error) {
    watch.stop();
    throw fetchError(error, options);
  }
}

/** Listens to the signal itself: fetch may let go of it once the head of the answer is there (undici keeps it by a weak reference). */
async function* readChunks(
  response: Response,
  signal: AbortSignal,
  watch: IdleWatch,
  options: FetchOptions,
): AsyncGenerator<Buffer> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  const onAbort = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", onAbort);
  try {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      watch.touch();
      yield Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
  } catch (error) {
    throw fetchError(error, options);
  } finally {
    signal.removeEventListener("abort", onAbort);
    watch.stop();
    await reader.cancel().catch(() => {});
    reader.releaseLock();
  }
}

class IdleWatch {
  readonly #timer: NodeJS.Timeout;

  constructor(idleMs: number, stop: AbortController) {
    const late = Object.assign(new Error(`no byte for ${idleMs / 1000} s`), { name: "TimeoutError" });
    this.#timer = setTimeout(() => stop.abort(late), idleMs);
  }

  touch(): void {
    this.#timer.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** fetch hides the reason in a cause, and quotes the URL where it cannot parse it: keep the code, drop the rest. */
function fetchError(error: unknown, options: FetchOptions): Error {
  options.signal?.throwIfAborted();
  if (error instanceof MigrationError) return error;
  const { message, code, name } = innermost(error);
  const clean = Object.assign(new Error(redact(message)), { name, ...(code === undefined ? {} : { code }) });
  return new MigrationError(`Could not fetch ${options.name}: ${clean.message}.`, {
    code: "FETCH_FAILED",
    hint: "Heroku fetches the archive over the public network: check that the store's endpoint can be reached from outside.",
    cause: clean,
  });
}

function innermost(error: unknown): { message: string; name: string; code: string | undefined } {
  let current = error;
  while (current instanceof Error && current.cause !== undefined) current = current.cause;
  const { code, name } = (current ?? {}) as { code?: unknown; name?: unknown };
  const isUrlQuoted = code === "ERR_INVALID_URL";
  return {
    message: isUrlQuoted ? "the URL is not valid" : messageOf(current),
    name: typeof name === "string" ? name : "Error",
    code: typeof code === "string" ? code : undefined,
  };
}
