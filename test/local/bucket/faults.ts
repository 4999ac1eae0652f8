import { setTimeout as sleep } from "node:timers/promises";
import type { Operation } from "./operation.ts";
import type { S3Request } from "./request.ts";
import { findStatus, S3Error } from "./s3-error.ts";

/** What goes wrong. Several may be given at once; those about a body mean the request's body, or the answer's where the request has none. */
export interface FaultAction {
  /** Answer with this status before the body is read, and nothing is done. 200 sends an error document with a good status, as S3 may. */
  status?: number;
  /** The S3 code of that answer; its usual status where `status` is absent. */
  code?: string;
  /** A `Retry-After` header beside `status`. */
  retryAfterSeconds?: number;
  /** Reset the connection after so many bytes of body; 0 means at once. */
  resetAfterBytes?: number;
  /** Do all that was asked, then reset the connection instead of answering. */
  loseAnswer?: boolean;
  /** Wait so long before anything is done, or after `stallAfterBytes` of the body. */
  stallMs?: number;
  stallAfterBytes?: number;
  /** Let the body pass no faster than this. */
  bytesPerSecond?: number;
  /** Answer with an ETag that is not the stored one. */
  wrongEtag?: boolean;
  /** Answer a PutObject or UploadPart as if it had been stored, and do not store it. */
  losePart?: boolean;
  /** Never answer; the request's body is not read. */
  hang?: boolean;
  /** End the life of the key that the request uses, before it is checked; every later request with it is answered ExpiredToken. */
  expireCredentials?: boolean;
  /** Of an upload: store only so many bytes. Of a download: close the connection after so many bytes of the announced length. */
  truncateBody?: number;
  /** Of a download: announce only the truncated length, so that the loss does not show. */
  truncateSilently?: boolean;
  /** Invert the byte at this offset: of the uploaded body as it is stored (after all checks), of the object as it is sent. */
  corruptByte?: number;
}

export interface Fault {
  action: FaultAction;
  /** Any operation where absent. */
  operation?: Operation | undefined;
  method?: string | undefined;
  /** Only keys that begin so. */
  keyPrefix?: string | undefined;
  partNumber?: number | undefined;
  /** Fires first at the nth request that fits, counted from 1. */
  nth?: number | undefined;
  /** How many requests it fires at, one after the other; 1 where absent, Infinity for ever. */
  times?: number | undefined;
}

export interface FaultHandle {
  readonly id: number;
  readonly fault: Fault;
  /** Requests that fitted. */
  readonly seen: number;
  /** Requests that it fired at. */
  readonly fired: number;
  remove(): void;
}

interface ArmedFault extends FaultHandle {
  seen: number;
  fired: number;
}

/** The switches for what shall go wrong. */
export class Faults {
  readonly #armed: ArmedFault[] = [];
  #lastId = 0;

  add(fault: Fault): FaultHandle {
    const id = ++this.#lastId;
    const armed: ArmedFault = { id, fault, seen: 0, fired: 0, remove: () => this.remove(id) };
    this.#armed.push(armed);
    return armed;
  }

  list(): readonly FaultHandle[] {
    return this.#armed;
  }

  remove(id: number): void {
    const at = this.#armed.findIndex((armed) => armed.id === id);
    if (at >= 0) this.#armed.splice(at, 1);
  }

  clear(): void {
    this.#armed.length = 0;
  }

  /** Counts a request and returns the faults that fire at it. */
  match(request: S3Request): FaultHandle[] {
    return this.#armed.filter((armed) => {
      if (!fits(armed.fault, request)) return false;
      armed.seen += 1;
      const { nth = 1, times = 1 } = armed.fault;
      if (armed.seen < nth || armed.fired >= times) return false;
      armed.fired += 1;
      return true;
    });
  }
}

function fits(fault: Fault, request: S3Request): boolean {
  const { operation, method, keyPrefix, partNumber } = fault;
  if (operation !== undefined && operation !== request.operation) return false;
  if (method !== undefined && method !== request.method) return false;
  if (keyPrefix !== undefined && !request.key.startsWith(keyPrefix)) return false;
  return partNumber === undefined || request.query.get("partNumber") === String(partNumber);
}

/** Thrown where a fault has cut the connection: nothing is left to answer. */
export class ConnectionCut extends Error {}

export interface Wire {
  /** Ends when the client is gone or the bucket closes. */
  signal: AbortSignal;
  /** Cuts the connection with a reset. */
  reset(): void;
}

/** Everything that can be told before the body: waits, hangs, cuts or throws the error that shall be answered. */
export async function applyFault(action: FaultAction, wire: Wire): Promise<void> {
  if (action.resetAfterBytes === 0) cut(wire);
  if (action.hang) await sleep(2 ** 31 - 1, undefined, { signal: wire.signal });
  if (action.stallMs !== undefined && action.stallAfterBytes === undefined) {
    await sleep(action.stallMs, undefined, { signal: wire.signal });
  }
  const { code, retryAfterSeconds } = action;
  const status = action.status ?? (code === undefined ? undefined : (findStatus(code) ?? 500));
  if (status === undefined) return;
  const headers: Record<string, string> = {};
  if (retryAfterSeconds !== undefined) headers["retry-after"] = String(retryAfterSeconds);
  throw new S3Error(code ?? usualCode(status), status, "This failure was asked for.", {}, headers);
}

export function cut(wire: Wire): never {
  wire.reset();
  throw new ConnectionCut();
}

function usualCode(status: number): string {
  if (status === 403) return "AccessDenied";
  if (status === 404) return "NoSuchKey";
  return status === 503 ? "SlowDown" : "InternalError";
}
