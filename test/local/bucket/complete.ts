import { createHash } from "node:crypto";
import { receiveText } from "./body.ts";
import { createChecksum } from "./checksums.ts";
import { checkWrite } from "./conditions.ts";
import { readSegments, sumBytes } from "./contents.ts";
import type { Answer, Exchange, Part, StoredChecksum, StoredObject, Upload } from "./exchange.ts";
import { findUpload, MAX_PARTS } from "./multipart.ts";
import { createEtag, renderEtag, storeObject } from "./objects.ts";
import { findHeader } from "./request.ts";
import { s3Error } from "./s3-error.ts";
import { type ListedPart, parseCompletion, renderDocument, text } from "./xml.ts";

/** CompleteMultipartUpload: all rules about parts are checked here, and nothing is changed unless they hold. */
export async function completeMultipartUpload(exchange: Exchange): Promise<Answer> {
  const { bucket, request, fault } = exchange;
  const listed = parseCompletion(await receiveText(exchange));
  const uploadId = request.query.get("uploadId") ?? "";
  const ended = bucket.ended.get(uploadId);
  if (bucket.profile.repeatableComplete && ended !== undefined && ended !== "aborted" && ended.key === request.key) {
    return ended.answer;
  }
  const upload = findUpload(exchange);
  checkNumbers(listed);
  const parts = listed.map((line) => findPart(upload, line));
  checkSizes(exchange, parts);
  checkChecksums(exchange, upload, listed);
  checkWrite(exchange, request.key);
  const checksum = await joinChecksums(exchange, upload, parts);
  const object = joinParts(exchange, upload, parts, checksum);
  const answer = renderCompletion(exchange, object);
  // Whoever completed or aborted while the checksum was computed has won.
  findUpload(exchange);
  checkWrite(exchange, request.key);
  bucket.uploads.delete(uploadId);
  bucket.ended.set(uploadId, { key: request.key, answer });
  if (!fault.losePart) await storeObject(bucket, object);
  await releaseUnlisted(upload, parts);
  return answer;
}

function checkNumbers(listed: readonly ListedPart[]): void {
  if (listed.length > MAX_PARTS) throw s3Error("MalformedXML");
  let last = 0;
  for (const { partNumber } of listed) {
    if (partNumber < 1 || partNumber > MAX_PARTS) throw s3Error("InvalidArgument", "PartNumber must be 1 to 10000.");
    if (partNumber <= last) throw s3Error("InvalidPartOrder");
    last = partNumber;
  }
}

function findPart(upload: Upload, { partNumber, etag, checksums }: ListedPart): Part {
  const part = upload.parts.get(partNumber);
  const details = { UploadId: upload.uploadId, PartNumber: String(partNumber), ETag: etag };
  if (part === undefined || part.etag !== etag) throw s3Error("InvalidPart", undefined, details);
  for (const [algorithm, value] of checksums) {
    const isSame = part.checksum?.algorithm === algorithm && part.checksum.value === value;
    if (!isSame) throw s3Error("InvalidPart", undefined, details);
  }
  return part;
}

function checkSizes({ bucket }: Exchange, parts: readonly Part[]): void {
  const { minPartBytes, equalParts } = bucket.profile;
  const small = parts.slice(0, -1).find(({ bytes }) => bytes < minPartBytes);
  if (small !== undefined) {
    const details = { ProposedSize: String(small.bytes), MinSizeAllowed: String(minPartBytes) };
    throw s3Error("EntityTooSmall", undefined, { ...details, PartNumber: String(small.partNumber), ETag: small.etag });
  }
  const first = parts[0]?.bytes ?? 0;
  const last = parts.at(-1)?.bytes ?? 0;
  const isUneven = parts.slice(0, -1).some(({ bytes }) => bytes !== first) || last > first;
  if (equalParts && isUneven) throw s3Error("InvalidPart", "All parts but the last must have the same length.");
}

function checkChecksums({ bucket, request }: Exchange, upload: Upload, listed: readonly ListedPart[]): void {
  const withChecksum = [...upload.parts.values()].some(({ checksum }) => checksum !== undefined);
  const isNamed = Object.keys(request.headers).some((name) => name.startsWith("x-amz-checksum-"));
  const isListed = listed.some(({ checksums }) => checksums.size > 0);
  if (bucket.profile.checksumHeaders === "breaks-complete" && (withChecksum || isNamed || isListed)) {
    throw s3Error("PreconditionFailed");
  }
  if (!withChecksum || bucket.profile.checksumHeaders !== "verified") return;
  // S3 documents a 500 for gaps in the numbers of parts that carry checksums.
  if (listed.some(({ partNumber }, index) => partNumber !== index + 1)) throw s3Error("InternalError");
  if (upload.checksum?.type !== "COMPOSITE") return;
  const { algorithm } = upload.checksum;
  const missing = listed.find(({ checksums }) => !checksums.has(algorithm));
  if (missing === undefined) return;
  const message = `The upload was created using a ${algorithm} checksum. The complete request must include the checksum for each part.`;
  throw s3Error("InvalidRequest", `${message} It was missing for part ${missing.partNumber} in the request.`);
}

/** The checksum of the whole, compared with the one that the request may bring. */
async function joinChecksums(
  exchange: Exchange,
  upload: Upload,
  parts: readonly Part[],
): Promise<StoredChecksum | undefined> {
  if (upload.checksum === undefined) return undefined;
  const { algorithm, type } = upload.checksum;
  const digest =
    type === "COMPOSITE" ? composite(upload.checksum, parts) : await readWhole(exchange, upload.checksum, parts);
  if (digest === undefined) return undefined;
  const claimed = findHeader(exchange.request, `x-amz-checksum-${algorithm}`);
  if (claimed !== undefined && claimed !== digest) throw s3Error("BadDigest");
  return { algorithm, type, value: digest };
}

function composite({ algorithm }: NonNullable<Upload["checksum"]>, parts: readonly Part[]): string {
  const running = createChecksum(algorithm);
  for (const { checksum } of parts) running.update(Buffer.from(checksum?.value ?? "", "base64"));
  return `${running.digest().toString("base64")}-${parts.length}`;
}

/** Undefined where the content was discarded. */
async function readWhole(
  { bucket }: Exchange,
  { algorithm }: NonNullable<Upload["checksum"]>,
  parts: readonly Part[],
): Promise<string | undefined> {
  if (bucket.contents.storage === "discard") return undefined;
  const running = createChecksum(algorithm);
  const segments = parts.map(({ segment }) => segment);
  for await (const chunk of readSegments(segments, 0, sumBytes(parts))) running.update(chunk);
  return running.digest().toString("base64");
}

function joinParts(
  { bucket }: Exchange,
  upload: Upload,
  parts: readonly Part[],
  checksum: StoredChecksum | undefined,
): StoredObject {
  return {
    key: upload.key,
    etag: `${joinDigests(parts)}-${parts.length}`,
    bytes: sumBytes(parts),
    lastModifiedMs: bucket.now(),
    segments: parts.map(({ segment }) => segment),
    headers: upload.headers,
    sha256: undefined,
    checksum,
  };
}

/** The MD5 of the parts' MD5s, as on S3. */
function joinDigests(parts: readonly Part[]): string {
  const digests = parts.flatMap(({ md5 }) => md5 ?? []);
  if (digests.length < parts.length) return createEtag();
  return createHash("md5").update(Buffer.concat(digests)).digest("hex");
}

function renderCompletion({ bucket, request, fault }: Exchange, object: StoredObject): Answer {
  const { checksum } = object;
  const xml = renderDocument("CompleteMultipartUploadResult", [
    text("Location", `http://${request.headers.host ?? ""}${request.path}`),
    text("Bucket", bucket.name),
    text("Key", object.key),
    text("ETag", renderEtag(object.etag, fault.wrongEtag)),
    checksum && text(`Checksum${checksum.algorithm.toUpperCase()}`, checksum.value),
    checksum && text("ChecksumType", checksum.type),
  ]);
  return { status: 200, xml };
}

async function releaseUnlisted(upload: Upload, parts: readonly Part[]): Promise<void> {
  const unlisted = [...upload.parts.values()].filter((part) => !parts.includes(part));
  await Promise.all(unlisted.map(({ segment }) => segment.release()));
}
