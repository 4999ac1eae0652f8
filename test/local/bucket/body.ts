import { createHash, type Hash } from "node:crypto";
import { ChunkedDecoder } from "./aws-chunked.ts";
import { type ChecksumAlgorithm, createChecksum, isChecksumAlgorithm, type RunningChecksum } from "./checksums.ts";
import { MemoryWriter, readSegments, type Segment, type SegmentWriter } from "./contents.ts";
import type { Exchange } from "./exchange.ts";
import { findHeader } from "./request.ts";
import { s3Error } from "./s3-error.ts";

export interface ReceivedBody {
  segment: Segment;
  bytes: number;
  /** Absent where the bucket computes none and the client sent none; unverified where payloads are. */
  md5: Buffer | undefined;
  /** In hexadecimal; absent where neither the client nor the bucket's options asked for it. */
  sha256: string | undefined;
  /** What the client sent and was found right, in base64. */
  checksum: { algorithm: ChecksumAlgorithm; value: string } | undefined;
}

interface Expectation {
  bytes: number;
  decoder: ChunkedDecoder | undefined;
  md5: Hash | undefined;
  contentMd5: Buffer | undefined;
  sha256: Hash | undefined;
  /** The hash that was signed, where it is to be compared. */
  payload: string | undefined;
  checksum: { algorithm: ChecksumAlgorithm; running: RunningChecksum; value: string | undefined } | undefined;
}

const TRAILER_PAYLOAD = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
/** The largest body of a single PUT that S3 takes. */
const MAX_BODY_BYTES = 5 * 1024 ** 3;
const MAX_XML_BYTES = 4 * 1024 ** 2;
const SHA256 = /^[0-9a-f]{64}$/;

/** Stores a body at the pace of the storage, and throws unless every digest that came with it is right. */
export async function receiveContent(exchange: Exchange): Promise<ReceivedBody> {
  const expected = expectBody(exchange, "content");
  return receive(exchange, expected, exchange.bucket.contents.create(expected.bytes));
}

async function receive(exchange: Exchange, expected: Expectation, writer: SegmentWriter): Promise<ReceivedBody> {
  let sha256: string | undefined;
  try {
    await pump(exchange, expected, writer);
    sha256 = expected.sha256?.digest("hex");
    checkBody(expected, sha256);
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  const { checksum } = expected;
  const value = checksum?.value;
  return {
    segment: await writer.finish(),
    bytes: expected.bytes,
    md5: expected.md5?.copy().digest() ?? expected.contentMd5,
    sha256,
    checksum: checksum && value !== undefined ? { algorithm: checksum.algorithm, value } : undefined,
  };
}

/** Reads the XML body of a request. Checksum headers beside it are about the object, not about this body. */
export async function receiveText(exchange: Exchange): Promise<string> {
  if (Number(findHeader(exchange.request, "content-length") ?? 0) > MAX_XML_BYTES) throw s3Error("MalformedXML");
  const { segment } = await receive(exchange, expectBody(exchange, "xml"), new MemoryWriter());
  const chunks: Buffer[] = [];
  for await (const chunk of readSegments([segment], 0, segment.bytes)) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function expectBody(exchange: Exchange, kind: "content" | "xml"): Expectation {
  const { request, payload } = exchange;
  const isChunked = payload === TRAILER_PAYLOAD;
  checkPayloadKind(exchange, isChunked);
  const length = findHeader(request, isChunked ? "x-amz-decoded-content-length" : "content-length");
  if (length === undefined || !/^\d+$/.test(length)) throw s3Error("MissingContentLength");
  if (Number(length) > MAX_BODY_BYTES) throw s3Error("EntityTooLarge");
  const contentMd5 = readContentMd5(findHeader(request, "content-md5"));
  const { computesMd5, computesSha256, verifiesPayload } = exchange.bucket;
  const isHashed = verifiesPayload && SHA256.test(payload);
  return {
    bytes: Number(length),
    decoder: isChunked ? new ChunkedDecoder() : undefined,
    contentMd5,
    md5: computesMd5 || (contentMd5 !== undefined && verifiesPayload) ? createHash("md5") : undefined,
    sha256: computesSha256 || isHashed ? createHash("sha256") : undefined,
    payload: isHashed ? payload : undefined,
    checksum: kind === "content" ? findChecksum(exchange, isChunked) : undefined,
  };
}

function checkPayloadKind({ payload, bucket }: Exchange, isChunked: boolean): void {
  if (isChunked && bucket.profile.trailers !== "verified") {
    throw s3Error(bucket.profile.trailers, `This store does not take ${TRAILER_PAYLOAD}.`);
  }
  if (payload.startsWith("STREAMING-") && !isChunked) throw s3Error("NotImplemented");
  if (isChunked || payload === "UNSIGNED-PAYLOAD" || SHA256.test(payload)) return;
  throw s3Error("InvalidArgument", "x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a SHA-256 in hexadecimal.");
}

function readContentMd5(header: string | undefined): Buffer | undefined {
  if (header === undefined) return undefined;
  const digest = Buffer.from(header, "base64");
  if (digest.length !== 16) throw s3Error("InvalidDigest");
  return digest;
}

/** Which additional checksum comes with the body, as a header or as a trailer; throws where the store takes none. */
function findChecksum(exchange: Exchange, isChunked: boolean): Expectation["checksum"] {
  const { request, bucket } = exchange;
  const prefix = "x-amz-checksum-";
  const trailer = isChunked ? findHeader(request, "x-amz-trailer") : undefined;
  const headers = Object.keys(request.headers).filter((name) => name.startsWith(prefix) && name !== `${prefix}type`);
  const names = trailer === undefined ? headers : [...headers, trailer.toLowerCase()];
  const kind = bucket.profile.checksumHeaders;
  const [name] = names;
  if (name === undefined || kind === "ignored") return undefined;
  if (kind === "not-implemented") throw s3Error("NotImplemented", `Header '${name}' is not implemented.`);
  if (kind === "invalid") throw s3Error("InvalidRequest", `Header '${name}' is not expected.`);
  if (names.length > 1) throw s3Error("InvalidRequest", "Only one x-amz-checksum-… header or trailer may be given.");
  const algorithm = name.slice(prefix.length);
  if (!isChecksumAlgorithm(algorithm)) throw s3Error("InvalidRequest", `Unknown checksum: ${name}`);
  const value = name === trailer?.toLowerCase() ? undefined : findHeader(request, name);
  return { algorithm, running: createChecksum(algorithm), value };
}

async function pump(exchange: Exchange, expected: Expectation, writer: SegmentWriter): Promise<void> {
  const { decoder } = expected;
  const keptBytes = exchange.fault.truncateBody ?? Infinity;
  let receivedBytes = 0;
  for await (const input of exchange.readBody()) {
    exchange.record.bytesIn += input.length;
    for (const chunk of decoder?.decode(input) ?? [input]) {
      const offset = receivedBytes;
      receivedBytes += chunk.length;
      if (receivedBytes > expected.bytes) throw s3Error("IncompleteBody");
      expected.md5?.update(chunk);
      expected.sha256?.update(chunk);
      expected.checksum?.running.update(chunk);
      const kept = offset + chunk.length <= keptBytes ? chunk : chunk.subarray(0, Math.max(0, keptBytes - offset));
      const written = kept.length > 0 ? writer.write(exchange.body.alter(kept, offset)) : undefined;
      if (written !== undefined) await written;
    }
    const pace = exchange.body.pass(input.length);
    if (pace !== undefined) await pace;
  }
  decoder?.finish();
  if (receivedBytes !== expected.bytes) throw s3Error("IncompleteBody");
}

function checkBody(expected: Expectation, sha256: string | undefined): void {
  if (expected.payload !== undefined && expected.payload !== sha256) throw s3Error("XAmzContentSHA256Mismatch");
  if (expected.contentMd5 && expected.md5 && !expected.md5.copy().digest().equals(expected.contentMd5))
    throw s3Error("BadDigest");
  const { checksum, decoder } = expected;
  if (checksum === undefined) return;
  checksum.value ??= decoder?.trailers.get(`x-amz-checksum-${checksum.algorithm}`);
  if (checksum.value === undefined) throw s3Error("MalformedTrailerError");
  if (checksum.running.digest().toString("base64") !== checksum.value) {
    throw s3Error(
      "BadDigest",
      `The ${checksum.algorithm.toUpperCase()} you specified did not match what was received.`,
    );
  }
}
