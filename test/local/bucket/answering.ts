import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { completeMultipartUpload } from "./complete.ts";
import { isDenied } from "./credentials.ts";
import { getObject, headObject, sendContent } from "./download.ts";
import type { Answer, BucketState, Exchange } from "./exchange.ts";
import { applyFault, ConnectionCut, cut, type FaultAction, type Faults, type Wire } from "./faults.ts";
import { getBucketLocation, headBucket, listMultipartUploads, listObjectsV2, listParts } from "./listing.ts";
import { abortMultipartUpload, createMultipartUpload, uploadPart } from "./multipart.ts";
import { deleteObject, putObject } from "./objects.ts";
import type { Operation } from "./operation.ts";
import { PacedBody } from "./paced-body.ts";
import type { RecordedRequest, Recording } from "./recording.ts";
import { parseRequest, type S3Request } from "./request.ts";
import { S3Error, s3Error } from "./s3-error.ts";
import { verifySignature } from "./signature.ts";
import { renderError } from "./xml.ts";

const ANSWERS: Record<Operation, (exchange: Exchange) => Answer | Promise<Answer>> = {
  HeadBucket: headBucket,
  GetBucketLocation: getBucketLocation,
  ListObjectsV2: listObjectsV2,
  ListMultipartUploads: listMultipartUploads,
  PutObject: putObject,
  GetObject: getObject,
  HeadObject: headObject,
  DeleteObject: deleteObject,
  CreateMultipartUpload: createMultipartUpload,
  UploadPart: uploadPart,
  ListParts: listParts,
  CompleteMultipartUpload: completeMultipartUpload,
  AbortMultipartUpload: abortMultipartUpload,
};

export interface Front {
  bucket: BucketState;
  faults: Faults;
  recording: Recording;
  /** Ends when the bucket closes. */
  closing: AbortSignal;
}

interface Turn extends Front {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  record: RecordedRequest;
  wire: Wire;
  /** The client waits for "100 Continue" before it sends the body. */
  isBodyAwaited: boolean;
}

/** Answers one request. Never throws: what goes wrong becomes an XML error, or the end of the connection. */
export async function answerRequest(
  front: Front,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  isBodyAwaited: boolean,
): Promise<void> {
  const record = front.recording.open(incoming, randomBytes(8).toString("hex").toUpperCase());
  const turn: Turn = {
    ...front,
    incoming,
    outgoing,
    record,
    wire: createWire(front, incoming, outgoing),
    isBodyAwaited,
  };
  // The bucket's clock, not the machine's: clients correct their own by it.
  outgoing.setHeader("date", new Date(front.bucket.now()).toUTCString());
  try {
    await takeTurn(turn);
  } catch (error) {
    await sendError(turn, error);
  } finally {
    record.isCut = !outgoing.writableFinished;
    front.recording.close(record);
  }
}

function createWire({ closing }: Front, incoming: IncomingMessage, outgoing: ServerResponse): Wire {
  const gone = new AbortController();
  const leave = (): void => {
    closing.removeEventListener("abort", leave);
    gone.abort();
  };
  closing.addEventListener("abort", leave);
  outgoing.once("close", leave);
  // A client that leaves shows by the signal; unheard, these events would end the process.
  outgoing.on("error", leave);
  incoming.on("error", leave);
  return {
    signal: gone.signal,
    reset: () => incoming.socket.resetAndDestroy(),
  };
}

async function takeTurn(turn: Turn): Promise<void> {
  const { bucket, record, incoming } = turn;
  const request = parseRequest(incoming, bucket.profile.addressing);
  Object.assign(record, { operation: request.operation, key: request.key });
  if (request.operation === "UploadPart") turn.recording.countPart();
  const fault = matchFaults(turn, request);
  const exchange = await admit(turn, request, fault);
  await applyFault(fault, turn.wire);
  if (request.operation === undefined) throw s3Error("NotImplemented");
  const answer = await ANSWERS[request.operation](exchange);
  if (fault.loseAnswer) cut(turn.wire);
  await send(exchange, answer);
}

function matchFaults({ faults, record }: Turn, request: S3Request): FaultAction {
  const fired = faults.match(request);
  record.faults.push(...fired.map(({ id }) => id));
  return Object.assign({}, ...fired.map(({ fault }) => fault.action)) as FaultAction;
}

/** Who asks, and may they? The order is S3's: signature, bucket, permission. */
async function admit(turn: Turn, request: S3Request, fault: FaultAction): Promise<Exchange> {
  const { bucket, record, outgoing, wire } = turn;
  const { keyring, region } = bucket;
  const nowMs = bucket.now();
  if (fault.expireCredentials) keyring.expire(nowMs, findAccessKeyId(request));
  const { signingRegions } = bucket.profile;
  const { credentials, payload } = await verifySignature(request, { keyring, region, signingRegions, nowMs });
  if (request.bucket !== bucket.name) throw s3Error("NoSuchBucket", undefined, { BucketName: request.bucket });
  if (request.operation !== undefined && isDenied(credentials, request.operation)) throw s3Error("AccessDenied");
  const body = new PacedBody(fault, wire);
  return { bucket, request, credentials, payload, fault, body, wire, record, outgoing, readBody: () => readBody(turn) };
}

function findAccessKeyId({ headers, query }: S3Request): string | undefined {
  const credential = query.get("X-Amz-Credential") ?? /Credential=([^,]+)/.exec(headers.authorization ?? "")?.[1];
  return credential?.split("/")[0];
}

function readBody(turn: Turn): AsyncIterable<Buffer> {
  if (turn.isBodyAwaited) {
    turn.isBodyAwaited = false;
    turn.outgoing.writeContinue();
  }
  // Not destroyed on an early end: the error must still be answered on the same connection.
  return turn.incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
}

async function send(exchange: Exchange, answer: Answer): Promise<void> {
  const { outgoing, record, fault } = exchange;
  const { status, headers = {}, xml, content } = answer;
  const kind = xml === undefined ? {} : { "content-type": "application/xml", "content-length": Buffer.byteLength(xml) };
  const isShort = content !== undefined && fault.truncateSilently === true && fault.truncateBody !== undefined;
  const length = isShort
    ? { "content-length": String(Math.min(content.end - content.start, fault.truncateBody ?? 0)) }
    : {};
  outgoing.writeHead(status, { "x-amz-request-id": record.requestId, ...kind, ...headers, ...length });
  record.status = status;
  if (content !== undefined) await sendContent(exchange, content);
  await end(exchange, xml);
}

async function sendError(turn: Turn, cause: unknown): Promise<void> {
  const { incoming, outgoing, record, wire } = turn;
  if (cause instanceof ConnectionCut || wire.signal.aborted || isGone(incoming)) {
    outgoing.destroy();
    return;
  }
  // Too late for another status: the client must see that the answer is not whole.
  if (outgoing.headersSent) {
    incoming.socket.resetAndDestroy();
    return;
  }
  const error = cause instanceof S3Error ? cause : internalError(cause);
  record.status = error.status;
  record.code = error.code;
  const isBare = error.status === 304 || incoming.method === "HEAD";
  outgoing.setHeaders(new Map(Object.entries({ "x-amz-request-id": record.requestId, ...error.headers })));
  if (!isBare) outgoing.setHeader("content-type", "application/xml");
  // A client that was never told to continue may send the body or not: only a new connection is unambiguous.
  if (turn.isBodyAwaited) outgoing.setHeader("connection", "close");
  else incoming.resume();
  outgoing.statusCode = error.status;
  const xml = isBare ? undefined : renderError(error, record.requestId);
  if (xml !== undefined) outgoing.setHeader("content-length", Buffer.byteLength(xml));
  await end(turn, xml);
}

function isGone({ destroyed, complete }: IncomingMessage): boolean {
  return destroyed && !complete;
}

function internalError(cause: unknown): S3Error {
  const message = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return new S3Error("InternalError", 500, message);
}

/** Ends the answer and waits until it has been sent or the client is gone. */
async function end({ outgoing, record, wire }: Pick<Turn, "outgoing" | "record" | "wire">, text = ""): Promise<void> {
  record.bytesOut += Buffer.byteLength(text);
  outgoing.end(text);
  if (wire.signal.aborted) return;
  await new Promise((resolve) => wire.signal.addEventListener("abort", resolve, { once: true }));
}
