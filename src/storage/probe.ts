import { randomBytes, randomUUID } from "node:crypto";
import { describeError, hintOf, MigrationError } from "../errors.ts";
import type { Log } from "../log.ts";
import { abortUpload } from "./abort.ts";
import type { Bucket } from "./bucket.ts";
import { createUpload, uploadPart } from "./multipart.ts";
import { presignGet } from "./presign.ts";
import { fetchPublic } from "./public-fetch.ts";
import { checkPlainGet } from "./ranged-reader.ts";
import { tidyingSignal } from "./sweep.ts";
import { wrongStatus } from "./wrong-status.ts";

export type ProbeStepName =
  | "put"
  | "presign"
  | "plain-get"
  | "ranged-get"
  | "multipart"
  | "abort"
  | "conditional-put"
  | "delete";

export interface ProbeStep {
  name: ProbeStepName;
  ok: boolean;
  seconds: number;
  error?: { message: string; hint?: string; code?: string };
}

export interface ProbeResult {
  ok: boolean;
  /** In the order they were tried; what an earlier failure made impossible is not among them. */
  steps: ProbeStep[];
  /** Absent where no part was sent. */
  uploadBytesPerSecond?: number;
  supportsConditionalWrites: boolean;
  /** The store's clock less ours. */
  clockSkewSeconds?: number;
  hasTemporaryCredentials?: boolean;
  credentialsExpireAt?: string;
}

interface ProbeOptions {
  /** Bytes of the one part that measures the upload; 0 measures nothing. */
  measureBytes?: number;
  signal?: AbortSignal;
  log?: Log;
}

/** A quarter of an hour is more than the probe needs, and little enough should the URL get out. */
const probeUrlSeconds = 900;
const measuredBytes = 8 * 1024 * 1024;

/**
 * Tries everything that a migration will ask of the bucket, on a small object of its own under the prefix, and removes what it made.
 * A step that fails is a fact in the result, not an error; only the signal's reason is thrown.
 */
export async function probeBucket(bucket: Bucket, options: ProbeOptions = {}): Promise<ProbeResult> {
  const probe = new Probe(bucket, options);
  try {
    await probe.run();
  } finally {
    await probe.cleanUp();
  }
  options.signal?.throwIfAborted();
  return probe.result();
}

class Probe {
  readonly #bucket: Bucket;
  readonly #options: ProbeOptions;
  readonly #key: string;
  readonly #content = randomBytes(64 * 1024);
  readonly #steps: ProbeStep[] = [];
  readonly #facts: Omit<ProbeResult, "ok" | "steps"> = { supportsConditionalWrites: false };
  #openUploadId: string | undefined;
  #hasObject = false;

  constructor(bucket: Bucket, options: ProbeOptions) {
    this.#bucket = bucket;
    this.#options = options;
    this.#key = bucket.keyFor(`probe-${randomUUID()}`);
  }

  result(): ProbeResult {
    return { ok: this.#steps.every((step) => step.ok), steps: this.#steps, ...this.#facts };
  }

  async run(): Promise<void> {
    if (!(await this.#step("put", () => this.#put()))) return;
    await this.#fetchBack();
    if (await this.#step("multipart", () => this.#sendPart())) await this.#step("abort", () => this.#abort());
    await this.#step("conditional-put", () => this.#putConditionally());
    await this.#step("delete", () => this.#delete());
  }

  async #step(name: ProbeStepName, attempt: () => Promise<void>): Promise<boolean> {
    this.#options.signal?.throwIfAborted();
    const startedAt = performance.now();
    const secondsSince = (): number => (performance.now() - startedAt) / 1000;
    try {
      await attempt();
      this.#steps.push({ name, ok: true, seconds: secondsSince() });
      return true;
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      this.#steps.push({ name, ok: false, seconds: secondsSince(), error: factsOf(error) });
      return false;
    }
  }

  async #put(): Promise<void> {
    this.#hasObject = true;
    await this.#bucket.putObject(this.#key, this.#content, this.#call());
    this.#facts.hasTemporaryCredentials = await this.#bucket.hasTemporaryCredentials();
    const expiresAt = await this.#bucket.credentialsExpireAt();
    if (expiresAt !== undefined) this.#facts.credentialsExpireAt = expiresAt.toISOString();
  }

  async #fetchBack(): Promise<void> {
    const signed = await this.#presign();
    if (signed === undefined) return;
    const request = { ...this.#options, bytes: this.#content.length, name: this.#key };
    await this.#step("plain-get", async () => {
      const { date } = await checkPlainGet(signed, request);
      if (date !== undefined)
        this.#facts.clockSkewSeconds = Math.trunc((date.getTime() + 500 - Date.now()) / 1000) || 0;
    });
    await this.#step("ranged-get", async () => {
      await using response = await fetchPublic(signed, {
        name: this.#key,
        signal: this.#options.signal,
        headers: { range: "bytes=5-1028" },
      });
      if (response.status !== 206) throw wrongStatus(this.#key, response.status, "206");
      const chunks: Buffer[] = [];
      for await (const chunk of response.chunks()) chunks.push(chunk);
      if (!Buffer.concat(chunks).equals(this.#content.subarray(5, 1029))) throw otherBytes(this.#key);
    });
  }

  async #presign() {
    let url: Awaited<ReturnType<typeof presignGet>> | undefined;
    await this.#step("presign", async () => {
      url = await presignGet(this.#bucket, this.#key, probeUrlSeconds);
    });
    return url;
  }

  async #sendPart(): Promise<void> {
    const { uploadId } = await createUpload(this.#bucket, this.#key, this.#call());
    this.#openUploadId = uploadId;
    const bytes = this.#options.measureBytes ?? measuredBytes;
    if (bytes === 0) return;
    const startedAt = performance.now();
    await uploadPart(this.#bucket, { key: this.#key, uploadId }, 1, randomBytes(bytes), this.#call());
    this.#facts.uploadBytesPerSecond = bytes / ((performance.now() - startedAt) / 1000);
  }

  async #abort(): Promise<void> {
    if (this.#openUploadId === undefined) return;
    await abortUpload(this.#bucket, this.#key, this.#openUploadId, this.#call());
    this.#openUploadId = undefined;
  }

  /** The object exists, so a store that honours the condition refuses; any other answer means that a lock must not rely on it. */
  async #putConditionally(): Promise<void> {
    const condition = { ifNoneMatch: "*" as const, ...this.#call() };
    const { outcome } = await this.#bucket.putObject(this.#key, this.#content.subarray(0, 16), condition);
    this.#facts.supportsConditionalWrites = outcome === "precondition-failed";
  }

  async #delete(): Promise<void> {
    await this.#bucket.deleteObject(this.#key, this.#call());
    if (await this.#bucket.findHead(this.#key, this.#call())) {
      throw new MigrationError(`${this.#key} is still in the bucket after it was deleted.`, { code: "BUCKET_DELETE" });
    }
    this.#hasObject = false;
  }

  /** Whatever happened: an interrupted probe leaves nothing either. */
  async cleanUp(): Promise<void> {
    const hurry = tidyingSignal(this.#options.signal);
    const uploadId = this.#openUploadId;
    if (uploadId !== undefined) await this.#remove(() => abortUpload(this.#bucket, this.#key, uploadId, hurry));
    if (this.#hasObject) await this.#remove(() => this.#bucket.deleteObject(this.#key, hurry));
  }

  async #remove(removal: () => Promise<void>): Promise<void> {
    try {
      await removal();
    } catch (error) {
      this.#options.log?.warning(`The probe ${this.#key} may be left in the bucket: ${describeError(error)}`);
    }
  }

  #call(): { signal?: AbortSignal } {
    return this.#options.signal ? { signal: this.#options.signal } : {};
  }
}

function otherBytes(key: string): MigrationError {
  return new MigrationError(`A range of ${key} reads back with other bytes than were stored.`, {
    code: "URL_RANGE",
    hint: "The store, or a proxy before it, serves ranges wrongly: Heroku could not fetch the archive.",
  });
}

function factsOf(error: unknown): { message: string; hint?: string; code?: string } {
  const hint = hintOf(error);
  const code = error instanceof MigrationError ? error.code : undefined;
  return {
    message: describeError(error),
    ...(hint === undefined ? {} : { hint }),
    ...(code === undefined ? {} : { code }),
  };
}
