import { createHash, randomBytes } from "node:crypto";
import dns from "node:dns";
import { inspect } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import type { BucketInputs } from "../src/inputs/inputs.ts";
import { Secret } from "../src/secret.ts";
import { abortUpload } from "../src/storage/abort.ts";
import { openBucket } from "../src/storage/bucket.ts";
import { listUploads } from "../src/storage/multipart.ts";
import { presignGet } from "../src/storage/presign.ts";
import { probeBucket } from "../src/storage/probe.ts";
import { readAsHeroku } from "../src/storage/ranged-reader.ts";
import { abortUploads } from "../src/storage/sweep.ts";
import { type UploadOptions, startUpload } from "../src/storage/upload.ts";
import type { BucketOptions, Bucket as LocalBucket } from "./local/bucket/bucket.ts";
import { BUCKET, KEYS, startTestBucket } from "./local/bucket/fixture.ts";
import type { Fault } from "./local/bucket/faults.ts";
import type { ProfileName } from "./local/bucket/profiles.ts";

const mebibyte = 1024 ** 2;
const partBytes = 5 * mebibyte;
const quick = { tries: 4, baseMs: 5, capMs: 20 };

const started: LocalBucket[] = [];
afterEach(async () => {
  for (const local of started.splice(0)) await local.close();
});

async function startLocal(options: Partial<BucketOptions> = {}): Promise<LocalBucket> {
  const local = await startTestBucket(options);
  started.push(local);
  return local;
}

function inputsFor(local: LocalBucket, changes: Partial<BucketInputs> = {}): BucketInputs {
  return {
    bucket: BUCKET,
    prefix: "runs/",
    endpoint: local.endpoint,
    region: "us-east-1",
    credentials: {
      accessKeyId: new Secret(KEYS.accessKeyId),
      secretAccessKey: new Secret(KEYS.secretAccessKey),
    },
    addressing: "auto",
    keepArchive: false,
    ...changes,
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What a test writes, in pieces that do not end where parts do. */
async function uploadAll(local: LocalBucket, content: Buffer, options: Partial<UploadOptions> = {}) {
  const bucket = openBucket(inputsFor(local));
  await using upload = await startUpload(bucket, bucket.keyFor("a.dump"), {
    partBytes,
    partsInFlight: 3,
    policy: quick,
    ...options,
  });
  for (let at = 0; at < content.length; at += 700_001) await upload.write(content.subarray(at, at + 700_001));
  return await upload.complete();
}

async function failureOf(promise: Promise<unknown>): Promise<Error & { code?: string; hint?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing failed");
}

/** Every way in which an error gets into a log. */
function printed(error: Error): string {
  return [inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error), error.stack].join("\n");
}

function expectNoSecret(error: Error): void {
  for (const secret of [KEYS.accessKeyId, KEYS.secretAccessKey, "X-Amz-Signature", "Credential="])
    expect(printed(error)).not.toContain(secret);
}

describe("objects", () => {
  test("are stored, read, found, listed and deleted", async () => {
    const bucket = openBucket(inputsFor(await startLocal()));
    const key = bucket.keyFor("journal.json");
    expect(await bucket.findObject(key)).toBeUndefined();
    expect(await bucket.findHead(key)).toBeUndefined();
    const stored = await bucket.putObject(key, Buffer.from("0123456789"));
    expect(stored.outcome).toBe("stored");
    const object = await bucket.getObject(key);
    expect(object).toMatchObject({ key, bytes: 10, content: Buffer.from("0123456789") });
    expect((await bucket.getObject(key, { range: { start: 2, end: 4 } })).content.toString()).toBe("234");
    expect((await bucket.getObject(key, { range: { start: 7 } })).content.toString()).toBe("789");
    expect(await bucket.headObject(key)).toMatchObject({ bytes: 10, etag: object.etag });
    expect((await bucket.listObjects()).map((head) => head.key)).toEqual([key]);
    const open = await bucket.openObject(key);
    expect(Buffer.concat(await open.stream.toArray()).toString()).toBe("0123456789");
    await bucket.deleteObject(key);
    await bucket.deleteObject(key);
    expect(await bucket.findObject(key)).toBeUndefined();
  });

  test("are stored under a condition, or not at all", async () => {
    const local = await startLocal();
    const bucket = openBucket(inputsFor(local));
    const first = await bucket.putObject("lock", Buffer.from("one"), { ifNoneMatch: "*" });
    expect(first.outcome).toBe("stored");
    expect(await bucket.putObject("lock", Buffer.from("two"), { ifNoneMatch: "*" })).toEqual({
      outcome: "precondition-failed",
    });
    const etag = first.outcome === "stored" ? first.etag : "";
    expect((await bucket.putObject("lock", Buffer.from("three"), { ifMatch: etag })).outcome).toBe("stored");
    expect((await bucket.putObject("lock", Buffer.from("four"), { ifMatch: etag })).outcome).toBe(
      "precondition-failed",
    );
    expect((await bucket.putObject("gone", Buffer.from("five"), { ifMatch: etag })).outcome).toBe(
      "precondition-failed",
    );
    expect((await local.objects.read("lock")).toString()).toBe("three");
  });

  test("stored by a try whose answer got lost count as stored, not as a refused condition", async () => {
    const local = await startLocal();
    local.faults.add({ operation: "PutObject", action: { loseAnswer: true } });
    const outcome = await openBucket(inputsFor(local)).putObject("lock", Buffer.from("mine"), { ifNoneMatch: "*" });
    expect(outcome.outcome).toBe("stored");
    expect(local.requests.filter((request) => request.operation === "PutObject")).toHaveLength(2);
  });

  test("a store without conditions says so", async () => {
    const bucket = openBucket(inputsFor(await startLocal({ profile: "backblaze" })));
    const outcome = await bucket.putObject("lock", Buffer.from("one"), { ifNoneMatch: "*" });
    expect(outcome).toEqual({ outcome: "conditions-unsupported" });
  });

  test("a broken download is repeated", async () => {
    const local = await startLocal();
    const content = randomBytes(3 * mebibyte);
    const bucket = openBucket(inputsFor(local));
    await bucket.putObject("a", content);
    local.faults.add({ operation: "GetObject", action: { resetAfterBytes: mebibyte } });
    const found = await bucket.getObject("a");
    expect(found.content.equals(content)).toBe(true);
  });
});

describe("upload", () => {
  test("sends equal parts, the last one smaller, and knows the SHA-256 of the whole", async () => {
    const local = await startLocal();
    const content = randomBytes(partBytes * 3 + 12_345);
    const parts: number[] = [];
    const done = await uploadAll(local, content, { onPart: (part) => parts.push(part.bytes) });
    expect(done).toMatchObject({ key: "runs/a.dump", bytes: content.length, sha256: sha256(content), parts: 4 });
    expect(parts.toSorted((a, b) => a - b)).toEqual([12_345, partBytes, partBytes, partBytes]);
    expect(await local.objects.sha256("runs/a.dump")).toBe(sha256(content));
    expect(local.uploads()).toEqual([]);
    const sent = local.requests.filter((request) => request.operation === "UploadPart");
    expect(sent.every((request) => request.headers["content-md5"] !== undefined)).toBe(true);
    expect(sent.some((request) => Object.keys(request.headers).some((name) => name.includes("checksum")))).toBe(false);
  });

  test.each<ProfileName>(["aws", "r2", "gcs", "upcloud", "linode", "digitalocean", "vultr", "backblaze", "minio"])(
    "works at %s",
    async (profile) => {
      const local = await startLocal({ profile });
      const content = randomBytes(partBytes * 2 + 1);
      expect((await uploadAll(local, content)).sha256).toBe(await local.objects.sha256("runs/a.dump"));
    },
  );

  test("keeps no more than its parts in flight when the store is slow", async () => {
    const local = await startLocal({ storage: "discard" });
    local.faults.add({ operation: "UploadPart", times: Infinity, action: { stallMs: 60 } });
    const bucket = openBucket(inputsFor(local));
    await using upload = await startUpload(bucket, "a", { partBytes, partsInFlight: 2 });
    const chunk = Buffer.alloc(mebibyte, 7);
    const before = process.memoryUsage().arrayBuffers;
    let peak = 0;
    for (let count = 0; count < 100; count += 1) {
      await upload.write(chunk);
      peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
    }
    await upload.complete();
    expect(local.stats.peakParts).toBe(2);
    // Three buffers of ours, and what the store, in this very process, holds of two bodies.
    expect(peak).toBeLessThan(3 * partBytes + 12 * mebibyte);
  });

  const curable: [string, Fault][] = [
    ["a burst of 503", { operation: "UploadPart", times: 3, action: { status: 503 } }],
    ["a 400 RequestTimeout", { operation: "UploadPart", action: { code: "RequestTimeout", status: 400 } }],
    [
      "a reset in the middle of a part",
      { operation: "UploadPart", partNumber: 2, action: { resetAfterBytes: mebibyte } },
    ],
    ["a lost answer to a part", { operation: "UploadPart", partNumber: 2, action: { loseAnswer: true } }],
    ["a wrong ETag", { operation: "UploadPart", partNumber: 1, action: { wrongEtag: true } }],
    ["a lost answer to create", { operation: "CreateMultipartUpload", action: { loseAnswer: true } }],
    ["a 500 at create", { operation: "CreateMultipartUpload", action: { status: 500 } }],
    ["a lost answer to complete", { operation: "CompleteMultipartUpload", action: { loseAnswer: true } }],
    [
      "a 200 at complete with an error inside",
      { operation: "CompleteMultipartUpload", action: { status: 200, code: "InternalError" } },
    ],
    ["a 503 at complete", { operation: "CompleteMultipartUpload", times: 2, action: { status: 503 } }],
    ["a reset at complete", { operation: "CompleteMultipartUpload", action: { resetAfterBytes: 0 } }],
    ["a 503 at the last look", { operation: "HeadObject", action: { status: 503 } }],
  ];
  test.each(curable.flatMap(([name, fault]) => [["aws", name, fault] as const, ["r2", name, fault] as const]))(
    "%s: %s is overcome",
    async (profile, _name, fault) => {
      const local = await startLocal({ profile });
      const handle = local.faults.add(fault);
      const content = randomBytes(partBytes * 2 + 77);
      const done = await uploadAll(local, content);
      expect(handle.fired).toBeGreaterThan(0);
      expect(done.sha256).toBe(await local.objects.sha256("runs/a.dump"));
      expect(local.uploads()).toEqual([]);
    },
  );

  const fatal: [string, Fault, string][] = [
    [
      "credentials that expire",
      { operation: "UploadPart", nth: 2, action: { expireCredentials: true } },
      "BUCKET_EXPIRED_TOKEN",
    ],
    [
      "a store that refuses a part",
      { operation: "UploadPart", nth: 2, action: { code: "AccessDenied" } },
      "BUCKET_ACCESS_DENIED",
    ],
    ["a store that stays down", { operation: "UploadPart", nth: 2, times: 30, action: { status: 503 } }, "GAVE_UP"],
    [
      "ETags that stay wrong",
      { operation: "UploadPart", partNumber: 1, times: 30, action: { wrongEtag: true } },
      "GAVE_UP",
    ],
    [
      "a part that the store lost",
      { operation: "UploadPart", partNumber: 2, action: { losePart: true } },
      "BUCKET_INVALID_PART",
    ],
    [
      "a complete that is refused",
      { operation: "CompleteMultipartUpload", action: { code: "AccessDenied" } },
      "BUCKET_ACCESS_DENIED",
    ],
  ];
  test.each(fatal)("%s end it, and leave no upload", async (name, fault, code) => {
    const local = await startLocal();
    local.faults.add(fault);
    const error = await failureOf(uploadAll(local, randomBytes(partBytes * 6)));
    expect(error).toMatchObject({ name: "MigrationError", code });
    expectNoSecret(error);
    if (name.startsWith("credentials")) {
      // The key is dead, so the abort was refused too: `cleanup` does it with a fresh one.
      expect(local.uploads()).toHaveLength(1);
      expect(error.hint).toContain("outlives the migration");
    } else expect(local.uploads()).toEqual([]);
    expect(local.objects.list()).toEqual([]);
  });

  test.each([0, 1, 2])("an interruption at moment %d aborts it and ends with the signal's reason", async (moment) => {
    const local = await startLocal();
    local.faults.add({ operation: "UploadPart", times: Infinity, action: { bytesPerSecond: 4 * mebibyte } });
    const interruption = new AbortController();
    const reason = new Error("stop");
    const content = randomBytes(partBytes * 5);
    const running = failureOf(uploadAll(local, content, { signal: interruption.signal }));
    if (moment === 0) interruption.abort(reason);
    else setTimeout(() => interruption.abort(reason), moment * 400);
    expect(await running).toBe(reason);
    expect(local.uploads()).toEqual([]);
    expect(local.objects.list()).toEqual([]);
  });

  test("an interruption while it is being created leaves nothing behind", async () => {
    const local = await startLocal();
    const fault = local.faults.add({ operation: "CreateMultipartUpload", action: { loseAnswer: true } });
    const interruption = new AbortController();
    const timer = setInterval(() => {
      if (fault.fired > 0 && local.uploads().length > 0) interruption.abort(new Error("stop"));
    }, 1);
    await failureOf(uploadAll(local, randomBytes(10), { signal: interruption.signal }));
    clearInterval(timer);
    expect(local.uploads()).toEqual([]);
  });

  test("abort repeats itself while parts are still listed, and is safe to repeat", async () => {
    const local = await startLocal();
    local.faults.add({ operation: "AbortMultipartUpload", times: 2, action: { status: 503 } });
    local.faults.add({ operation: "AbortMultipartUpload", nth: 3, action: { status: 204 } });
    const bucket = openBucket(inputsFor(local));
    const upload = await startUpload(bucket, "a", { partBytes, partsInFlight: 1 });
    await upload.write(Buffer.alloc(partBytes));
    await upload.abort();
    expect(local.uploads()).toEqual([]);
    await upload.abort();
    await abortUpload(bucket, "a", upload.uploadId);
    expect(await listUploads(bucket, "")).toEqual([]);
    expect(await failureOf(upload.write(Buffer.alloc(1)))).toMatchObject({ code: "BUCKET_ABORTED" });
  });

  test("a key that may not list parts still aborts", async () => {
    const local = await startLocal({ deny: ["ListParts", "ListMultipartUploads"] });
    const bucket = openBucket(inputsFor(local));
    const upload = await startUpload(bucket, "a", { partBytes, partsInFlight: 1 });
    await upload.abort();
    expect(local.uploads()).toEqual([]);
  });

  test("an interruption while the store is down ends within five seconds", async () => {
    const local = await startLocal();
    local.faults.add({ operation: "UploadPart", times: Infinity, action: { hang: true } });
    local.faults.add({ operation: "AbortMultipartUpload", times: Infinity, action: { status: 503 } });
    const interruption = new AbortController();
    const running = failureOf(uploadAll(local, randomBytes(partBytes * 5), { signal: interruption.signal }));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const startedAt = performance.now();
    interruption.abort(new Error("stop"));
    expect((await running).message).toBe("stop");
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    local.faults.clear();
    expect(await abortUploads(openBucket(inputsFor(local)), "runs/")).toBe(1);
    expect(local.uploads()).toEqual([]);
  });

  test("of nothing is refused", async () => {
    const local = await startLocal();
    expect(await failureOf(uploadAll(local, Buffer.alloc(0)))).toMatchObject({ code: "BUCKET_EMPTY" });
    expect(local.uploads()).toEqual([]);
  });
});

describe("mistakes in the inputs", () => {
  const cases: [string, Partial<BucketInputs>, Partial<BucketOptions>, string, string][] = [
    ["a wrong region", { region: "eu-west-3" }, {}, "BUCKET_AUTHORIZATION_HEADER_MALFORMED", "us-east-1"],
    ["an unknown bucket", { bucket: "elsewhere" }, {}, "BUCKET_NO_SUCH_BUCKET", "must exist"],
    [
      "an unknown key",
      { credentials: { accessKeyId: new Secret("AKIANOBODY0000000001"), secretAccessKey: new Secret("x") } },
      {},
      "BUCKET_INVALID_ACCESS_KEY_ID",
      "s3-access-key-id",
    ],
    [
      "a wrong secret",
      { credentials: { accessKeyId: new Secret(KEYS.accessKeyId), secretAccessKey: new Secret("wrong-secret-key") } },
      {},
      "BUCKET_SIGNATURE_DOES_NOT_MATCH",
      "s3-secret-access-key",
    ],
    ["expired credentials", {}, { expiresAtMs: 1 }, "BUCKET_EXPIRED_TOKEN", "outlives the migration"],
    ["a key that may only read", {}, { access: "read-only" }, "BUCKET_ACCESS_DENIED", "s3:PutObject"],
  ];
  test.each(cases)("%s", async (_name, changes, options, code, hint) => {
    const bucket = openBucket(inputsFor(await startLocal(options), changes));
    const error = await failureOf(bucket.putObject("a", Buffer.from("b")));
    expect(error).toMatchObject({ code, hint: expect.stringContaining(hint) });
    expectNoSecret(error);
    expect(printed(error)).not.toContain("wrong-secret-key");
    expect(printed(error)).not.toContain("AKIANOBODY");
  });

  test("a host that nobody knows", async () => {
    const local = await startLocal();
    const bucket = openBucket(inputsFor(local, { endpoint: "https://nowhere.invalid" }));
    const error = await failureOf(bucket.putObject("a", Buffer.from("b")));
    expect(error.code).toMatch(/^(BUCKET_ENOTFOUND|GAVE_UP)$/u);
    expect(error.hint).toMatch(/s3-endpoint|DNS/u);
  });

  test("a clock far behind the store's is corrected once the store has said so", async () => {
    const local = await startLocal({ now: () => Date.now() + 3600_000 });
    const bucket = openBucket(inputsFor(local));
    expect((await bucket.putObject("a", Buffer.from("b"))).outcome).toBe("stored");
    const url = await presignGet(bucket, "a", 600);
    expect((await fetch(url.reveal())).status).toBe(200);
  });
});

describe("addressing", () => {
  const { lookup } = dns;
  afterEach(() => {
    dns.lookup = lookup;
  });

  test("by virtual host carries the bucket's name in the host, in signed URLs too", async () => {
    // Not every resolver knows that names under localhost are the loopback address (RFC 6761).
    dns.lookup = ((_host: string, ...rest: Parameters<typeof lookup>) =>
      lookup("127.0.0.1", ...(rest as unknown as [never]))) as typeof lookup;
    const local = await startLocal({ rules: { addressing: ["virtual"] } });
    const changes = { endpoint: local.virtualHostEndpoint, addressing: "virtual-host" as const };
    const result = await probeBucket(openBucket(inputsFor(local, changes)), { measureBytes: 0 });
    expect(result).toMatchObject({ ok: true });
    expect(local.requests.every((request) => request.headers["host"]?.startsWith(`${BUCKET}.localhost`))).toBe(true);
    const byPath = inputsFor(local, { addressing: "path" });
    expect((await failureOf(openBucket(byPath).putObject("a", Buffer.from("b")))).name).toBe("MigrationError");
  });
});

describe("presigned URLs", () => {
  test("let an outsider read, and print as a secret", async () => {
    const local = await startLocal();
    const bucket = openBucket(inputsFor(local));
    await bucket.putObject("runs/ä b.dump", Buffer.from("PGDMP"));
    const url = await presignGet(bucket, "runs/ä b.dump", 60);
    expect(await (await fetch(url.reveal())).text()).toBe("PGDMP");
    expect(`${inspect(url)} ${JSON.stringify(url)}`).not.toContain("http");
    expect(url.reveal()).not.toContain("checksum");
    expect(new URL(url.reveal()).searchParams.get("X-Amz-Expires")).toBe("60");
  });

  test("never live longer than seven days", async () => {
    const url = await presignGet(openBucket(inputsFor(await startLocal())), "a", 30 * 86_400);
    expect(new URL(url.reveal()).searchParams.get("X-Amz-Expires")).toBe("604800");
  });

  test("are refused where the credentials end first", async () => {
    const bucket = openBucket(inputsFor(await startLocal()));
    bucket.credentialsExpireAt = async () => new Date(Date.now() + 600_000);
    const error = await failureOf(presignGet(bucket, "a", 7_200));
    expect(error).toMatchObject({ code: "BUCKET_CREDENTIALS_SHORT" });
    expect(error.message).toContain("end in 10 min");
    await presignGet(bucket, "a", 300);
  });
});

describe("reading as Heroku does", () => {
  async function stored(local: LocalBucket, bytes: number, seconds = 600) {
    const bucket = openBucket(inputsFor(local));
    const content = randomBytes(bytes);
    await bucket.putObject("runs/a.dump", content);
    return { content, url: await presignGet(bucket, "runs/a.dump", seconds) };
  }

  async function readAll(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
    const all: Buffer[] = [];
    for await (const chunk of chunks) all.push(chunk);
    return Buffer.concat(all);
  }

  test.each([0, 1, 5 * mebibyte, 5 * mebibyte + 1, 23 * mebibyte + 17])(
    "%d bytes come back in order",
    async (bytes) => {
      const local = await startLocal();
      const { content, url } = await stored(local, bytes);
      const options = { bytes, rangeBytes: 4 * mebibyte, expectedSha256: sha256(content) };
      expect((await readAll(readAsHeroku(url, options))).equals(content)).toBe(true);
      const ranges = local.requests.filter((request) => request.headers["range"] !== undefined);
      expect(ranges).toHaveLength(bytes > 5 * mebibyte ? Math.ceil(bytes / (4 * mebibyte)) : 0);
    },
  );

  test("never holds more than its ranges", async () => {
    const local = await startLocal();
    const { url } = await stored(local, 40 * mebibyte);
    const options = { bytes: 40 * mebibyte, rangeBytes: 2 * mebibyte, parallel: 3 };
    const reader = readAsHeroku(url, options);
    await reader.next();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(local.requests.filter((request) => request.headers["range"] !== undefined)).toHaveLength(3);
    await reader.return(undefined);
  });

  const curable: [string, Fault][] = [
    ["a 503 at first", { operation: "GetObject", times: 2, action: { status: 503 } }],
    ["a reset in a range", { operation: "GetObject", nth: 4, action: { resetAfterBytes: mebibyte } }],
    ["a body cut short", { operation: "GetObject", nth: 3, action: { truncateBody: mebibyte } }],
    ["a stall", { operation: "GetObject", nth: 4, action: { stallMs: 30_000, stallAfterBytes: mebibyte } }],
  ];
  test.each(curable)("%s is overcome", async (_name, fault) => {
    const local = await startLocal();
    const { content, url } = await stored(local, 13 * mebibyte);
    const handle = local.faults.add(fault);
    const options = { bytes: content.length, rangeBytes: 2 * mebibyte, policy: quick, idleMs: 500 };
    expect((await readAll(readAsHeroku(url, options))).equals(content)).toBe(true);
    expect(handle.fired).toBeGreaterThan(0);
  });

  test("goes on in a broken range from where it stopped", async () => {
    const local = await startLocal();
    const { content, url } = await stored(local, 8 * mebibyte);
    local.faults.add({ operation: "GetObject", nth: 2, action: { resetAfterBytes: mebibyte } });
    const options = { bytes: content.length, rangeBytes: 8 * mebibyte, parallel: 1, policy: quick };
    expect((await readAll(readAsHeroku(url, options))).equals(content)).toBe(true);
    const [, resumed] = local.requests.filter((request) => request.headers["range"] !== undefined);
    expect(Number(/bytes=(\d+)-/u.exec(resumed?.headers["range"] ?? "")?.[1])).toBeGreaterThan(0);
  });

  test("refuses an expired URL", async () => {
    let ahead = 0;
    const local = await startLocal({ now: () => Date.now() + ahead });
    const { content, url } = await stored(local, 6 * mebibyte, 60);
    ahead = 120_000;
    const error = await failureOf(readAll(readAsHeroku(url, { bytes: content.length })));
    expect(error).toMatchObject({ code: "URL_REFUSED", hint: expect.stringContaining("expired") });
    expectNoSecret(error);
  });

  test("refuses an object of another length, and one whose bytes changed", async () => {
    const local = await startLocal();
    const { content, url } = await stored(local, 6 * mebibyte);
    const bytes = content.length;
    expect(await failureOf(readAll(readAsHeroku(url, { bytes: bytes + 1 })))).toMatchObject({ code: "ARCHIVE_LENGTH" });
    await local.objects.corrupt("runs/a.dump", 4_000_000);
    const changed = readAll(readAsHeroku(url, { bytes, expectedSha256: sha256(content) }));
    expect(await failureOf(changed)).toMatchObject({ code: "ARCHIVE_CHECKSUM" });
  });

  test("stops with the signal's reason", async () => {
    const local = await startLocal();
    const { content, url } = await stored(local, 12 * mebibyte);
    local.faults.add({ operation: "GetObject", nth: 2, times: Infinity, action: { bytesPerSecond: mebibyte } });
    const interruption = new AbortController();
    const reason = new Error("stop");
    setTimeout(() => interruption.abort(reason), 200);
    const reading = readAll(readAsHeroku(url, { bytes: content.length, signal: interruption.signal }));
    expect(await failureOf(reading)).toBe(reason);
  });
});

describe("probe", () => {
  test.each<[ProfileName, boolean]>([
    ["aws", true],
    ["r2", true],
    ["gcs", false],
    ["upcloud", true],
    ["backblaze", false],
    ["minio", true],
  ])("passes at %s (conditional writes: %s) and leaves nothing", async (profile, isConditional) => {
    const local = await startLocal({ profile });
    const result = await probeBucket(openBucket(inputsFor(local)), { measureBytes: mebibyte });
    expect(result.steps.filter((step) => !step.ok)).toEqual([]);
    expect(result).toMatchObject({ ok: true, supportsConditionalWrites: isConditional, clockSkewSeconds: 0 });
    expect(result.steps.map((step) => step.name)).toEqual([
      "put",
      "presign",
      "plain-get",
      "ranged-get",
      "multipart",
      "abort",
      "conditional-put",
      "delete",
    ]);
    expect(result.uploadBytesPerSecond).toBeGreaterThan(0);
    expect(local.objects.list()).toEqual([]);
    expect(local.uploads()).toEqual([]);
  });

  test.each<[string, Partial<BucketOptions>, string[]]>([
    ["may not write", { access: "read-only" }, ["put"]],
    ["may not read", { access: "write-only" }, ["plain-get", "ranged-get", "delete"]],
    ["may not list, and so cannot tell what is missing", { access: "no-list" }, ["delete"]],
    ["may not abort", { access: "no-abort" }, ["abort"]],
    ["may not delete", { access: "no-delete" }, ["delete"]],
  ])("finds that the key %s", async (_name, options, failed) => {
    const result = await probeBucket(openBucket(inputsFor(await startLocal(options))), { measureBytes: 0 });
    expect(result.ok).toBe(false);
    expect(result.steps.filter((step) => !step.ok).map((step) => step.name)).toEqual(failed);
    for (const step of result.steps) if (!step.ok) expect(step.error?.hint).toMatch(/Allow s3:|key that signed it/u);
  });

  test("interrupted, leaves nothing", async () => {
    const local = await startLocal();
    local.faults.add({ operation: "UploadPart", action: { bytesPerSecond: mebibyte } });
    const interruption = new AbortController();
    const running = probeBucket(openBucket(inputsFor(local)), { signal: interruption.signal });
    setTimeout(() => interruption.abort(new Error("stop")), 500);
    expect((await failureOf(running)).message).toBe("stop");
    expect(local.objects.list()).toEqual([]);
    expect(local.uploads()).toEqual([]);
  });
});
