import { MigrationError } from "../errors.ts";
import { sleep } from "../workers.ts";
import type { Bucket } from "./bucket.ts";
import type { CallOptions } from "./connection.ts";
import { findParts, isGoneUpload } from "./multipart.ts";
import { storageCode } from "./storage-error.ts";

/** Parts that are still arriving can outlive one abort (S3, "AbortMultipartUpload"), so it is repeated until none is left. */
const abortTries = 5;

/**
 * Aborts an upload and makes sure that it is gone. Aborting what is gone already is no error.
 *
 * @throws MigrationError where the store still lists the upload afterwards
 */
export async function abortUpload(
  bucket: Bucket,
  key: string,
  uploadId: string,
  options: CallOptions = {},
): Promise<void> {
  for (let tryNumber = 1; tryNumber <= abortTries; tryNumber += 1) {
    await sendAbort(bucket, key, uploadId, options);
    if (await isAborted(bucket, key, uploadId, options)) return;
    await sleep(250 * tryNumber, options.signal);
  }
  throw new MigrationError(`The upload of ${key} in bucket ${bucket.name} could not be aborted.`, {
    code: "BUCKET_ABORT",
    hint: "Abort it in the store's console, or let a lifecycle rule remove incomplete uploads: its parts are billed until then.",
  });
}

async function sendAbort(bucket: Bucket, key: string, uploadId: string, options: CallOptions): Promise<void> {
  const input = { Bucket: bucket.name, Key: key, UploadId: uploadId };
  try {
    await bucket.connection.call(
      "AbortMultipartUpload",
      `abort the upload of ${key}`,
      (s3, request) => s3.abortMultipartUpload(input, request),
      options,
    );
  } catch (error) {
    if (!isGoneUpload(error)) throw error;
  }
}

/** A key that may abort but not list gets the benefit of the doubt: the store has acknowledged the abort. */
async function isAborted(bucket: Bucket, key: string, uploadId: string, options: CallOptions): Promise<boolean> {
  try {
    return (await findParts(bucket, { key, uploadId }, options)) === undefined;
  } catch (error) {
    if (storageCode(error) === "AccessDenied" || storageCode(error) === "NotImplemented") return true;
    throw error;
  }
}
