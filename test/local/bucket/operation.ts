/** The S3 operations that the local bucket knows; anything else is answered 501 NotImplemented, as clones of S3 do. */
export const OPERATIONS = [
  "HeadBucket",
  "GetBucketLocation",
  "ListObjectsV2",
  "ListMultipartUploads",
  "PutObject",
  "GetObject",
  "HeadObject",
  "DeleteObject",
  "CreateMultipartUpload",
  "UploadPart",
  "ListParts",
  "CompleteMultipartUpload",
  "AbortMultipartUpload",
] as const;

export type Operation = (typeof OPERATIONS)[number];

const SUBRESOURCES = new Set(
  (
    "accelerate acl analytics attributes cors delete encryption inventory legal-hold lifecycle logging metrics notification " +
    "object-lock ownershipControls policy publicAccessBlock replication requestPayment restore retention select tagging " +
    "torrent versionId versioning versions website"
  ).split(" "),
);

interface Target {
  method: string;
  key: string;
  query: URLSearchParams;
  isCopy: boolean;
}

/** Which operation a request means; undefined where the local bucket has none. */
export function findOperation({ method, key, query, isCopy }: Target): Operation | undefined {
  if (isCopy || [...query.keys()].some((name) => SUBRESOURCES.has(name))) return undefined;
  return key === "" ? findBucketOperation(method, query) : findObjectOperation(method, query);
}

function findBucketOperation(method: string, query: URLSearchParams): Operation | undefined {
  if (method === "HEAD") return "HeadBucket";
  if (method !== "GET") return undefined;
  if (query.has("location")) return "GetBucketLocation";
  if (query.has("uploads")) return "ListMultipartUploads";
  return query.get("list-type") === "2" ? "ListObjectsV2" : undefined;
}

function findObjectOperation(method: string, query: URLSearchParams): Operation | undefined {
  const hasUpload = query.has("uploadId");
  switch (method) {
    case "HEAD":
      return "HeadObject";
    case "GET":
      return hasUpload ? "ListParts" : "GetObject";
    case "PUT":
      return hasUpload || query.has("partNumber") ? "UploadPart" : "PutObject";
    case "DELETE":
      return hasUpload ? "AbortMultipartUpload" : "DeleteObject";
    case "POST":
      if (query.has("uploads")) return "CreateMultipartUpload";
      return hasUpload ? "CompleteMultipartUpload" : undefined;
    default:
      return undefined;
  }
}
