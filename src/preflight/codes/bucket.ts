import type { CodeDefinitions } from "./definition.ts";

export const bucketCodes = {
  BUCKET_UNREACHABLE: {
    severity: "blocked",
    title: "The bucket could not be asked at all",
    why: "Without it the archive has no way to Heroku.",
    source: "the probe's connection to the endpoint",
    remedy: "Check s3-endpoint, s3-region and the runner's network.",
    acceptable: false,
  },
  BUCKET_NOT_S3: {
    severity: "blocked",
    title: "The endpoint does not speak S3",
    why: "Azure Blob Storage has no S3 API.",
    source: "Microsoft's documentation of Blob Storage",
    remedy: "Use a bucket of another store: AWS S3, Cloudflare R2, DigitalOcean Spaces, Backblaze B2 and others.",
    acceptable: false,
  },
  BUCKET_WRITE_FAILED: {
    severity: "blocked",
    title: "An object could not be written",
    why: "The archive could not be written either.",
    source: "a put of a small object under our prefix",
    remedy: "Check the bucket's name and region, and that the key may put objects under bucket-prefix.",
  },
  BUCKET_MULTIPART_FAILED: {
    severity: "blocked",
    title: "A multipart upload could not be started or aborted",
    why: "The archive is uploaded in parts, and what is left of an ended run must be removable.",
    source: "create and abort of a multipart upload under our prefix",
    remedy: "Allow s3:AbortMultipartUpload and s3:ListMultipartUploadParts besides s3:PutObject.",
  },
  BUCKET_URL_FAILED: {
    severity: "blocked",
    title: "The presigned URL does not answer as Heroku needs it",
    why: "Heroku asks for the whole object and accepts exactly 200 with a length, then for ranges and accepts 206 or 200.",
    source: "Heroku's downloader",
    remedy:
      "Allow s3:GetObject to the key that signs; check s3-addressing, and that no proxy in front compresses or redirects.",
  },
  BUCKET_URL_PRIVATE: {
    severity: "blocked",
    title: "Heroku cannot reach the bucket's address",
    why: "Heroku fetches the archive from its own network, by HTTPS with a publicly trusted certificate.",
    source: "Heroku's restore from a URL",
    remedy: "Use an endpoint with a public host name and HTTPS.",
  },
  BUCKET_DELETE_FAILED: {
    severity: "warning",
    title: "An object could not be deleted",
    why: "The archive, a copy of the whole database, would stay in the bucket.",
    source: "delete of the probe object",
    remedy: "Allow s3:DeleteObject, or delete the archive by hand after the migration.",
  },
  BUCKET_CLOCK_DIFFERS: {
    severity: "warning",
    title: "The runner's clock and the store's differ",
    why: "Signatures a quarter of an hour off are refused, and URLs end earlier or later than planned.",
    source: "AWS documentation of RequestTimeTooSkewed",
    remedy: "Set the runner's clock (NTP).",
  },
  BUCKET_LEFTOVER_UPLOADS: {
    severity: "warning",
    title: "Incomplete uploads of earlier runs are in the bucket",
    why: "They cost storage, and on some stores they never expire.",
    source: "list of multipart uploads under our prefix",
    remedy: "Abort them, or set a lifecycle rule for incomplete uploads.",
  },
} as const satisfies CodeDefinitions;
