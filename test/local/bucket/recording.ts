import type { IncomingMessage } from "node:http";
import type { Operation } from "./operation.ts";

/** What the bucket remembers of a request. Nothing in it is a secret. */
export interface RecordedRequest {
  /** Counted from 1. */
  id: number;
  /** Also in the answer's `x-amz-request-id`. */
  requestId: string;
  method: string;
  /** Without the query. */
  path: string;
  operation: Operation | undefined;
  /** Empty before the address was understood. */
  key: string;
  /** The query without signature, credential and token. */
  query: Record<string, string>;
  /** Lower-case names; a subset, without authorization and token. */
  headers: Record<string, string>;
  isPresigned: boolean;
  /** Absent while unanswered, and where the connection ended before. */
  status: number | undefined;
  /** The S3 error code of the answer. */
  code: string | undefined;
  /** Body bytes read, and sent. */
  bytesIn: number;
  bytesOut: number;
  startedAtMs: number;
  endedAtMs: number | undefined;
  /** The connection ended before the answer was complete. */
  isCut: boolean;
  /** Ids of the faults that fired. */
  faults: number[];
}

export interface BucketStats {
  requests: number;
  bytesIn: number;
  bytesOut: number;
  inFlight: number;
  peakInFlight: number;
  /** The most UploadPart requests at one time. */
  peakParts: number;
}

const SECRET_QUERY = new Set(["x-amz-signature", "x-amz-credential", "x-amz-security-token"]);
const KEPT_HEADERS =
  /^(host|user-agent|expect|range|if-.*|content-.*|transfer-encoding|x-amz-(content-sha256|trailer|decoded-content-length|copy-source|acl|checksum-.*|sdk-checksum-.*|meta-.*))$/;
/** The oldest are forgotten beyond this. */
const MAX_RECORDS = 50_000;

/** Keeps the list of requests and counts what is under way. */
export class Recording {
  readonly requests: RecordedRequest[] = [];
  readonly stats: BucketStats = { requests: 0, bytesIn: 0, bytesOut: 0, inFlight: 0, peakInFlight: 0, peakParts: 0 };
  #parts = 0;

  open(incoming: IncomingMessage, requestId: string): RecordedRequest {
    const [path = "", query = ""] = (incoming.url ?? "/").split("?", 2);
    const record: RecordedRequest = {
      id: ++this.stats.requests,
      requestId,
      method: incoming.method ?? "",
      path,
      operation: undefined,
      key: "",
      query: Object.fromEntries(
        [...new URLSearchParams(query)].filter(([name]) => !SECRET_QUERY.has(name.toLowerCase())),
      ),
      headers: keepHeaders(incoming),
      isPresigned: /[?&]X-Amz-Signature=/i.test(incoming.url ?? ""),
      status: undefined,
      code: undefined,
      bytesIn: 0,
      bytesOut: 0,
      startedAtMs: Date.now(),
      endedAtMs: undefined,
      isCut: false,
      faults: [],
    };
    this.requests.push(record);
    if (this.requests.length > MAX_RECORDS) this.requests.shift();
    this.stats.inFlight += 1;
    this.stats.peakInFlight = Math.max(this.stats.peakInFlight, this.stats.inFlight);
    return record;
  }

  countPart(): void {
    this.#parts += 1;
    this.stats.peakParts = Math.max(this.stats.peakParts, this.#parts);
  }

  close(record: RecordedRequest): void {
    record.endedAtMs = Date.now();
    this.stats.inFlight -= 1;
    this.stats.bytesIn += record.bytesIn;
    this.stats.bytesOut += record.bytesOut;
    if (record.operation === "UploadPart") this.#parts -= 1;
  }

  clear(): void {
    this.requests.length = 0;
  }
}

function keepHeaders(incoming: IncomingMessage): Record<string, string> {
  const kept = Object.entries(incoming.headers).filter(([name]) => KEPT_HEADERS.test(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}
