import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";

const workers = 5;
const largestFragmentBytes = 20 * 1024 ** 2;
const smallestFragmentBytes = 1024 ** 2;

/** What htcat says before it gives up; the transfer's log gets it behind a time and "aborting". */
export class DownloadFailure extends Error {}

/**
 * Downloads as Heroku's worker does (htcat 1.0.2): one plain GET that must answer 200; a body of more than 5 MiB is cut
 * into fragments of at most 20 MiB that five workers fetch by `Range` (206 or 200 will do) into buffers of that size,
 * handed out in order; a worker goes on only when its fragment has been consumed. Nothing is tried twice. A 200 to a
 * ranged request gives the first bytes of the object, wrong ones, just as it does there.
 */
export async function* download(url: string, signal: AbortSignal): AsyncGenerator<Buffer, void> {
  const address = await resolveRedirect(url, signal);
  const first = await get(address, undefined, signal);
  if (first.statusCode !== 200) throw refused(first, "200");
  const totalBytes = Number(first.headers["content-length"] ?? Number.NaN);
  const fragmentBytes = Math.min(1 + Math.floor((totalBytes - 1) / workers), largestFragmentBytes);
  if (Number.isNaN(totalBytes)) return yield* body(first);
  if (fragmentBytes < smallestFragmentBytes) return yield* new Fragment(first, totalBytes).read();
  yield* inFragments(address, first, totalBytes, fragmentBytes, signal);
}

/** One HEAD before the download: a redirect is followed once; a refusal (stores sign GET and HEAD apart) is ignored. */
async function resolveRedirect(url: string, signal: AbortSignal): Promise<string> {
  const answer = await send("HEAD", url, {}, signal);
  answer.resume();
  const isRedirect = answer.statusCode !== undefined && answer.statusCode >= 300 && answer.statusCode < 400;
  const { location } = answer.headers;
  return isRedirect && location !== undefined ? new URL(location, url).href : url;
}

async function* inFragments(
  url: string,
  first: IncomingMessage,
  totalBytes: number,
  fragmentBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const failures: unknown[] = [];
  let startBytes = 0;
  const next = (opened?: IncomingMessage): Promise<Fragment | undefined> | undefined => {
    if (startBytes >= totalBytes) return undefined;
    const size = Math.min(fragmentBytes, totalBytes - startBytes);
    const range = `bytes=${startBytes}-${startBytes + size - 1}`;
    startBytes += size;
    return (opened === undefined ? getRange(url, range, either) : Promise.resolve(opened)).then(
      (answer) => new Fragment(answer, size),
      (error: unknown) => void failures.push(error),
    );
  };
  try {
    const window = [next(first)];
    while (window.length < workers) window.push(next());
    for (let head = window.shift(); head !== undefined; head = window.shift()) {
      const fragment = await head;
      // A worker's refusal ends the download before the next fragment, even when that one is there already.
      if (failures.length > 0 || fragment === undefined) throw failures[0];
      yield* fragment.read();
      window.push(next());
    }
  } finally {
    stop.abort();
    first.destroy();
  }
}

/** A response read eagerly into memory, up to `sizeBytes`; what comes after is never read. */
class Fragment {
  readonly #answer: IncomingMessage;
  readonly #chunks: Buffer[] = [];
  #missingBytes: number;
  #error: Error | undefined;
  #isOver = false;
  #wake = Promise.withResolvers<void>();

  constructor(answer: IncomingMessage, sizeBytes: number) {
    this.#answer = answer;
    this.#missingBytes = sizeBytes;
    answer.on("data", (chunk: Buffer) => this.#keep(chunk));
    answer.once("end", () => this.#end());
    answer.once("error", (error) => this.#end(error));
    if (sizeBytes === 0) this.#end();
  }

  async *read(): AsyncGenerator<Buffer, void> {
    try {
      while (true) {
        const chunk = this.#chunks.shift();
        if (chunk !== undefined) yield chunk;
        else if (this.#isOver) break;
        else await this.#wake.promise;
      }
      if (this.#error !== undefined) throw new DownloadFailure("unexpected EOF", { cause: this.#error });
    } finally {
      this.#answer.destroy();
    }
  }

  #keep(chunk: Buffer): void {
    if (this.#isOver) return;
    const kept = chunk.subarray(0, this.#missingBytes);
    this.#missingBytes -= kept.length;
    this.#chunks.push(kept);
    if (this.#missingBytes === 0) this.#end();
    this.#signal();
  }

  #end(error?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#error = error;
    this.#answer.pause();
    this.#signal();
  }

  #signal(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
}

async function* body(answer: IncomingMessage): AsyncGenerator<Buffer, void> {
  try {
    for await (const chunk of answer) yield chunk as Buffer;
  } catch (error) {
    throw new DownloadFailure("unexpected EOF", { cause: error });
  }
}

async function getRange(url: string, range: string, signal: AbortSignal): Promise<IncomingMessage> {
  const answer = await get(url, range, signal);
  if (answer.statusCode !== 206 && answer.statusCode !== 200) throw refused(answer, "206 or 200");
  return answer;
}

function refused(answer: IncomingMessage, wanted: string): DownloadFailure {
  answer.resume();
  const status = `${answer.statusCode} ${answer.statusMessage}`;
  return new DownloadFailure(`Expected HTTP Status ${wanted}, received: "${status}"`);
}

async function get(url: string, range: string | undefined, signal: AbortSignal): Promise<IncomingMessage> {
  return send("GET", url, range === undefined ? {} : { range }, signal);
}

async function send(
  method: string,
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const answered = Promise.withResolvers<IncomingMessage>();
  const request = url.startsWith("https:") ? requestHttps : requestHttp;
  request(url, { method, headers: { ...headers, "user-agent": "Go-http-client/1.1" }, agent: false, signal })
    .once("response", answered.resolve)
    // Stays for the life of the request: one that is aborted after its answer reports that here.
    .on("error", (error) => answered.reject(new DownloadFailure(error.message, { cause: error })))
    .end();
  return answered.promise;
}
