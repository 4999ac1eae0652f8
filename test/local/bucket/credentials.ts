import type { Operation } from "./operation.ts";
import { s3Error } from "./s3-error.ts";

/** What a key may not do. "no-list" also hides that a key is missing, as S3 does: GET answers 403, not 404. */
export type Access = "full" | "read-only" | "write-only" | "no-delete" | "no-abort" | "no-list";

const WRITES: readonly Operation[] = ["PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"];

const DENIED: Record<Access, readonly Operation[]> = {
  full: [],
  "read-only": [...WRITES, "DeleteObject", "AbortMultipartUpload"],
  "write-only": ["GetObject", "HeadObject"],
  "no-delete": ["DeleteObject"],
  "no-abort": ["AbortMultipartUpload"],
  "no-list": ["ListObjectsV2", "HeadBucket", "ListMultipartUploads"],
};

export interface BucketCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** Where given the credentials are temporary: every request must carry the same token. */
  sessionToken?: string | undefined;
  /** When temporary credentials end, in milliseconds since 1970; afterwards every request is answered ExpiredToken. */
  expiresAtMs?: number | undefined;
  access?: Access | undefined;
  /** Operations refused beyond those of `access`. */
  deny?: readonly Operation[] | undefined;
}

/** The keys that the bucket knows. They may be changed while it runs. */
export class Keyring {
  readonly #keys = new Map<string, BucketCredentials>();

  add(credentials: BucketCredentials): void {
    this.#keys.set(credentials.accessKeyId, { ...credentials });
  }

  find(accessKeyId: string): BucketCredentials {
    const credentials = this.#keys.get(accessKeyId);
    if (credentials === undefined) {
      throw s3Error("InvalidAccessKeyId", undefined, { AWSAccessKeyId: accessKeyId });
    }
    return credentials;
  }

  /** Ends a key's life now; all keys where none is named. */
  expire(atMs: number, accessKeyId?: string): void {
    for (const credentials of this.#keys.values()) {
      if (accessKeyId === undefined || credentials.accessKeyId === accessKeyId) credentials.expiresAtMs = atMs;
    }
  }

  /** Changes what a key may do from now on. */
  allow(accessKeyId: string, access: Access, deny: readonly Operation[] = []): void {
    Object.assign(this.find(accessKeyId), { access, deny });
  }
}

/** Throws ExpiredToken or InvalidToken unless the token is the one that belongs to the key. */
export function checkToken(credentials: BucketCredentials, token: string | undefined, nowMs: number): void {
  if (credentials.expiresAtMs !== undefined && nowMs >= credentials.expiresAtMs) throw s3Error("ExpiredToken");
  if (credentials.sessionToken === undefined && token === undefined) return;
  // A temporary key without its token is, to S3, a key it has never heard of.
  if (token === undefined) throw s3Error("InvalidAccessKeyId");
  if (token !== credentials.sessionToken) throw s3Error("InvalidToken");
}

export function isDenied(credentials: BucketCredentials, operation: Operation): boolean {
  const byAccess = DENIED[credentials.access ?? "full"].includes(operation);
  return byAccess || (credentials.deny ?? []).includes(operation);
}
