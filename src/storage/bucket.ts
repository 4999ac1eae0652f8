import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import type { BucketInputs } from "../inputs/inputs.ts";
import type { Log } from "../log.ts";
import { BucketConnection, type CallOptions } from "./connection.ts";
import { storageCode } from "./storage-error.ts";
import { type BucketLocation, locateBucket } from "./stores.ts";

export interface ObjectHead {
  key: string;
  bytes: number;
  /** As the store gave it, quotes included: fit for `ifMatch`. */
  etag: string;
  modifiedAt: Date | undefined;
}

export interface StoredObject extends ObjectHead {
  content: Buffer;
}

export interface OpenObject extends ObjectHead {
  stream: Readable;
}

/** First and last byte, both included, as in HTTP; the end may be left open. */
export interface ByteRange {
  start: number;
  end?: number;
}

export interface PutConditions {
  /** `*`: only where no such object exists. */
  ifNoneMatch?: "*";
  /** Only over the object with this ETag. */
  ifMatch?: string;
}

/** `precondition-failed`: another object stands there. `conditions-unsupported`: the store cannot tell, and wrote nothing. */
export type PutOutcome =
  | { outcome: "stored"; etag: string }
  | { outcome: "precondition-failed" }
  | { outcome: "conditions-unsupported" };

interface PutOptions extends PutConditions, CallOptions {
  contentType?: string;
}

/** A bucket's objects. Keys are whole: `keyFor` puts the prefix before a name. */
export class Bucket implements AsyncDisposable {
  readonly name: string;
  readonly prefix: string;
  readonly location: BucketLocation;
  /** For this folder's own use: calls that this class does not offer. */
  readonly connection: BucketConnection;

  constructor(inputs: BucketInputs, log?: Log) {
    this.location = locateBucket(inputs);
    this.connection = new BucketConnection(inputs, this.location, log);
    this.name = inputs.bucket;
    this.prefix = inputs.prefix;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.close();
  }

  keyFor(name: string): string {
    return `${this.prefix}${name}`;
  }

  /** When the credentials end, where that is known; temporary ones given as inputs do not say. */
  async credentialsExpireAt(): Promise<Date | undefined> {
    return (await this.connection.credentials()).expiresAt;
  }

  async hasTemporaryCredentials(): Promise<boolean> {
    const { sessionToken, expiresAt } = await this.connection.credentials();
    return sessionToken !== undefined || expiresAt !== undefined;
  }

  /** Stores bytes under a key. A condition that fails because our own first try got through counts as stored. */
  async putObject(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<PutOutcome> {
    const input = {
      ...this.#at(key),
      Body: bytes,
      ContentLength: bytes.length,
      ContentMD5: createHash("md5").update(bytes).digest("base64"),
      ContentType: options.contentType ?? "application/octet-stream",
      ...(options.ifNoneMatch === undefined ? {} : { IfNoneMatch: options.ifNoneMatch }),
      ...(options.ifMatch === undefined ? {} : { IfMatch: options.ifMatch }),
    };
    let tries = 0;
    try {
      const run = this.connection.call(
        "PutObject",
        `store ${key}`,
        (s3, request) => (tries++, s3.putObject(input, request)),
        options,
      );
      return { outcome: "stored", etag: (await run).ETag ?? "" };
    } catch (error) {
      const isConditional = options.ifNoneMatch !== undefined || options.ifMatch !== undefined;
      if (!isConditional) throw error;
      return await this.#refusedPut(error, key, bytes, tries, options);
    }
  }

  async #refusedPut(
    error: unknown,
    key: string,
    bytes: Uint8Array,
    tries: number,
    options: PutOptions,
  ): Promise<PutOutcome> {
    const code = storageCode(error);
    if (code === "NotImplemented") return { outcome: "conditions-unsupported" };
    const isRefused = code === "PreconditionFailed" || (options.ifMatch !== undefined && code === "NoSuchKey");
    if (!isRefused) throw error;
    const found = tries > 1 ? await this.findObject(key, options) : undefined;
    if (found?.content.equals(bytes)) return { outcome: "stored", etag: found.etag };
    return { outcome: "precondition-failed" };
  }

  /** An object, or a range of it, whole in memory; a broken transfer is repeated. */
  async getObject(key: string, options: CallOptions & { range?: ByteRange } = {}): Promise<StoredObject> {
    return await this.connection.call(
      "GetObject",
      `read ${key}`,
      async (s3, request) => {
        const output = await s3.getObject({ ...this.#at(key), ...rangeHeader(options.range) }, request);
        const content = Buffer.from((await output.Body?.transformToByteArray()) ?? []);
        return { ...headOf(key, output), content };
      },
      options,
    );
  }

  /** Like `getObject`; undefined where there is no such object. */
  async findObject(key: string, options: CallOptions = {}): Promise<StoredObject | undefined> {
    return await undefinedIfMissing(this.getObject(key, options));
  }

  /** An object as a stream, for what does not fit into memory. The stream itself is not repeated: read on with a range. */
  async openObject(key: string, options: CallOptions & { range?: ByteRange } = {}): Promise<OpenObject> {
    return await this.connection.call(
      "GetObject",
      `open ${key}`,
      async (s3, request) => {
        const output = await s3.getObject({ ...this.#at(key), ...rangeHeader(options.range) }, request);
        const stream = output.Body instanceof Readable ? output.Body : Readable.from([]);
        return { ...headOf(key, output), stream };
      },
      options,
    );
  }

  async headObject(key: string, options: CallOptions = {}): Promise<ObjectHead> {
    return await this.connection.call(
      "HeadObject",
      `look up ${key}`,
      async (s3, request) => headOf(key, await s3.headObject(this.#at(key), request)),
      options,
    );
  }

  async findHead(key: string, options: CallOptions = {}): Promise<ObjectHead | undefined> {
    return await undefinedIfMissing(this.headObject(key, options));
  }

  /** Deleting what is not there is no error. In a versioned bucket the old version stays until its lifecycle rule removes it. */
  async deleteObject(key: string, options: CallOptions = {}): Promise<void> {
    const run = this.connection.call(
      "DeleteObject",
      `delete ${key}`,
      (s3, request) => s3.deleteObject(this.#at(key), request),
      options,
    );
    await undefinedIfMissing(run);
  }

  async listObjects(prefix: string = this.prefix, options: CallOptions = {}): Promise<ObjectHead[]> {
    const found: ObjectHead[] = [];
    let token: string | undefined;
    do {
      const from = token === undefined ? {} : { ContinuationToken: token };
      const page = await this.connection.call(
        "ListObjectsV2",
        `list objects under ${prefix}`,
        (s3, request) => s3.listObjectsV2({ Bucket: this.name, Prefix: prefix, ...from }, request),
        options,
      );
      for (const { Key, Size, ETag, LastModified } of page.Contents ?? []) {
        if (Key !== undefined) found.push({ key: Key, bytes: Size ?? 0, etag: ETag ?? "", modifiedAt: LastModified });
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
    return found;
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.name, Key: key };
  }
}

/**
 * Understands where the bucket is; connects with the first call.
 *
 * @throws MigrationError where the endpoint carries the bucket's name or contradicts the region
 */
export function openBucket(inputs: BucketInputs, log?: Log): Bucket {
  return new Bucket(inputs, log);
}

function rangeHeader(range: ByteRange | undefined): { Range?: string } {
  return range === undefined ? {} : { Range: `bytes=${range.start}-${range.end ?? ""}` };
}

function headOf(
  key: string,
  output: Pick<GetObjectCommandOutput, "ContentLength" | "ETag" | "LastModified">,
): ObjectHead {
  return { key, bytes: output.ContentLength ?? 0, etag: output.ETag ?? "", modifiedAt: output.LastModified };
}

async function undefinedIfMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (storageCode(error) === "NoSuchKey") return undefined;
    throw error;
  }
}
