import type { FaultAction } from "../../local/bucket/faults.ts";
import type { Operation } from "../../local/bucket/operation.ts";
import type { FaultCase } from "../fault-case.ts";
import { impatient } from "./source.ts";

interface BucketFault {
  operation?: Operation;
  nth?: number;
  times?: number;
}

function bucket(
  fault: string,
  action: FaultAction,
  { operation = "UploadPart", nth, times }: BucketFault,
  rest: Partial<FaultCase> & Pick<FaultCase, "expect">,
): FaultCase {
  return {
    area: "bucket",
    fault,
    arrange: ({ world }) => void world.bucket.faults.add({ operation, nth, times, action }),
    ...rest,
  };
}

const stopped = { expect: "failed", target: "untouched" } as const;

export const bucketFaults: FaultCase[] = [
  bucket("one part is answered 500", { status: 500 }, {}, { expect: "recovered" }),
  bucket(
    "three parts are answered 503 SlowDown",
    { status: 503, retryAfterSeconds: 0 },
    { times: 3 },
    { expect: "recovered" },
  ),
  bucket("a part's connection is reset in the middle", { resetAfterBytes: 1_000_000 }, {}, { expect: "recovered" }),
  bucket("a part's answer is lost", { loseAnswer: true }, {}, { expect: "recovered" }),
  bucket("a part is answered with a wrong ETag", { wrongEtag: true }, {}, { expect: "recovered" }),
  bucket(
    "a part is acknowledged and not stored",
    { losePart: true },
    {},
    { ...stopped, says: /part|upload|archive/iu },
  ),
  bucket(
    "a byte of a part turns over in the store",
    { corruptByte: 5000 },
    {},
    { ...stopped, says: /checksum|SHA-256|not sound|differ|damaged/iu },
  ),
  bucket(
    "every part is answered 503, for ever",
    { status: 503 },
    { times: Infinity },
    { ...stopped, says: /gave up|503/iu },
  ),
  bucket("a part hangs, for ever", { hang: true }, {}, { ...stopped, options: impatient, says: /no progress/u }),
  bucket(
    "the credentials expire in the dump",
    { expireCredentials: true },
    {},
    {
      ...stopped,
      says: /expired/iu,
      // The key's second life: what a person does by storing a new one.
      mend: ({ world }) => world.bucket.keyring.expire(Infinity),
    },
  ),
  bucket(
    "writing is forbidden in the dump",
    { code: "AccessDenied", status: 403 },
    { times: Infinity },
    { ...stopped, says: /denied|403/iu },
  ),
  bucket(
    "creating the upload loses its answer",
    { loseAnswer: true },
    { operation: "CreateMultipartUpload" },
    { expect: "recovered" },
  ),
  bucket(
    "completing the upload is answered 500",
    { status: 500 },
    { operation: "CompleteMultipartUpload" },
    { expect: "recovered" },
  ),
  bucket(
    "completing the upload loses its answer",
    { loseAnswer: true },
    { operation: "CompleteMultipartUpload" },
    { expect: "recovered" },
  ),
  bucket(
    "completing gives a good status with an error in it",
    { status: 200, code: "InternalError" },
    { operation: "CompleteMultipartUpload" },
    { expect: "recovered" },
  ),
  bucket(
    "reading the archive back breaks off once",
    { truncateBody: 1_000_000 },
    { operation: "GetObject", nth: 6 },
    { expect: "recovered" },
  ),
  {
    area: "bucket",
    fault: "the archive is cut short between dump and proof",
    during: async ({ world }, run) => {
      world.bucket.faults.add({ operation: "HeadObject", times: Infinity, action: {} });
      await run.stage("proof");
      const archive = world.bucket.objects.list().find(({ key }) => key.endsWith(".dump"));
      if (archive !== undefined) await world.bucket.objects.truncate(archive.key, 5_000_000);
    },
    arrange: ({ world }) => void world.bucket.faults.add({ operation: "GetObject", nth: 4, action: { stallMs: 500 } }),
    ...stopped,
    says: /length|short|bytes|sound|broke off/iu,
  },
  bucket(
    "the journal cannot be written when Heroku is to be asked",
    { status: 403, code: "AccessDenied" },
    { operation: "PutObject", nth: 6, times: Infinity },
    {
      expect: "failed",
      target: "untouched",
      says: /journal\.json|denied/iu,
    },
  ),
  bucket(
    "deleting the archive at the end is answered 503 until it is given up",
    { status: 503 },
    { operation: "DeleteObject", times: 6 },
    { expect: "recovered" },
  ),
];
