import { createHash } from "node:crypto";
import { MigrationError } from "../errors.ts";
import { formatBytes } from "../format.ts";
import type { Log } from "../log.ts";
import { type RetryPolicy, retryPolicies, withRetries } from "../retry.ts";
import type { Secret } from "../secret.ts";
import { type PublicResponse, fetchPublic } from "./public-fetch.ts";
import { RangeFeed } from "./range-feed.ts";
import { wrongStatus } from "./wrong-status.ts";

const mebibyte = 1024 * 1024;

/** Heroku's downloader (htcat) reads up to about 5 MiB in one piece, above that in five ranges of at most 20 MiB at a time. */
const onePieceBytes = 5 * mebibyte;
const defaultRangeBytes = 20 * mebibyte;
const defaultParallel = 5;

export interface ReadAsHerokuOptions {
  /** What the object must measure. */
  bytes: number;
  /** For messages: the object's key, never the URL. */
  name?: string;
  signal?: AbortSignal;
  log?: Log;
  rangeBytes?: number;
  parallel?: number;
  /** Hexadecimal; compared after the last byte. */
  expectedSha256?: string;
  policy?: RetryPolicy;
  /** A range that brings nothing for this long is asked for again. */
  idleMs?: number;
}

/** What a plain GET of the URL says before its body is read. */
export interface PlainGet {
  status: number;
  contentLength: number;
  etag: string;
  /** The store's clock. */
  date: Date | undefined;
}

/**
 * Reads an object through its presigned URL the way Heroku will: a plain GET that must answer exactly 200 with the right length, then
 * ranges that must answer 206 with exactly what was asked for. Buffers come in order; memory is at most `rangeBytes × parallel`.
 *
 * @throws MigrationError where Heroku's download would fail, or where length or checksum differ
 */
export async function* readAsHeroku(url: Secret, options: ReadAsHerokuOptions): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  let readBytes = 0;
  const plain = await checkPlainGet(url, options);
  const source = options.bytes <= onePieceBytes ? readInOnePiece(url, options) : readInRanges(url, plain, options);
  for await (const chunk of source) {
    if (options.expectedSha256 !== undefined) hash.update(chunk);
    readBytes += chunk.length;
    yield chunk;
  }
  if (readBytes !== options.bytes) throw wrongLength(nameOf(options), readBytes, options.bytes);
  const { expectedSha256 } = options;
  if (expectedSha256 !== undefined && hash.digest("hex") !== expectedSha256) {
    throw new MigrationError(`${nameOf(options)} reads back with another SHA-256 than was uploaded.`, {
      code: "ARCHIVE_CHECKSUM",
      hint: "The object changed in the store or on the way: run again. Nothing on Heroku has been touched.",
    });
  }
}

/** Asks for the object without a range, looks at the head of the answer and drops the body. */
export async function checkPlainGet(url: Secret, options: ReadAsHerokuOptions): Promise<PlainGet> {
  return await retried(options, "fetching", async () => {
    await using response = await fetchPublic(url, plainRequest(options));
    return checkPlainAnswer(response, options);
  });
}

function plainRequest(options: ReadAsHerokuOptions) {
  const { signal, idleMs } = options;
  // Go's HTTP client, which Heroku uses, offers gzip by itself on a request without a range.
  return { name: nameOf(options), signal, idleMs, headers: { "accept-encoding": "gzip" } };
}

function checkPlainAnswer(response: PublicResponse, options: ReadAsHerokuOptions): PlainGet {
  const { headers, status } = response;
  if (status !== 200) throw wrongStatus(nameOf(options), status, "200");
  const encoding = headers.get("content-encoding");
  if (encoding !== null && encoding !== "identity") {
    throw new MigrationError(`${nameOf(options)} is served with Content-Encoding ${encoding.slice(0, 40)}.`, {
      code: "ARCHIVE_ENCODED",
      hint: "Heroku needs the archive's own bytes: switch off compression in the store or in the proxy before it.",
    });
  }
  const length = headers.get("content-length");
  if (length === null) {
    throw new MigrationError(`${nameOf(options)} is served without a Content-Length.`, {
      code: "ARCHIVE_LENGTH",
      hint: "Heroku cannot fetch it so: take the proxy before the store out of s3-endpoint.",
    });
  }
  if (Number(length) !== options.bytes) throw wrongLength(nameOf(options), Number(length), options.bytes);
  const date = new Date(headers.get("date") ?? "");
  return {
    status,
    contentLength: Number(length),
    etag: headers.get("etag") ?? "",
    date: Number.isNaN(date.getTime()) ? undefined : date,
  };
}

/** Small enough to hold: a broken transfer starts over. */
async function* readInOnePiece(url: Secret, options: ReadAsHerokuOptions): AsyncGenerator<Buffer> {
  const content = await retried(options, "reading", async () => {
    await using response = await fetchPublic(url, plainRequest(options));
    checkPlainAnswer(response, options);
    const chunks: Buffer[] = [];
    for await (const chunk of response.chunks()) chunks.push(chunk);
    return Buffer.concat(chunks);
  });
  if (content.length > 0) yield content;
}

/** The range at the head is handed on as it comes; those behind it wait in memory until it is their turn. */
async function* readInRanges(url: Secret, plain: PlainGet, options: ReadAsHerokuOptions): AsyncGenerator<Buffer> {
  const { bytes, rangeBytes = defaultRangeBytes, parallel = defaultParallel } = options;
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const feeds: RangeFeed[] = [];
  let nextStart = 0;
  const startNext = (): void => {
    if (nextStart >= bytes) return;
    const range = { start: nextStart, end: Math.min(nextStart + rangeBytes, bytes) - 1, total: bytes };
    feeds.push(new RangeFeed(url, range, { ...options, name: nameOf(options), etag: plain.etag, signal }));
    nextStart += rangeBytes;
  };
  try {
    for (let count = 0; count < parallel; count += 1) startNext();
    for (let feed = feeds[0]; feed !== undefined; feed = feeds[0]) {
      yield* feed.chunks();
      feeds.shift();
      startNext();
    }
  } finally {
    stop.abort();
    await Promise.all(feeds.map((feed) => feed.settled));
  }
}

function wrongLength(name: string, found: number, expected: number): MigrationError {
  return new MigrationError(`${name} reads back as ${found} bytes instead of ${expected} (${formatBytes(expected)}).`, {
    code: "ARCHIVE_LENGTH",
    hint: "The object is not the one that was uploaded: run again. Nothing on Heroku has been touched.",
  });
}

function nameOf(options: ReadAsHerokuOptions): string {
  return options.name ?? "the archive";
}

async function retried<T>(options: ReadAsHerokuOptions, verb: string, attempt: () => Promise<T>): Promise<T> {
  const { signal, log, policy = retryPolicies.network } = options;
  return await withRetries(attempt, {
    what: `${verb} ${nameOf(options)}`,
    policy,
    ...(signal ? { signal } : {}),
    ...(log ? { log } : {}),
  });
}
