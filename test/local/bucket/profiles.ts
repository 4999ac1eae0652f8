/**
 * What one kind of store does differently from the others.
 *
 * Sources: the stores' own compatibility pages and the threads of their users (AWS SDK for JavaScript issue 6810 for the default checksums;
 * R2's "conditional operations" page; Backblaze B2 answering 501 to conditional PutObject; Google's XML API, which conditions on generations).
 * Where nobody has said what a store does, the profile is the stricter of the likely answers.
 */
export interface Profile {
  /** How the bucket may be named: in the path, or as the first label of the host. */
  addressing: readonly ("path" | "virtual")[];
  /** Regions that a signature may be scoped to: the bucket's own, any, or these as well as its own. */
  signingRegions: "own" | "any" | readonly string[];
  /** `x-amz-checksum-*` headers: verified, accepted unread, answered 501 or 400, or accepted and then refused (412) at Complete. */
  checksumHeaders: "verified" | "ignored" | "not-implemented" | "invalid" | "breaks-complete";
  /** `STREAMING-UNSIGNED-PAYLOAD-TRAILER` bodies (aws-chunked): decoded and verified, or refused with this code. */
  trailers: "verified" | "InvalidArgument" | "NotImplemented" | "XAmzContentSHA256Mismatch";
  /** If-Match and If-None-Match on PutObject and Complete; "ignored" writes all the same, so a lock built on it does not lock. */
  conditionalWrites: "honoured" | "refused" | "ignored";
  /** If-Match on DeleteObject; where false, 501. */
  conditionalDeletes: boolean;
  /** All parts but the last of one size, the last not larger; checked at Complete. */
  equalParts: boolean;
  /** The least size of every part but the last. */
  minPartBytes: number;
  /** Completing an upload that the same list has completed before answers 200 again. */
  repeatableComplete: boolean;
  /** Aborting an upload that has been aborted before answers 204 again, not NoSuchUpload. */
  repeatableAbort: boolean;
}

const MIB = 1024 * 1024;

const AWS: Profile = {
  addressing: ["path", "virtual"],
  signingRegions: "own",
  checksumHeaders: "verified",
  trailers: "verified",
  conditionalWrites: "honoured",
  conditionalDeletes: true,
  equalParts: false,
  minPartBytes: 5 * MIB,
  repeatableComplete: true,
  repeatableAbort: true,
};

const CLONE: Profile = { ...AWS, conditionalDeletes: false, repeatableComplete: false, repeatableAbort: false };

const CEPH: Profile = { ...CLONE, checksumHeaders: "ignored", trailers: "XAmzContentSHA256Mismatch" };

const MINIO: Profile = { ...CLONE, addressing: ["path"] };

export const PROFILES = {
  aws: AWS,
  r2: {
    ...CLONE,
    signingRegions: ["auto", "us-east-1"],
    checksumHeaders: "not-implemented",
    trailers: "NotImplemented",
    equalParts: true,
  },
  gcs: {
    ...CLONE,
    signingRegions: "any",
    checksumHeaders: "breaks-complete",
    trailers: "InvalidArgument",
    conditionalWrites: "ignored",
  },
  upcloud: { ...CLONE, addressing: ["path"], checksumHeaders: "invalid", trailers: "InvalidArgument" },
  linode: CEPH,
  digitalocean: { ...CEPH, signingRegions: ["us-east-1"] },
  vultr: { ...CEPH, signingRegions: "any" },
  backblaze: {
    ...CLONE,
    trailers: "NotImplemented",
    conditionalWrites: "refused",
    minPartBytes: 5_000_000,
  },
  minio: MINIO,
  render: MINIO,
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof PROFILES;
