import { createHash } from "node:crypto";
import { MigrationError } from "../errors.ts";
import { formatBytes } from "../format.ts";
import type { Log } from "../log.ts";
import { type RetryPolicy, isTransient, nextDelayMs } from "../retry.ts";
import { sleep } from "../workers.ts";
import type { Bucket, ObjectHead } from "./bucket.ts";
import { type UploadedPart, findParts, plainEtag, sendComplete } from "./multipart.ts";
import { storageCode } from "./storage-error.ts";

/** Putting thousands of parts together takes a store minutes, in which its answer may get lost. */
const completePolicy: RetryPolicy = { tries: 8, baseMs: 500, capMs: 30_000 };

interface CompleteOptions {
  signal?: AbortSignal | undefined;
  log?: Log | undefined;
  policy?: RetryPolicy | undefined;
}

/**
 * Makes the object of its parts. After a lost answer the store is asked what happened (HEAD, ListParts) before the request is sent
 * again: most stores answer a second Complete with NoSuchUpload although the first has succeeded.
 *
 * @returns the object as the store shows it, its length checked
 */
export async function completeUpload(
  bucket: Bucket,
  upload: { key: string; uploadId: string },
  parts: readonly UploadedPart[],
  options: CompleteOptions = {},
): Promise<ObjectHead> {
  const { signal, log, policy = completePolicy } = options;
  let delayMs = policy.baseMs;
  for (let tryNumber = 1; ; tryNumber += 1) {
    try {
      await sendComplete(bucket, upload, parts, signal);
      return await checkedHead(bucket, upload.key, parts, signal);
    } catch (error) {
      signal?.throwIfAborted();
      const made = await findMadeObject(bucket, upload, parts, error, tryNumber, signal);
      if (made !== undefined) return made;
      if (tryNumber >= policy.tries || !isWorthAnotherTry(error, tryNumber)) throw error;
      delayMs = nextDelayMs(policy, delayMs, Math.random);
      log?.debug(`completing the upload of ${upload.key} failed (${storageCode(error)}); asking again`);
      await sleep(delayMs, signal);
    }
  }
}

/** On a second try a vanished upload may be one that the first try is still turning into the object. */
function isWorthAnotherTry(error: unknown, tryNumber: number): boolean {
  return isTransient(error) || (tryNumber > 1 && storageCode(error) === "NoSuchUpload");
}

async function checkedHead(
  bucket: Bucket,
  key: string,
  parts: readonly UploadedPart[],
  signal: AbortSignal | undefined,
): Promise<ObjectHead> {
  const head = await bucket.headObject(key, { signal });
  const sent = totalBytes(parts);
  if (head.bytes === sent) return head;
  throw new MigrationError(
    `The store made an object of ${formatBytes(head.bytes)} of the ${formatBytes(sent)} uploaded as ${key}.`,
    { code: "BUCKET_LENGTH", hint: "Run again; if it happens twice, use another store." },
  );
}

/** The object that a Complete with an unknown outcome has made, if it has: right length, and our ETag or no upload left. */
async function findMadeObject(
  bucket: Bucket,
  upload: { key: string; uploadId: string },
  parts: readonly UploadedPart[],
  error: unknown,
  tryNumber: number,
  signal: AbortSignal | undefined,
): Promise<ObjectHead | undefined> {
  if (!isWorthAnotherTry(error, tryNumber)) return undefined;
  const head = await bucket.findHead(upload.key, { signal });
  if (head === undefined || head.bytes !== totalBytes(parts)) return undefined;
  if (plainEtag(head.etag) === multipartEtag(parts)) return head;
  return (await findParts(bucket, upload, { signal })) === undefined ? head : undefined;
}

function totalBytes(parts: readonly UploadedPart[]): number {
  return parts.reduce((sum, part) => sum + part.bytes, 0);
}

/** The ETag of a multipart object as S3 and most others compute it: MD5 of the parts' MD5s, a dash, their number. */
export function multipartEtag(parts: readonly UploadedPart[]): string {
  const hash = createHash("md5");
  for (const part of parts) hash.update(Buffer.from(plainEtag(part.etag), "hex"));
  return `${hash.digest("hex")}-${parts.length}`;
}
