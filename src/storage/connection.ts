import type { S3 } from "@aws-sdk/client-s3";
import type { BucketInputs } from "../inputs/inputs.ts";
import type { Log } from "../log.ts";
import { type RetryPolicy, isTransient, retryPolicies, withRetries } from "../retry.ts";
import type { Secret } from "../secret.ts";
import { type S3Credentials, connectS3, readCredentials } from "./client.ts";
import { type StorageCall, storageCode, storageError } from "./storage-error.ts";
import type { BucketLocation } from "./stores.ts";

export interface CallOptions {
  signal?: AbortSignal | undefined;
  policy?: RetryPolicy;
}

/** One try and no more, for callers that find out themselves what became of a lost answer. */
export const onlyOneTry: RetryPolicy = { tries: 1, baseMs: 0, capMs: 0 };

/** The client of one bucket: tries again by the retry table, and turns every error into one that a person can read. */
export class BucketConnection {
  readonly bucket: string;
  readonly location: BucketLocation;
  readonly #inputs: BucketInputs;
  readonly #log: Log | undefined;
  #client: Promise<S3> | undefined;
  #hasAnswered = false;

  constructor(inputs: BucketInputs, location: BucketLocation, log: Log | undefined) {
    this.bucket = inputs.bucket;
    this.location = location;
    this.#inputs = inputs;
    this.#log = log;
  }

  /** Closes idle connections; the next call would connect anew. */
  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    this.#client = undefined;
    client?.destroy();
  }

  client(): Promise<S3> {
    this.#client ??= connectS3(this.#inputs, this.location);
    return this.#client;
  }

  /** @throws MigrationError where the SDK's chain finds none */
  async credentials(): Promise<S3Credentials> {
    const call = this.#describe("GetCredentials", "find credentials for objects", []);
    const client = await this.client();
    return await readCredentials(client).catch((error: unknown) => {
      throw storageError(error, call);
    });
  }

  /**
   * Runs one operation of S3 until it succeeds or trying again is useless.
   *
   * @param what for the sentences `Could not … in bucket b at h` and `Gave up: …`
   * @throws MigrationError without any secret, or the signal's reason
   */
  async call<T>(
    operation: string,
    what: string,
    run: (s3: S3, request: { abortSignal?: AbortSignal }) => Promise<T>,
    options: CallOptions = {},
  ): Promise<T> {
    const { signal, policy = retryPolicies.network } = options;
    signal?.throwIfAborted();
    const s3 = await this.client();
    const { secrets } = await this.#signing();
    const result = await withRetries(
      async () => {
        try {
          return await run(s3, requestOptions(signal));
        } catch (error) {
          throw storageError(error, this.#describe(operation, what, secrets));
        }
      },
      {
        what: `trying to ${what}`,
        policy,
        isRetryable: (error) => policy.tries > 1 && this.#isRetryable(error),
        ...(signal ? { signal } : {}),
        ...(this.#log ? { log: this.#log } : {}),
      },
    );
    this.#hasAnswered = true;
    return result;
  }

  /** A name that was known a moment ago is a hiccup of DNS; one that never was is a mistake in the inputs. */
  #isRetryable(error: unknown): boolean {
    return isTransient(error) || (this.#hasAnswered && storageCode(error) === "ENOTFOUND");
  }

  async #signing(): Promise<{ secrets: Secret[] }> {
    const { accessKeyId, secretAccessKey, sessionToken } = await this.credentials();
    return { secrets: [accessKeyId, secretAccessKey, ...(sessionToken ? [sessionToken] : [])] };
  }

  #describe(operation: string, what: string, secrets: readonly Secret[]): StorageCall {
    return { operation, what, bucket: this.bucket, host: this.location.host, secrets };
  }
}

/** A signal of the request's own: the SDK leaves its listener on it until the connection closes, and node warns above ten. */
function requestOptions(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: AbortSignal.any([signal]) } : {};
}
