import { randomBytes } from "node:crypto";
import { receiveContent } from "./body.ts";
import { isChecksumAlgorithm } from "./checksums.ts";
import type { Answer, BucketState, Exchange, Part, Upload } from "./exchange.ts";
import { createEtag, keepHeaders, renderChecksum, renderEtag } from "./objects.ts";
import { findHeader, readNumber } from "./request.ts";
import { s3Error } from "./s3-error.ts";
import { renderDocument, text } from "./xml.ts";

export const MAX_PARTS = 10_000;

export function createMultipartUpload({ bucket, request }: Exchange): Answer {
  const checksum = readChecksumPlan(
    findHeader(request, "x-amz-checksum-algorithm"),
    findHeader(request, "x-amz-checksum-type"),
  );
  const upload: Upload = {
    key: request.key,
    uploadId: randomBytes(48).toString("base64url"),
    initiatedAtMs: bucket.now(),
    headers: keepHeaders(request),
    checksum: bucket.profile.checksumHeaders === "verified" ? checksum : undefined,
    parts: new Map(),
  };
  bucket.uploads.set(upload.uploadId, upload);
  const headers: Record<string, string> = {};
  if (upload.checksum) {
    headers["x-amz-checksum-algorithm"] = upload.checksum.algorithm.toUpperCase();
    headers["x-amz-checksum-type"] = upload.checksum.type;
  }
  const names = [text("Bucket", bucket.name), text("Key", upload.key), text("UploadId", upload.uploadId)];
  return { status: 200, headers, xml: renderDocument("InitiateMultipartUploadResult", names) };
}

/** S3's defaults and limits: CRC64NVME is of the whole object only, the SHAs of the parts only. */
function readChecksumPlan(name: string | undefined, type: string | undefined): Upload["checksum"] {
  const algorithm = name?.toLowerCase();
  if (algorithm === undefined) return undefined;
  if (!isChecksumAlgorithm(algorithm)) throw s3Error("InvalidRequest", "Checksum algorithm provided is unsupported.");
  const usual = algorithm === "crc64nvme" ? "FULL_OBJECT" : "COMPOSITE";
  const chosen = type === "FULL_OBJECT" || type === "COMPOSITE" ? type : usual;
  const isImpossible = chosen === "COMPOSITE" ? algorithm === "crc64nvme" : algorithm.startsWith("sha");
  if (isImpossible) {
    throw s3Error("InvalidRequest", `The ${chosen} checksum type cannot be used with ${algorithm}.`);
  }
  return { algorithm, type: chosen };
}

export async function uploadPart(exchange: Exchange): Promise<Answer> {
  const { bucket, request, fault } = exchange;
  const partNumber = readNumber(request, "partNumber", 1, MAX_PARTS);
  const upload = findUpload(exchange);
  const body = await receiveContent(exchange);
  const part: Part = {
    partNumber,
    etag: body.md5?.toString("hex") ?? createEtag(),
    bytes: body.segment.bytes,
    lastModifiedMs: bucket.now(),
    segment: body.segment,
    md5: body.md5,
    sha256: body.sha256,
    checksum: body.checksum,
  };
  try {
    // The upload may have been aborted while this part came in.
    findUpload(exchange);
    checkAlgorithm(upload, part);
    if (!fault.losePart) await keepPart(upload, part);
  } catch (error) {
    await part.segment.release();
    throw error;
  }
  const checksum = part.checksum && { ...part.checksum, type: "FULL_OBJECT" as const };
  const { "x-amz-checksum-type": _, ...headers } = renderChecksum(checksum);
  return { status: 200, headers: { etag: renderEtag(part.etag, fault.wrongEtag), ...headers } };
}

/** Every part must bring the checksum that the upload was created with. */
function checkAlgorithm(upload: Upload, part: Part): void {
  const expected = upload.checksum?.algorithm;
  const actual = part.checksum?.algorithm;
  if (expected === undefined || expected === actual) return;
  const types = `expected checksum Type: ${expected}, actual checksum Type: ${actual ?? "null"}`;
  throw s3Error("InvalidRequest", `Checksum Type mismatch occurred, ${types}`);
}

async function keepPart(upload: Upload, part: Part): Promise<void> {
  const old = upload.parts.get(part.partNumber);
  upload.parts.set(part.partNumber, part);
  await old?.segment.release();
}

/** The upload that a request names; throws NoSuchUpload, also where it belongs to another key. */
export function findUpload({ bucket, request }: Exchange): Upload {
  const upload = bucket.uploads.get(request.query.get("uploadId") ?? "");
  if (upload === undefined || upload.key !== request.key) throw s3Error("NoSuchUpload");
  return upload;
}

export async function abortMultipartUpload(exchange: Exchange): Promise<Answer> {
  const { bucket, request } = exchange;
  const uploadId = request.query.get("uploadId") ?? "";
  if (bucket.profile.repeatableAbort && bucket.ended.get(uploadId) === "aborted") return { status: 204 };
  const upload = findUpload(exchange);
  await removeUpload(bucket, upload);
  return { status: 204 };
}

export async function removeUpload(bucket: BucketState, upload: Upload): Promise<void> {
  bucket.uploads.delete(upload.uploadId);
  bucket.ended.set(upload.uploadId, "aborted");
  await Promise.all([...upload.parts.values()].map(({ segment }) => segment.release()));
}
