import { timingSafeEqual } from "node:crypto";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { type BucketCredentials, checkToken, type Keyring } from "./credentials.ts";
import type { Profile } from "./profiles.ts";
import type { S3Request } from "./request.ts";
import { s3Error } from "./s3-error.ts";

export interface VerifyOptions {
  keyring: Keyring;
  region: string;
  signingRegions: Profile["signingRegions"];
  nowMs: number;
}

export interface VerifiedSignature {
  credentials: BucketCredentials;
  isPresigned: boolean;
  /** The value of `x-amz-content-sha256` that was signed. */
  payload: string;
}

interface Claim {
  accessKeyId: string;
  date: string;
  scope: readonly [shortDate: string, region: string];
  signedHeaders: string[];
  signature: string;
  payload: string;
  token: string | undefined;
  /** Seconds; only of a presigned URL. */
  expiresIn?: number;
}

type SignableRequest = Parameters<SignatureV4["presign"]>[0];
type MalformedCode = "AuthorizationHeaderMalformed" | "AuthorizationQueryParametersError";

const ALGORITHM = "AWS4-HMAC-SHA256";
const MAX_SKEW_MS = 15 * 60 * 1000;
const MAX_EXPIRES_SECONDS = 7 * 24 * 3600;

/** Recomputes the Signature Version 4 of a request, in its header or its query; throws the S3Error that S3 would answer. */
export async function verifySignature(request: S3Request, options: VerifyOptions): Promise<VerifiedSignature> {
  const isPresigned = request.query.has("X-Amz-Algorithm") || request.query.has("X-Amz-Signature");
  const claim = isPresigned ? readQueryClaim(request) : readHeaderClaim(request);
  const credentials = options.keyring.find(claim.accessKeyId);
  const code = isPresigned ? "AuthorizationQueryParametersError" : "AuthorizationHeaderMalformed";
  checkScope(claim, options, code);
  checkTime(claim, options.nowMs);
  checkToken(credentials, claim.token, options.nowMs);
  checkSignedHeaders(request, claim);
  const expected = await sign(request, claim, credentials);
  if (!isSame(expected, claim.signature)) throw s3Error("SignatureDoesNotMatch");
  return { credentials, isPresigned, payload: claim.payload };
}

function readHeaderClaim({ headers }: S3Request): Claim {
  const header = headers.authorization;
  if (header === undefined) throw s3Error("AccessDenied", "Access Denied: the request is not signed.");
  const [algorithm] = header.split(" ", 1);
  if (algorithm !== ALGORITHM) throw s3Error("InvalidRequest", `Please use ${ALGORITHM}.`);
  const fields = new Map(
    header
      .slice(ALGORITHM.length)
      .split(",")
      .map((field) => splitOnce(field.trim(), "=")),
  );
  const payload = headers["x-amz-content-sha256"];
  if (typeof payload !== "string") throw s3Error("InvalidRequest", "Missing required header: x-amz-content-sha256");
  const token = headers["x-amz-security-token"];
  return {
    ...readScope(fields.get("Credential") ?? "", "AuthorizationHeaderMalformed"),
    date: readHeader(headers["x-amz-date"]),
    signedHeaders: (fields.get("SignedHeaders") ?? "").split(";"),
    signature: fields.get("Signature") ?? "",
    payload,
    token: token === undefined ? undefined : readHeader(token),
  };
}

function readQueryClaim({ query, headers }: S3Request): Claim {
  const code = "AuthorizationQueryParametersError";
  if (query.get("X-Amz-Algorithm") !== ALGORITHM) throw s3Error(code, `X-Amz-Algorithm must be ${ALGORITHM}.`);
  const expires = query.get("X-Amz-Expires") ?? "";
  const expiresIn = /^\d{1,7}$/.test(expires) ? Number(expires) : 0;
  if (expiresIn < 1 || expiresIn > MAX_EXPIRES_SECONDS) {
    throw s3Error(code, "X-Amz-Expires must be between 1 second and a week.");
  }
  return {
    ...readScope(query.get("X-Amz-Credential") ?? "", code),
    date: query.get("X-Amz-Date") ?? "",
    signedHeaders: (query.get("X-Amz-SignedHeaders") ?? "").split(";"),
    signature: query.get("X-Amz-Signature") ?? "",
    payload: query.get("X-Amz-Content-Sha256") ?? readHeader(headers["x-amz-content-sha256"], "UNSIGNED-PAYLOAD"),
    token: query.get("X-Amz-Security-Token") ?? undefined,
    expiresIn,
  };
}

function readScope(credential: string, code: MalformedCode): Pick<Claim, "accessKeyId" | "scope"> {
  const [accessKeyId, shortDate, region, service, end, ...more] = credential.split("/");
  if (
    !accessKeyId ||
    !shortDate ||
    region === undefined ||
    service !== "s3" ||
    end !== "aws4_request" ||
    more.length > 0
  ) {
    throw s3Error(code, "The credential must be <key>/<yyyymmdd>/<region>/s3/aws4_request.");
  }
  return { accessKeyId, scope: [shortDate, region] };
}

function checkScope(claim: Claim, { region, signingRegions }: VerifyOptions, code: MalformedCode): void {
  const [shortDate, claimed] = claim.scope;
  if (!claim.date.startsWith(shortDate)) throw s3Error(code, "The credential's date is not that of the request.");
  const isOther = Array.isArray(signingRegions) && signingRegions.includes(claimed);
  if (claimed === region || signingRegions === "any" || isOther) return;
  throw s3Error(code, `The region '${claimed}' is wrong; expecting '${region}'`, { Region: region });
}

function checkTime({ date, expiresIn }: Claim, nowMs: number): void {
  const signedMs = parseDate(date);
  if (expiresIn === undefined) {
    if (Math.abs(nowMs - signedMs) > MAX_SKEW_MS) {
      throw s3Error("RequestTimeTooSkewed", undefined, {
        RequestTime: date,
        ServerTime: new Date(nowMs).toISOString(),
      });
    }
    return;
  }
  if (signedMs - nowMs > MAX_SKEW_MS) throw s3Error("AccessDenied", "Request is not valid yet");
  const expires = new Date(signedMs + expiresIn * 1000);
  if (nowMs < expires.getTime()) return;
  const details = { Expires: expires.toISOString(), ServerTime: new Date(nowMs).toISOString() };
  throw s3Error("AccessDenied", "Request has expired", { "X-Amz-Expires": String(expiresIn), ...details });
}

function parseDate(date: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (match === null) throw s3Error("AccessDenied", "A valid x-amz-date is required.");
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** S3 wants the host and every x-amz-… header under the signature. */
function checkSignedHeaders({ headers }: S3Request, { signedHeaders, expiresIn }: Claim): void {
  const required = Object.keys(headers).filter((name) => name.startsWith("x-amz-"));
  // In a presigned URL the payload's hash is not a signed header but fixed.
  const missing = ["host", ...required].filter((name) => !signedHeaders.includes(name));
  const unsigned = expiresIn === undefined ? missing : missing.filter((name) => name !== "x-amz-content-sha256");
  if (unsigned.length === 0) return;
  const message = "There were headers present in the request which were not signed";
  throw s3Error("AccessDenied", message, { HeadersNotSigned: unsigned.join(", ") });
}

async function sign(request: S3Request, claim: Claim, credentials: BucketCredentials): Promise<string> {
  const { accessKeyId, secretAccessKey } = credentials;
  // The token is left out of the credentials: it is in the request's own headers or query, where the client signed it.
  const signer = new SignatureV4({
    service: "s3",
    region: claim.scope[1],
    credentials: { accessKeyId, secretAccessKey },
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const signingDate = new Date(parseDate(claim.date));
  const signed = new Set(claim.signedHeaders);
  const signable = toSignable(request, signed);
  if (claim.expiresIn === undefined) {
    const { headers } = await signer.sign(signable, { signingDate, signableHeaders: signed });
    return headers["authorization"]?.split("Signature=")[1] ?? "";
  }
  const names = new Set([...signed, "x-amz-content-sha256"]);
  signable.headers["x-amz-content-sha256"] ??= claim.payload;
  const { query } = await signer.presign(signable, {
    signingDate,
    expiresIn: claim.expiresIn,
    signableHeaders: signed,
    unsignableHeaders: new Set(["x-amz-content-sha256"]),
    unhoistableHeaders: names,
  });
  return String(query?.["X-Amz-Signature"] ?? "");
}

function toSignable(request: S3Request, signedHeaders: Set<string>): SignableRequest {
  const query: Record<string, string | string[]> = {};
  for (const name of new Set(request.query.keys())) {
    const values = request.query.getAll(name);
    if (name !== "X-Amz-Signature") query[name] = values.length === 1 ? (values[0] ?? "") : values;
  }
  const headers = Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      signedHeaders.has(name) && value !== undefined ? [[name, readHeader(value)]] : [],
    ),
  );
  return { method: request.method, protocol: "http:", hostname: "", path: request.canonicalPath, query, headers };
}

function isSame(expected: string, claimed: string): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(claimed)];
  return left.length === right.length && left.length > 0 && timingSafeEqual(left, right);
}

function readHeader(value: string | string[] | undefined, otherwise = ""): string {
  return Array.isArray(value) ? value.join(",") : (value ?? otherwise);
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}
