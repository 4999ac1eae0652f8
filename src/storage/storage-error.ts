import { MigrationError, messageOf } from "../errors.ts";
import { type Secret, redactAll } from "../secret.ts";

/** What was being done and where: everything that a message about it needs. */
export interface StorageCall {
  /** S3's name of the operation, e.g. `UploadPart`. */
  operation: string;
  /** For the sentence `Could not … in bucket b at h`, e.g. `upload part 7 of a/b.dump`. */
  what: string;
  bucket: string;
  host: string;
  secrets: readonly Secret[];
}

/** What is read of an error of the SDK, of node or of fetch. */
interface StoreFailure {
  name?: unknown;
  code?: unknown;
  Code?: unknown;
  Region?: unknown;
  $metadata?: { httpStatusCode?: number; clockSkewCorrected?: boolean };
  $response?: { headers?: Record<string, string> };
  cause?: unknown;
}

interface Explanation {
  problem: string;
  hint: string;
}

/** Without the second one S3 answers 403, not 404, for an object that does not exist (S3, "HeadObject", Permissions). */
const readPermission = "s3:GetObject, and s3:ListBucket without which a missing object looks forbidden,";

const permissions: Readonly<Record<string, string>> = {
  PutObject: "s3:PutObject",
  CreateMultipartUpload: "s3:PutObject",
  UploadPart: "s3:PutObject",
  CompleteMultipartUpload: "s3:PutObject",
  GetObject: readPermission,
  HeadObject: readPermission,
  DeleteObject: "s3:DeleteObject",
  AbortMultipartUpload: "s3:AbortMultipartUpload",
  ListParts: "s3:ListMultipartUploadParts",
  ListMultipartUploads: "s3:ListBucketMultipartUploads",
  ListObjectsV2: "s3:ListBucket",
};

const wrongRegion = (_call: StorageCall, region: string | undefined): Explanation => ({
  problem: region === undefined ? "the bucket is in another region" : `the bucket is in region ${region}`,
  hint: `Set s3-region to ${region ?? "the region that the store's console shows for the bucket"}.`,
});

const expired: Explanation = {
  problem: "the temporary credentials have expired",
  hint: "Ask for a session that outlives the migration (role-duration-seconds of the credentials action), or use a long-lived key.",
};

const damaged: Explanation = {
  problem: "the bytes arrived damaged",
  hint: "The network between the runner and the store changes bytes (a proxy?): run again, or from another network.",
};

const busy: Explanation = {
  problem: "the store is overloaded or asks for fewer requests",
  hint: "Wait and run again; lower jobs if it persists.",
};

/** By S3's error code ("Error responses" in its API reference), errno or the SDK's name of the error. */
const explanations: Readonly<Record<string, (call: StorageCall, region: string | undefined) => Explanation>> = {
  NoSuchBucket: (call) => ({
    problem: `${call.host} has no such bucket`,
    hint: "Check bucket, s3-endpoint and s3-region. The bucket must exist: it is never created here.",
  }),
  AccessDenied: (call) => ({
    problem: "the access key may not do this",
    hint: `Allow ${permissions[call.operation] ?? "the operation"} on the bucket ${call.bucket} and the keys under bucket-prefix.`,
  }),
  InvalidAccessKeyId: () => ({
    problem: "the store does not know the access key",
    hint: "Check s3-access-key-id, and that the key belongs to this store and is active. Temporary keys need s3-session-token.",
  }),
  SignatureDoesNotMatch: () => ({
    problem: "the signature is wrong",
    hint: "Check s3-secret-access-key (no blank or line end at its edges), then s3-region and s3-endpoint.",
  }),
  PermanentRedirect: wrongRegion,
  AuthorizationHeaderMalformed: wrongRegion,
  IllegalLocationConstraintException: wrongRegion,
  ExpiredToken: () => expired,
  TokenRefreshRequired: () => expired,
  ExpiredTokenException: () => expired,
  InvalidToken: () => ({
    problem: "the session token is not valid",
    hint: "Check s3-session-token: it belongs to one access key and changes with each session.",
  }),
  RequestTimeTooSkewed: () => ({
    problem: "the runner's clock differs too much from the store's",
    hint: "Set the runner's clock (NTP): signatures allow 15 minutes.",
  }),
  SlowDown: () => busy,
  ServiceUnavailable: () => busy,
  TooManyRequests: () => busy,
  InternalError: () => ({ problem: "the store failed internally", hint: "Wait and run again." }),
  NoSuchKey: () => ({
    problem: "there is no such object",
    hint: "Something deleted it, or a lifecycle rule of the bucket did: exempt bucket-prefix from it.",
  }),
  NoSuchUpload: () => ({
    problem: "the multipart upload no longer exists",
    hint: "Something aborted it, or a lifecycle rule of the bucket did: let it wait for at least a day.",
  }),
  InvalidPart: () => ({
    problem: "the store has lost or changed a part of the upload",
    hint: "Run again: the upload starts over. No object was made of the damaged one.",
  }),
  EntityTooSmall: () => ({
    problem: "the store demands larger parts",
    hint: "Use another store: parts of 8 MiB suit all known ones.",
  }),
  BadDigest: () => damaged,
  XAmzContentSHA256Mismatch: () => damaged,
  NotImplemented: (call) => ({
    problem: `the store does not offer ${call.operation} in this form`,
    hint: "Use another S3-compatible store.",
  }),
  CredentialsProviderError: () => ({
    problem: "no credentials were found",
    hint: "Give s3-access-key-id and s3-secret-access-key, or run the store's credentials action (OIDC) in an earlier step.",
  }),
  ENOTFOUND: (call) => ({
    problem: `nobody knows the host ${call.host}`,
    hint: "Check s3-endpoint, s3-region, and s3-addressing: with virtual-host addressing the bucket's name is part of the host.",
  }),
  EAI_AGAIN: () => ({
    problem: "the host's name could not be resolved",
    hint: "Check the runner's DNS, then run again.",
  }),
  ECONNREFUSED: () => ({
    problem: "the connection was refused",
    hint: "Check host and port of s3-endpoint, and that the runner may reach it.",
  }),
  TimeoutError: () => ({
    problem: "the store did not answer in time",
    hint: "Check that the runner may reach s3-endpoint; otherwise the store is slow: run again.",
  }),
};

const tlsCode = /^(?:CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_)/u;

/** Codes that a second try may cure although their status (400, 409) says otherwise. */
const curableCodes = new Set([
  "RequestTimeout",
  "IncompleteBody",
  "BadDigest",
  "XAmzContentSHA256Mismatch",
  "OperationAborted",
  "ConditionalRequestConflict",
]);

/** HEAD answers have no body, so no code: the status stands in for it. */
const codesByStatus: Readonly<Record<number, string>> = {
  301: "PermanentRedirect",
  307: "PermanentRedirect",
  403: "AccessDenied",
  404: "NoSuchKey",
  412: "PreconditionFailed",
  429: "TooManyRequests",
  500: "InternalError",
  501: "NotImplemented",
  503: "ServiceUnavailable",
};

/** S3's code of an error, an errno, or the error's name; stable enough to match on. */
export function storageCode(error: unknown): string {
  if (error instanceof MigrationError && error.cause !== undefined) return storageCode(error.cause);
  const { name, code, Code, $metadata } = (error ?? {}) as StoreFailure;
  const status = codesByStatus[$metadata?.httpStatusCode ?? 0];
  const spoken = [code, Code, name].find((word) => typeof word === "string" && isSpokenCode(word));
  return (spoken as string | undefined) ?? status ?? "Unknown";
}

function isSpokenCode(word: string): boolean {
  return !/^(?:Error|TypeError|Unknown|UnknownError|NotFound|S3ServiceException|\d+)$/u.test(word);
}

/** One error that a person can read; what stays as its cause holds neither request, header nor key. */
export function storageError(error: unknown, call: StorageCall): MigrationError {
  if (error instanceof MigrationError) return error;
  const code = storageCode(error);
  const cause = sanitized(error, code, call.secrets);
  const { problem, hint } = explain(code, error, call, cause.message);
  return new MigrationError(`Could not ${call.what} in bucket ${call.bucket} at ${call.host}: ${problem} (${code}).`, {
    code: `BUCKET_${code.replaceAll(/(?<=[a-z])(?=[A-Z])/gu, "_").toUpperCase()}`,
    hint,
    cause,
  });
}

function explain(code: string, error: unknown, call: StorageCall, message: string): Explanation {
  if (tlsCode.test(code)) {
    return {
      problem: `the certificate of ${call.host} is not trusted`,
      hint: "Heroku fetches the archive over public TLS: the store needs a publicly trusted certificate for this very host name.",
    };
  }
  return (
    explanations[code]?.(call, regionNamedBy(error)) ?? {
      problem: message,
      hint: "Check bucket, s3-endpoint, s3-region and the access key.",
    }
  );
}

/** The right region, where the store says it: in the error or in a header. */
function regionNamedBy(error: unknown): string | undefined {
  const { Region, $response } = (error ?? {}) as StoreFailure;
  const region = Region ?? $response?.headers?.["x-amz-bucket-region"];
  return typeof region === "string" && /^[a-z0-9-]{2,30}$/u.test(region) ? region : undefined;
}

/** What the retry table reads, and nothing else: the SDK's error carries the request, its headers and what was signed. */
function sanitized(error: unknown, code: string, secrets: readonly Secret[]): Error {
  const clean = new Error(redactAll(messageOf(error), secrets));
  const { $metadata, cause } = (error ?? {}) as StoreFailure;
  clean.name = error instanceof Error ? error.name : "Error";
  const facts: Record<string, unknown> = { code };
  if ($metadata?.httpStatusCode !== undefined) facts["statusCode"] = $metadata.httpStatusCode;
  if (curableCodes.has(code) || $metadata?.clockSkewCorrected === true) facts["retryable"] = true;
  if (cause !== undefined) clean.cause = sanitized(cause, storageCode(cause), secrets);
  return Object.assign(clean, facts);
}
