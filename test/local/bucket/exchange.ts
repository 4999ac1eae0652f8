import type { ServerResponse } from "node:http";
import type { ChecksumAlgorithm } from "./checksums.ts";
import type { Contents, Segment } from "./contents.ts";
import type { BucketCredentials, Keyring } from "./credentials.ts";
import type { FaultAction, Wire } from "./faults.ts";
import type { PacedBody } from "./paced-body.ts";
import type { Profile } from "./profiles.ts";
import type { RecordedRequest } from "./recording.ts";
import type { S3Request } from "./request.ts";

/** One object. */
export interface StoredObject {
  key: string;
  /** Without quotes. */
  etag: string;
  bytes: number;
  lastModifiedMs: number;
  segments: readonly Segment[];
  /** Content-Type and the like, and `x-amz-meta-…`, given back with the object. */
  headers: Record<string, string>;
  /** Hexadecimal; only where the bucket computes it and the object came in one piece. */
  sha256: string | undefined;
  checksum: StoredChecksum | undefined;
}

export interface StoredChecksum {
  algorithm: ChecksumAlgorithm;
  /** Base64; with `-N` behind it where it is of N parts. */
  value: string;
  type: "FULL_OBJECT" | "COMPOSITE";
}

export interface Part {
  partNumber: number;
  etag: string;
  bytes: number;
  lastModifiedMs: number;
  segment: Segment;
  md5: Buffer | undefined;
  sha256: string | undefined;
  checksum: { algorithm: ChecksumAlgorithm; value: string } | undefined;
}

/** A multipart upload that is neither completed nor aborted. */
export interface Upload {
  key: string;
  uploadId: string;
  initiatedAtMs: number;
  headers: Record<string, string>;
  checksum: { algorithm: ChecksumAlgorithm; type: StoredChecksum["type"] } | undefined;
  parts: Map<number, Part>;
}

/** All that the bucket holds. */
export interface BucketState {
  name: string;
  region: string;
  profile: Profile;
  keyring: Keyring;
  contents: Contents;
  objects: Map<string, StoredObject>;
  uploads: Map<string, Upload>;
  /** Uploads that are over: what Complete answered, or "aborted". */
  ended: Map<string, { key: string; answer: Answer } | "aborted">;
  computesMd5: boolean;
  computesSha256: boolean;
  verifiesPayload: boolean;
  now(): number;
}

/** What an operation answers. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  xml?: string;
  /** The bytes from `start` to `end`, exclusive. */
  content?: { object: StoredObject; start: number; end: number };
}

/** One verified request, while it is being answered. */
export interface Exchange {
  bucket: BucketState;
  request: S3Request;
  credentials: BucketCredentials;
  /** The signed value of `x-amz-content-sha256`. */
  payload: string;
  fault: FaultAction;
  body: PacedBody;
  wire: Wire;
  record: RecordedRequest;
  outgoing: ServerResponse;
  /** The request's body; the client is told to send it only when this is first called. */
  readBody(): AsyncIterable<Buffer>;
}
