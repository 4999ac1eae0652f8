import { messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import { isTransient } from "../retry.ts";
import { abortUpload } from "./abort.ts";
import type { Bucket } from "./bucket.ts";
import type { CallOptions } from "./connection.ts";
import { createUpload, listUploads } from "./multipart.ts";

/** Whoever interrupts a run waits about five seconds; what is left after that is `cleanup`'s. */
const interruptedMs = 4_000;

/** No signal while nobody is in a hurry; after an interruption, one that leaves just enough time to tidy up. */
export function tidyingSignal(interruption: AbortSignal | undefined): { signal?: AbortSignal } {
  return interruption?.aborted === true ? { signal: AbortSignal.timeout(interruptedMs) } : {};
}

/**
 * Aborts every incomplete upload whose key begins so, whoever knows its id.
 *
 * @returns how many there were
 */
export async function abortUploads(bucket: Bucket, prefix: string, options: CallOptions = {}): Promise<number> {
  const uploads = await listUploads(bucket, prefix, options);
  for (const { key, uploadId } of uploads) await abortUpload(bucket, key, uploadId, options);
  return uploads.length;
}

/**
 * Starts an upload and leaves no other one behind: where an answer was lost, an upload may exist whose id nobody knows. A run's keys are its
 * own, so every upload of this key but ours is such a leftover.
 */
export async function createOnlyUpload(
  bucket: Bucket,
  key: string,
  signal: AbortSignal | undefined,
  log: Log | undefined,
): Promise<string> {
  try {
    const { uploadId, tries } = await createUpload(bucket, key, { signal });
    if (tries > 1) await sweepUploads(bucket, key, uploadId, signal, log);
    return uploadId;
  } catch (error) {
    if (signal?.aborted === true || isTransient(error)) await sweepUploads(bucket, key, undefined, signal, log);
    throw error;
  }
}

/** Says so where the store does not let us look. */
async function sweepUploads(
  bucket: Bucket,
  key: string,
  keepId: string | undefined,
  interruption: AbortSignal | undefined,
  log: Log | undefined,
): Promise<void> {
  const options = tidyingSignal(interruption);
  try {
    for (const upload of await listUploads(bucket, key, options)) {
      if (upload.key === key && upload.uploadId !== keepId) await abortUpload(bucket, key, upload.uploadId, options);
    }
  } catch (error) {
    log?.warning(`An incomplete upload of ${key} may be left in the bucket: ${messageOf(error)}`);
  }
}
