import { createHash } from "node:crypto";
import type { ListMultipartUploadsCommandOutput } from "@aws-sdk/client-s3";
import { retryPolicies } from "../retry.ts";
import type { Bucket } from "./bucket.ts";
import { type CallOptions, onlyOneTry } from "./connection.ts";
import { storageCode } from "./storage-error.ts";

/** What S3 calls a multipart upload by. */
export interface UploadName {
  key: string;
  uploadId: string;
}

/** An upload that nobody has completed or aborted. Stores keep, and bill, its parts. */
export interface OpenUpload extends UploadName {
  startedAt: Date | undefined;
}

export interface UploadedPart {
  number: number;
  bytes: number;
  etag: string;
}

/** `tries` above 1: an earlier try may have started an upload whose id got lost with the answer. */
export async function createUpload(
  bucket: Bucket,
  key: string,
  options: CallOptions = {},
): Promise<{ uploadId: string; tries: number }> {
  let tries = 0;
  const uploadId = await bucket.connection.call(
    "CreateMultipartUpload",
    `start the upload of ${key}`,
    async (s3, request) => {
      tries += 1;
      const input = { Bucket: bucket.name, Key: key, ContentType: "application/octet-stream" };
      const { UploadId } = await s3.createMultipartUpload(input, request);
      if (UploadId === undefined) throw new Error("the store gave no upload id");
      return UploadId;
    },
    options,
  );
  return { uploadId, tries };
}

/** Sends one part from memory until the store has acknowledged these very bytes. */
export async function uploadPart(
  bucket: Bucket,
  upload: UploadName,
  number: number,
  bytes: Uint8Array,
  options: CallOptions = {},
): Promise<UploadedPart> {
  const md5 = createHash("md5").update(bytes).digest();
  const input = {
    Bucket: bucket.name,
    Key: upload.key,
    UploadId: upload.uploadId,
    PartNumber: number,
    Body: bytes,
    ContentLength: bytes.length,
    ContentMD5: md5.toString("base64"),
  };
  const etag = await bucket.connection.call(
    "UploadPart",
    `upload part ${number} of ${upload.key}`,
    async (s3, request) => {
      const output = await s3.uploadPart(input, request);
      refuseWrongEtag(output, md5.toString("hex"));
      return output.ETag ?? "";
    },
    { policy: retryPolicies.part, ...options },
  );
  return { number, bytes: bytes.length, etag };
}

interface PartAnswer {
  ETag?: string | undefined;
  ServerSideEncryption?: string | undefined;
  SSECustomerAlgorithm?: string | undefined;
}

/** Under SSE-KMS and SSE-C the ETag is not an MD5 (S3, "Object", ETag); otherwise one that looks like an MD5 must be ours. */
function refuseWrongEtag(answer: PartAnswer, md5: string): void {
  const etag = plainEtag(answer.ETag ?? "");
  const isEncrypted =
    answer.ServerSideEncryption?.startsWith("aws:kms") === true || answer.SSECustomerAlgorithm !== undefined;
  if (etag === md5 || (etag !== "" && (isEncrypted || !/^[0-9a-f]{32}$/iu.test(etag)))) return;
  const error = new Error(`the store acknowledged other bytes than were sent (ETag ${etag || "missing"})`);
  throw Object.assign(error, { code: "BadDigest" });
}

/** An ETag without its quotes. */
export function plainEtag(etag: string): string {
  return etag.replaceAll('"', "");
}

/** The store's own list of an upload's parts; undefined where the upload is gone. */
export async function findParts(
  bucket: Bucket,
  upload: UploadName,
  options: CallOptions = {},
): Promise<UploadedPart[] | undefined> {
  const parts: UploadedPart[] = [];
  let marker: string | undefined;
  do {
    const page = await listOnePage(bucket, upload, marker, options);
    if (page === undefined) return undefined;
    for (const { PartNumber, Size, ETag } of page.Parts ?? [])
      parts.push({ number: PartNumber ?? 0, bytes: Size ?? 0, etag: ETag ?? "" });
    marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
  } while (marker !== undefined);
  return parts;
}

async function listOnePage(bucket: Bucket, upload: UploadName, marker: string | undefined, options: CallOptions) {
  const input = { Bucket: bucket.name, Key: upload.key, UploadId: upload.uploadId };
  const from = marker === undefined ? {} : { PartNumberMarker: marker };
  try {
    return await bucket.connection.call(
      "ListParts",
      `list the parts of ${upload.key}`,
      (s3, request) => s3.listParts({ ...input, ...from }, request),
      options,
    );
  } catch (error) {
    if (isGoneUpload(error)) return undefined;
    throw error;
  }
}

/** Stores differ in what they say of an upload that is completed or aborted. */
export function isGoneUpload(error: unknown): boolean {
  const code = storageCode(error);
  return code === "NoSuchUpload" || code === "NoSuchKey";
}

/** Uploads under a prefix that are neither completed nor aborted. */
export async function listUploads(
  bucket: Bucket,
  prefix: string = bucket.prefix,
  options: CallOptions = {},
): Promise<OpenUpload[]> {
  const uploads: OpenUpload[] = [];
  let from: UploadMarker | undefined = {};
  while (from !== undefined) {
    const page = await listUploadsFrom(bucket, prefix, from, options);
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Key !== undefined && UploadId !== undefined)
        uploads.push({ key: Key, uploadId: UploadId, startedAt: Initiated });
    }
    from = nextMarker(page);
  }
  return uploads;
}

interface UploadMarker {
  KeyMarker?: string;
  UploadIdMarker?: string;
}

async function listUploadsFrom(
  bucket: Bucket,
  prefix: string,
  from: UploadMarker,
  options: CallOptions,
): Promise<ListMultipartUploadsCommandOutput> {
  const input = { Bucket: bucket.name, Prefix: prefix, ...from };
  return await bucket.connection.call(
    "ListMultipartUploads",
    `list uploads under ${prefix}`,
    (s3, request) => s3.listMultipartUploads(input, request),
    options,
  );
}

function nextMarker(page: ListMultipartUploadsCommandOutput): UploadMarker | undefined {
  const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page;
  if (IsTruncated !== true || NextKeyMarker === undefined) return undefined;
  return {
    KeyMarker: NextKeyMarker,
    ...(NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }),
  };
}

/** Asks once for the object to be made of its parts. What a lost answer means is `completeUpload`'s to find out. */
export async function sendComplete(
  bucket: Bucket,
  upload: UploadName,
  parts: readonly UploadedPart[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const input = {
    Bucket: bucket.name,
    Key: upload.key,
    UploadId: upload.uploadId,
    MultipartUpload: { Parts: parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })) },
  };
  await bucket.connection.call(
    "CompleteMultipartUpload",
    `complete the upload of ${upload.key}`,
    (s3, request) => s3.completeMultipartUpload(input, request),
    { signal, policy: onlyOneTry },
  );
}
