import { messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import { type RetryPolicy, isTransient } from "../retry.ts";
import { abortUpload } from "./abort.ts";
import type { Bucket } from "./bucket.ts";
import { createUpload, listUploads } from "./multipart.ts";

const sweepPolicy: RetryPolicy = { tries: 3, baseMs: 250, capMs: 2_000 };

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
    if (tries > 1) await sweepUploads(bucket, key, uploadId, log);
    return uploadId;
  } catch (error) {
    if (signal?.aborted === true || isTransient(error)) await sweepUploads(bucket, key, undefined, log);
    throw error;
  }
}

/** Aborts the uploads of one key, the one to keep aside. Says so where the store does not let us look. */
async function sweepUploads(
  bucket: Bucket,
  key: string,
  keepId: string | undefined,
  log: Log | undefined,
): Promise<void> {
  try {
    for (const upload of await listUploads(bucket, key, { policy: sweepPolicy })) {
      if (upload.key === key && upload.uploadId !== keepId) await abortUpload(bucket, key, upload.uploadId);
    }
  } catch (error) {
    log?.warning(`An incomplete upload of ${key} may be left in the bucket: ${messageOf(error)}`);
  }
}
