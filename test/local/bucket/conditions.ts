import type { Exchange, StoredObject } from "./exchange.ts";
import { findHeader } from "./request.ts";
import { S3Error, s3Error } from "./s3-error.ts";

/** Throws where a PutObject or Complete is conditional and the condition does not hold, or the store knows no conditions. */
export function checkWrite({ request, bucket }: Exchange, key: string): void {
  const ifMatch = findHeader(request, "if-match");
  const ifNoneMatch = findHeader(request, "if-none-match");
  if (ifMatch === undefined && ifNoneMatch === undefined) return;
  const { conditionalWrites } = bucket.profile;
  if (conditionalWrites === "ignored") return;
  if (conditionalWrites === "refused") throw s3Error("NotImplemented");
  const current = bucket.objects.get(key);
  if (ifNoneMatch !== undefined) {
    // S3 takes nothing but the asterisk here.
    if (ifNoneMatch !== "*") throw s3Error("NotImplemented");
    if (current !== undefined) throw s3Error("PreconditionFailed", undefined, { Condition: "If-None-Match" });
  }
  if (ifMatch === undefined) return;
  if (current === undefined) throw s3Error("NoSuchKey", undefined, { Key: key });
  if (!isMatch(ifMatch, current)) throw s3Error("PreconditionFailed", undefined, { Condition: "If-Match" });
}

export function checkDelete({ request, bucket }: Exchange): void {
  const ifMatch = findHeader(request, "if-match");
  if (ifMatch === undefined) return;
  if (!bucket.profile.conditionalDeletes) throw s3Error("NotImplemented");
  const current = bucket.objects.get(request.key);
  if (current === undefined) throw s3Error("NoSuchKey", undefined, { Key: request.key });
  if (!isMatch(ifMatch, current)) throw s3Error("PreconditionFailed", undefined, { Condition: "If-Match" });
}

/** Throws 412, or 304 without a body, where a GET or HEAD is conditional and the condition does not hold. */
export function checkRead({ request }: Exchange, object: StoredObject): void {
  const ifMatch = findHeader(request, "if-match");
  const ifNoneMatch = findHeader(request, "if-none-match");
  const modified = Math.floor(object.lastModifiedMs / 1000) * 1000;
  if (ifMatch !== undefined) {
    if (!isMatch(ifMatch, object)) throw s3Error("PreconditionFailed", undefined, { Condition: "If-Match" });
  } else if (modified > readDate(request.headers["if-unmodified-since"], Infinity)) {
    throw s3Error("PreconditionFailed", undefined, { Condition: "If-Unmodified-Since" });
  }
  const isUnchanged =
    ifNoneMatch === undefined
      ? modified <= readDate(request.headers["if-modified-since"], -Infinity)
      : isMatch(ifNoneMatch, object);
  if (isUnchanged) throw new S3Error("NotModified", 304, "Not Modified", {}, { etag: `"${object.etag}"` });
}

function isMatch(header: string, object: StoredObject): boolean {
  const tags = header.split(",").map((tag) => tag.trim().replaceAll('"', ""));
  return tags.includes("*") || tags.includes(object.etag);
}

function readDate(header: string | undefined, otherwise: number): number {
  const date = Date.parse(header ?? "");
  return Number.isNaN(date) ? otherwise : date;
}
