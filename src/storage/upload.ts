import { type Hash, createHash } from "node:crypto";
import { MigrationError, messageOf } from "../errors.ts";
import { formatBytes } from "../format.ts";
import type { Log } from "../log.ts";
import type { RetryPolicy } from "../retry.ts";
import { abortUpload } from "./abort.ts";
import type { Bucket } from "./bucket.ts";
import { completeUpload } from "./complete.ts";
import { type UploadedPart, uploadPart } from "./multipart.ts";
import { maxParts, maxUploadBytes } from "./part-size.ts";
import { createOnlyUpload, tidyingSignal } from "./sweep.ts";

export interface UploadOptions {
  /** One size for all parts but the last; `partBytesFor` picks it. */
  partBytes: number;
  /** Parts on their way at the same time. Memory is `partBytes × (partsInFlight + 1)`. */
  partsInFlight: number;
  signal?: AbortSignal;
  log?: Log;
  /** After each acknowledged part, in the order of acknowledgement. */
  onPart?: (progress: PartProgress) => void;
  /** How patiently a part is sent again. */
  policy?: RetryPolicy;
}

export interface PartProgress {
  number: number;
  bytes: number;
  /** Acknowledged so far, this part included. */
  uploadedBytes: number;
  uploadedParts: number;
  seconds: number;
}

export interface CompletedUpload {
  key: string;
  bytes: number;
  /** Of the whole object, computed on the way, hexadecimal. */
  sha256: string;
  parts: number;
  etag: string;
}

/**
 * Starts a multipart upload of unknown length: `write` as often as there is something, then `complete`. `await using` aborts it on
 * every other way out of its scope.
 */
export async function startUpload(bucket: Bucket, key: string, options: UploadOptions): Promise<Upload> {
  const uploadId = await createOnlyUpload(bucket, key, options.signal, options.log);
  return new Upload(bucket, key, uploadId, options);
}

export class Upload implements AsyncDisposable {
  readonly key: string;
  readonly uploadId: string;
  readonly #bucket: Bucket;
  readonly #options: UploadOptions;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #sending = new Set<Promise<void>>();
  readonly #freeBuffers: Buffer[] = [];
  readonly #parts: UploadedPart[] = [];
  readonly #hash: Hash = createHash("sha256");
  #current: Buffer | undefined;
  #currentBytes = 0;
  #nextNumber = 1;
  #acknowledgedBytes = 0;
  #failure: { error: unknown } | undefined;
  #state: "open" | "completed" | "aborted" = "open";

  constructor(bucket: Bucket, key: string, uploadId: string, options: UploadOptions) {
    this.key = key;
    this.uploadId = uploadId;
    this.#bucket = bucket;
    this.#options = options;
    this.#signal = options.signal ? AbortSignal.any([options.signal, this.#stop.signal]) : this.#stop.signal;
  }

  /**
   * Takes the bytes and resolves when there is room for more: the caller may reuse the buffer then. Calls must not overlap.
   *
   * @throws MigrationError as soon as a part has failed for good, or the signal's reason
   */
  async write(bytes: Uint8Array): Promise<void> {
    let offset = 0;
    while (offset < bytes.length) {
      this.#throwIfStopped();
      this.#current ??= this.#freeBuffers.pop() ?? Buffer.allocUnsafeSlow(this.#options.partBytes);
      const taken = Math.min(bytes.length - offset, this.#options.partBytes - this.#currentBytes);
      const slice = bytes.subarray(offset, offset + taken);
      this.#current.set(slice, this.#currentBytes);
      this.#hash.update(slice);
      this.#currentBytes += taken;
      offset += taken;
      if (this.#currentBytes === this.#options.partBytes) await this.#sendCurrent();
    }
  }

  /**
   * Sends the last part and makes the object. Only the caller knows that what it wrote is whole: nothing else completes an upload.
   *
   * @throws MigrationError where a part or the completion failed; the upload is then still open, to be aborted
   */
  async complete(): Promise<CompletedUpload> {
    this.#throwIfStopped();
    if (this.#currentBytes > 0) await this.#sendCurrent();
    await this.#allSettled();
    this.#throwIfStopped();
    if (this.#parts.length === 0) {
      throw new MigrationError(`Nothing was written to ${this.key}.`, { code: "BUCKET_EMPTY" });
    }
    const parts = this.#parts.toSorted((a, b) => a.number - b.number);
    const { signal, log, policy } = this.#options;
    const head = await completeUpload(this.#bucket, this, parts, { signal, log, policy });
    this.#state = "completed";
    this.#freeBuffers.length = 0;
    return { key: this.key, bytes: head.bytes, sha256: this.#hash.digest("hex"), parts: parts.length, etag: head.etag };
  }

  /**
   * Stops what is being sent and removes the upload, made sure of by the store's own lists; within five seconds after an interruption.
   * Safe to call twice, or after `complete`.
   */
  async abort(): Promise<void> {
    if (this.#state !== "open") return;
    this.#stop.abort(new MigrationError(`The upload of ${this.key} was aborted.`, { code: "BUCKET_ABORTED" }));
    await this.#allSettled();
    this.#current = undefined;
    this.#freeBuffers.length = 0;
    await abortUpload(this.#bucket, this.key, this.uploadId, tidyingSignal(this.#options.signal));
    this.#state = "aborted";
  }

  /** Warns instead of throwing, so that a store that is down does not hide why the scope was left; `cleanup` aborts again. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.abort();
    } catch (error) {
      this.#options.log?.warning(messageOf(error));
    }
  }

  /** Waits for a place among the parts on their way, then sends the current one without waiting for it. */
  async #sendCurrent(): Promise<void> {
    const buffer = this.#current;
    if (buffer === undefined) return;
    while (this.#sending.size >= this.#options.partsInFlight) {
      await Promise.race(this.#sending);
      this.#throwIfStopped();
    }
    const number = this.#takeNumber();
    const bytes = buffer.subarray(0, this.#currentBytes);
    this.#current = undefined;
    this.#currentBytes = 0;
    const sending = this.#send(number, bytes).finally(() => {
      this.#sending.delete(sending);
      this.#freeBuffers.push(buffer);
    });
    this.#sending.add(sending);
  }

  /** Never rejects: what went wrong meets the next `write` or `complete`. */
  async #send(number: number, bytes: Buffer): Promise<void> {
    const startedAt = performance.now();
    try {
      const { policy } = this.#options;
      const part = await uploadPart(this.#bucket, this, number, bytes, {
        signal: this.#signal,
        ...(policy ? { policy } : {}),
      });
      this.#parts.push(part);
      this.#acknowledgedBytes += part.bytes;
      this.#options.onPart?.({
        number,
        bytes: part.bytes,
        uploadedBytes: this.#acknowledgedBytes,
        uploadedParts: this.#parts.length,
        seconds: (performance.now() - startedAt) / 1000,
      });
    } catch (error) {
      this.#failure ??= { error };
      this.#stop.abort(error);
    }
  }

  #takeNumber(): number {
    if (this.#nextNumber > maxParts) {
      const most = formatBytes(maxUploadBytes(this.#options.partBytes));
      throw new MigrationError(`The archive outgrew what ${maxParts} parts can carry (${most}).`, {
        code: "BUCKET_PARTS",
        hint: "The estimate of the archive's size was far too small: run the preflight again, with less compression ratio assumed.",
      });
    }
    return this.#nextNumber++;
  }

  async #allSettled(): Promise<void> {
    while (this.#sending.size > 0) await Promise.all(this.#sending);
  }

  #throwIfStopped(): void {
    this.#options.signal?.throwIfAborted();
    if (this.#failure) throw this.#failure.error;
    if (this.#state !== "open" || this.#stop.signal.aborted) {
      throw new MigrationError(`The upload of ${this.key} is ${this.#state === "open" ? "stopped" : this.#state}.`, {
        code: "BUCKET_ABORTED",
      });
    }
  }
}
