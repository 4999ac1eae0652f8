import { createHash, randomBytes } from "node:crypto";
import { type ReceivedBody, receiveContent } from "./body.ts";
import { checkDelete, checkWrite } from "./conditions.ts";
import type { Answer, BucketState, Exchange, StoredChecksum, StoredObject } from "./exchange.ts";
import type { S3Request } from "./request.ts";

const KEPT_HEADERS = new Set(["content-type", "content-disposition", "content-language", "cache-control", "expires"]);

export async function putObject(exchange: Exchange): Promise<Answer> {
  const { bucket, request, fault } = exchange;
  checkWrite(exchange, request.key);
  const body = await receiveContent(exchange);
  const object = describeObject(exchange, body);
  try {
    // Once more: somebody may have written the key while this body came in. From here on nothing is waited for.
    checkWrite(exchange, request.key);
  } catch (error) {
    await body.segment.release();
    throw error;
  }
  if (!fault.losePart) await storeObject(bucket, object);
  return {
    status: 200,
    headers: { etag: renderEtag(object.etag, fault.wrongEtag), ...renderChecksum(object.checksum) },
  };
}

function describeObject({ bucket, request }: Exchange, body: ReceivedBody): StoredObject {
  return {
    key: request.key,
    etag: body.md5?.toString("hex") ?? createEtag(),
    bytes: body.segment.bytes,
    lastModifiedMs: bucket.now(),
    segments: [body.segment],
    headers: keepHeaders(request),
    sha256: body.sha256,
    checksum: body.checksum && { ...body.checksum, type: "FULL_OBJECT" },
  };
}

/** Puts an object in the place of what had its key. */
export async function storeObject(bucket: BucketState, object: StoredObject): Promise<void> {
  const old = bucket.objects.get(object.key);
  bucket.objects.set(object.key, object);
  if (old !== undefined) await releaseObject(old);
}

async function releaseObject(object: StoredObject): Promise<void> {
  await Promise.all(object.segments.map((segment) => segment.release()));
}

/** As S3: 204 whether the key was there or not. */
export async function deleteObject(exchange: Exchange): Promise<Answer> {
  checkDelete(exchange);
  await removeObject(exchange.bucket, exchange.request.key);
  return { status: 204 };
}

export async function removeObject(bucket: BucketState, key: string): Promise<void> {
  const object = bucket.objects.get(key);
  bucket.objects.delete(key);
  if (object !== undefined) await releaseObject(object);
}

/** The headers that S3 gives back with an object. */
export function keepHeaders({ headers }: S3Request): Record<string, string> {
  const kept: Record<string, string> = { "content-type": "binary/octet-stream" };
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && (KEPT_HEADERS.has(name) || name.startsWith("x-amz-meta-"))) kept[name] = String(value);
  }
  const encodings = (headers["content-encoding"] ?? "").split(",").map((encoding) => encoding.trim());
  const encoding = encodings.filter((name) => name !== "" && name !== "aws-chunked").join(",");
  if (encoding !== "") kept["content-encoding"] = encoding;
  return kept;
}

/** An ETag that is no digest, as of encrypted objects; for buckets that compute no MD5. */
export function createEtag(): string {
  return randomBytes(16).toString("hex");
}

/** The header or element; where `isWrong`, one that was never given out before. */
export function renderEtag(etag: string, isWrong = false): string {
  return `"${isWrong ? createHash("md5").update(`not ${etag}`).digest("hex") : etag}"`;
}

export function renderChecksum(checksum: StoredChecksum | undefined): Record<string, string> {
  if (checksum === undefined) return {};
  return { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value, "x-amz-checksum-type": checksum.type };
}
