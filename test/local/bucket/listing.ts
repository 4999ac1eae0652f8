import type { Answer, BucketState, Exchange, StoredObject } from "./exchange.ts";
import { findUpload, MAX_PARTS } from "./multipart.ts";
import { readNumber } from "./request.ts";
import { s3Error } from "./s3-error.ts";
import { element, renderDocument, text } from "./xml.ts";

const MAX_KEYS = 1000;

export function headBucket({ bucket }: Exchange): Answer {
  return { status: 200, headers: { "x-amz-bucket-region": bucket.region } };
}

/** us-east-1 is, for S3, an empty answer. */
export function getBucketLocation({ bucket }: Exchange): Answer {
  const region = bucket.region === "us-east-1" ? "" : bucket.region;
  return { status: 200, xml: renderDocument("LocationConstraint", [region]) };
}

interface Page<Row> {
  rows: Row[];
  prefixes: string[];
  next: string | undefined;
}

/** One page of what comes after `after`; keys that share a delimiter behind the prefix are folded into one line. */
function cutPage<Row>(
  keyed: readonly (readonly [string, Row])[],
  { prefix, delimiter, after, most }: { prefix: string; delimiter: string; after: string; most: number },
): Page<Row> {
  const page: Page<Row> = { rows: [], prefixes: [], next: undefined };
  let last = after;
  for (const [key, row] of keyed) {
    if (!key.startsWith(prefix) || comparesAfter(key, after) <= 0) continue;
    const fold = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    const folded = fold < 0 ? undefined : key.slice(0, fold + delimiter.length);
    if (folded !== undefined && (page.prefixes.includes(folded) || after.startsWith(folded))) continue;
    if (page.rows.length + page.prefixes.length >= most) {
      page.next = last;
      break;
    }
    if (folded === undefined) page.rows.push(row);
    else page.prefixes.push(folded);
    last = folded ?? key;
  }
  return page;
}

/** S3 lists in the order of the keys' UTF-8 bytes. */
function comparesAfter(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

export function listObjectsV2({ bucket, request: { query }, request }: Exchange): Answer {
  const most = Math.min(readNumber(request, "max-keys", 0, 2 ** 31 - 1, MAX_KEYS), MAX_KEYS);
  const token = query.get("continuation-token");
  const after = token === null ? (query.get("start-after") ?? "") : readToken(token);
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const keyed = [...bucket.objects].sort(([left], [right]) => comparesAfter(left, right));
  const page = cutPage(keyed, { prefix, delimiter, after, most });
  const isEncoded = query.get("encoding-type") === "url";
  const name = (key: string) => (isEncoded ? encodeURIComponent(key).replaceAll("%2F", "/") : key);
  const xml = renderDocument("ListBucketResult", [
    text("Name", bucket.name),
    text("Prefix", name(prefix)),
    delimiter === "" ? undefined : text("Delimiter", name(delimiter)),
    isEncoded ? text("EncodingType", "url") : undefined,
    text("MaxKeys", most),
    text("KeyCount", page.rows.length + page.prefixes.length),
    text("IsTruncated", page.next !== undefined && most > 0),
    token === null ? undefined : text("ContinuationToken", token),
    page.next === undefined || most === 0 ? undefined : text("NextContinuationToken", writeToken(page.next)),
    ...page.rows.map((object) => renderObject(object, name)),
    ...page.prefixes.map((folded) => element("CommonPrefixes", [text("Prefix", name(folded))])),
  ]);
  return { status: 200, xml };
}

function renderObject(object: StoredObject, name: (key: string) => string): string {
  return element("Contents", [
    text("Key", name(object.key)),
    text("LastModified", new Date(object.lastModifiedMs).toISOString()),
    text("ETag", `"${object.etag}"`),
    text("Size", object.bytes),
    text("StorageClass", "STANDARD"),
  ]);
}

function writeToken(key: string): string {
  return Buffer.from(`1${key}`).toString("base64");
}

function readToken(token: string): string {
  const decoded = Buffer.from(token, "base64").toString("utf8");
  if (!decoded.startsWith("1")) throw s3Error("InvalidArgument", "The continuation token provided is incorrect");
  return decoded.slice(1);
}

export function listMultipartUploads({ bucket, request: { query }, request }: Exchange): Answer {
  const most = readNumber(request, "max-uploads", 1, MAX_KEYS, MAX_KEYS);
  const prefix = query.get("prefix") ?? "";
  const marker = query.get("key-marker") ?? "";
  const idMarker = query.get("upload-id-marker") ?? "";
  const found = sortUploads(bucket).filter(({ key, uploadId }) => {
    const order = comparesAfter(key, marker);
    return key.startsWith(prefix) && (order > 0 || (order === 0 && idMarker !== "" && uploadId > idMarker));
  });
  const uploads = found.slice(0, most);
  const last = found.length > most ? uploads.at(-1) : undefined;
  const xml = renderDocument("ListMultipartUploadsResult", [
    text("Bucket", bucket.name),
    text("KeyMarker", marker),
    text("UploadIdMarker", idMarker),
    last && text("NextKeyMarker", last.key),
    last && text("NextUploadIdMarker", last.uploadId),
    text("Prefix", prefix),
    text("MaxUploads", most),
    text("IsTruncated", last !== undefined),
    ...uploads.map(({ key, uploadId, initiatedAtMs }) =>
      element("Upload", [
        text("Key", key),
        text("UploadId", uploadId),
        text("StorageClass", "STANDARD"),
        text("Initiated", new Date(initiatedAtMs).toISOString()),
      ]),
    ),
  ]);
  return { status: 200, xml };
}

function sortUploads({ uploads }: BucketState) {
  return [...uploads.values()].sort(
    (left, right) => comparesAfter(left.key, right.key) || comparesAfter(left.uploadId, right.uploadId),
  );
}

export function listParts(exchange: Exchange): Answer {
  const { bucket, request } = exchange;
  const upload = findUpload(exchange);
  const most = readNumber(request, "max-parts", 1, MAX_KEYS, MAX_KEYS);
  const marker = readNumber(request, "part-number-marker", 0, MAX_PARTS, 0);
  const found = [...upload.parts.values()]
    .filter(({ partNumber }) => partNumber > marker)
    .sort((left, right) => left.partNumber - right.partNumber);
  const parts = found.slice(0, most);
  const isTruncated = found.length > most;
  const xml = renderDocument("ListPartsResult", [
    text("Bucket", bucket.name),
    text("Key", upload.key),
    text("UploadId", upload.uploadId),
    text("PartNumberMarker", marker),
    isTruncated ? text("NextPartNumberMarker", parts.at(-1)?.partNumber ?? marker) : undefined,
    text("MaxParts", most),
    text("IsTruncated", isTruncated),
    ...parts.map(({ partNumber, etag, bytes, lastModifiedMs, checksum }) =>
      element("Part", [
        text("PartNumber", partNumber),
        text("LastModified", new Date(lastModifiedMs).toISOString()),
        text("ETag", `"${etag}"`),
        text("Size", bytes),
        checksum && text(`Checksum${checksum.algorithm.toUpperCase()}`, checksum.value),
      ]),
    ),
  ]);
  return { status: 200, xml };
}
