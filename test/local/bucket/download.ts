import { once } from "node:events";
import { checkRead } from "./conditions.ts";
import { readSegments } from "./contents.ts";
import { isDenied } from "./credentials.ts";
import type { Answer, Exchange, StoredObject } from "./exchange.ts";
import { ConnectionCut } from "./faults.ts";
import { renderChecksum, renderEtag } from "./objects.ts";
import { findHeader } from "./request.ts";
import { S3Error, s3Error } from "./s3-error.ts";

/** `response-content-type` and its kin in the query of a signed GET replace the stored header. */
const OVERRIDES = [
  "content-type",
  "content-language",
  "expires",
  "cache-control",
  "content-disposition",
  "content-encoding",
];

/** GetObject: 200 whole, 206 for one range, 416 for a range beyond the end. */
export function getObject(exchange: Exchange): Answer {
  const answer = describeObject(exchange);
  if (answer.content?.object.segments.some(({ isDiscarded }) => isDiscarded)) {
    throw s3Error("NotImplemented", "This bucket discards what it is given; the content cannot be read back.");
  }
  return answer;
}

/** HeadObject: the headers of GetObject. */
export function headObject(exchange: Exchange): Answer {
  const { status, headers = {} } = describeObject(exchange);
  return { status, headers };
}

function describeObject(exchange: Exchange): Answer {
  const object = readObject(exchange);
  const { start, end, isPartial } = readRange(exchange, object.bytes);
  const headers = describeHeaders(exchange, object);
  if (isPartial) headers["content-range"] = `bytes ${start}-${end - 1}/${object.bytes}`;
  else if (findHeader(exchange.request, "x-amz-checksum-mode") === "ENABLED") {
    Object.assign(headers, renderChecksum(object.checksum));
  }
  headers["content-length"] = String(end - start);
  return { status: isPartial ? 206 : 200, headers, content: { object, start, end } };
}

function readObject(exchange: Exchange): StoredObject {
  const { bucket, request, credentials } = exchange;
  const object = bucket.objects.get(request.key);
  if (object !== undefined) {
    checkRead(exchange, object);
    return object;
  }
  // Who may not list may not learn either that a key is missing.
  if (isDenied(credentials, "ListObjectsV2")) throw s3Error("AccessDenied");
  throw s3Error("NoSuchKey", undefined, { Key: request.key });
}

function describeHeaders({ request, fault }: Exchange, object: StoredObject): Record<string, string> {
  const headers: Record<string, string> = {
    ...object.headers,
    etag: renderEtag(object.etag, fault.wrongEtag),
    "last-modified": new Date(object.lastModifiedMs).toUTCString(),
    "accept-ranges": "bytes",
  };
  for (const name of OVERRIDES) {
    const value = request.query.get(`response-${name}`);
    if (value !== null) headers[name] = value;
  }
  return headers;
}

interface Range {
  start: number;
  /** Exclusive. */
  end: number;
  isPartial: boolean;
}

/** As S3: one range is honoured, several and unreadable ones are ignored. */
function readRange({ request }: Exchange, bytes: number): Range {
  const whole = { start: 0, end: bytes, isPartial: false };
  const header = findHeader(request, "range");
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (match === null) return whole;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return whole;
  const start = first === "" ? Math.max(0, bytes - Number(last)) : Number(first);
  const end = first === "" || last === "" ? bytes : Math.min(Number(last) + 1, bytes);
  if (first !== "" && last !== "" && Number(last) < Number(first)) return whole;
  if (start >= bytes || end <= start) throw rangeError(header ?? "", bytes);
  return { start, end, isPartial: true };
}

function rangeError(header: string, bytes: number): S3Error {
  const { code, status, message } = s3Error("InvalidRange");
  const details = { RangeRequested: header, ActualObjectSize: String(bytes) };
  return new S3Error(code, status, message, details, { "content-range": `bytes */${bytes}` });
}

/** Sends the content of an answer at the client's pace. The head has been written. */
export async function sendContent(exchange: Exchange, content: NonNullable<Answer["content"]>): Promise<void> {
  const { outgoing, wire, record, body, fault } = exchange;
  const end = Math.min(content.end, content.start + (fault.truncateBody ?? Infinity));
  let offset = content.start;
  for await (const chunk of readSegments(content.object.segments, content.start, end)) {
    const isRoom = outgoing.write(body.alter(chunk, offset));
    offset += chunk.length;
    record.bytesOut += chunk.length;
    if (!isRoom) await once(outgoing, "drain", { signal: wire.signal });
    const pace = body.pass(chunk.length);
    if (pace !== undefined) await pace;
  }
  if (end === content.end || fault.truncateSilently) return;
  // What has been written still arrives; then the connection ends short of the announced length.
  outgoing.socket?.destroySoon();
  throw new ConnectionCut();
}
