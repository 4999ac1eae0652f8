import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { findOperation, type Operation } from "./operation.ts";
import type { Profile } from "./profiles.ts";
import { s3Error } from "./s3-error.ts";

/** A request as S3 understands it; nothing in it has been believed yet. */
export interface S3Request {
  method: string;
  /** The path as it came, still escaped. */
  path: string;
  /** The path escaped the way a signature wants it. */
  canonicalPath: string;
  bucket: string;
  /** Empty for an operation on the bucket itself. */
  key: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  operation: Operation | undefined;
}

const BUCKET_HOST = /^(.+)\.localhost$/;

/** Takes path-style and, where the profile allows it, virtual-host style (`<bucket>.localhost`) addresses apart. */
export function parseRequest(incoming: IncomingMessage, addressing: Profile["addressing"]): S3Request {
  const url = incoming.url ?? "/";
  const at = url.indexOf("?");
  const path = at < 0 ? url : url.slice(0, at);
  const query = new URLSearchParams(at < 0 ? "" : url.slice(at + 1));
  const segments = decodePath(path);
  const host = (incoming.headers.host ?? "").replace(/:\d+$/, "");
  const fromHost = addressing.includes("virtual") ? BUCKET_HOST.exec(host)?.[1] : undefined;
  if (fromHost === undefined && !addressing.includes("path")) {
    throw s3Error("InvalidRequest", "This store wants the bucket in the host name.");
  }
  const [bucket = "", ...rest] = fromHost === undefined ? segments : [fromHost, ...segments];
  const key = rest.join("/");
  const method = incoming.method ?? "GET";
  const isCopy = incoming.headers["x-amz-copy-source"] !== undefined;
  const canonicalPath = `/${segments.map(escapeSegment).join("/")}`;
  const operation = bucket === "" ? undefined : findOperation({ method, key, query, isCopy });
  return { method, path, canonicalPath, bucket, key, query, headers: incoming.headers, operation };
}

function decodePath(path: string): string[] {
  try {
    return path.slice(1).split("/").map(decodeURIComponent);
  } catch (cause) {
    throw Object.assign(s3Error("InvalidURI"), { cause });
  }
}

function escapeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** A header that may come once; undefined where absent. */
export function findHeader(request: S3Request, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(",") : value;
}

/** A whole number out of the query, within bounds; throws InvalidArgument. */
export function readNumber(request: S3Request, name: string, least: number, most: number, otherwise?: number): number {
  const value = request.query.get(name);
  if (value === null && otherwise !== undefined) return otherwise;
  const number = /^\d+$/.test(value ?? "") ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  const message = `${name} must be an integer between ${least} and ${most}, inclusive`;
  throw s3Error("InvalidArgument", message, { ArgumentName: name, ArgumentValue: value ?? "" });
}
