import { once } from "node:events";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CompleteMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { describe, expect, test } from "vitest";
import {
  BUCKET,
  complete,
  createClient,
  createContent,
  findRefusal,
  MIB,
  sendParts,
  startTestBucket,
} from "./fixture.ts";

const put = (client: S3Client, Key: string, Body: string | Buffer) =>
  client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
const presign = (client: S3Client, Key = "a") => getSignedUrl(client, new GetObjectCommand({ Bucket: BUCKET, Key }));
const small = { rules: { minPartBytes: 1 } };

describe("which requests", () => {
  test("the nth of an operation, so many times, and the handle counts", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket);
    const fault = bucket.faults.add({ operation: "PutObject", nth: 2, times: 2, action: { status: 500 } });
    const statuses: (number | undefined)[] = [];
    for (const key of ["1", "2", "3", "4"]) statuses.push((await findRefusal(put(client, key, "x"))).status);
    expect(statuses).toEqual([undefined, 500, 500, undefined]);
    expect([fault.seen, fault.fired]).toEqual([4, 2]);
    expect(bucket.requests.map(({ faults }) => faults)).toEqual([[], [fault.id], [fault.id], []]);
    expect(bucket.objects.list().map(({ key }) => key)).toEqual(["1", "4"]);
  });

  test("by key, method and part number; removed faults fire no more", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket);
    const byKey = bucket.faults.add({ keyPrefix: "journal", times: Infinity, action: { status: 503 } });
    const byPart = bucket.faults.add({ partNumber: 2, times: Infinity, action: { status: 500 } });
    const byMethod = bucket.faults.add({ method: "GET", times: Infinity, action: { status: 500 } });
    expect(await findRefusal(put(client, "journal.json", "1"))).toEqual({ code: "SlowDown", status: 503 });
    expect((await findRefusal(sendParts(client, "a", ["1", "2"]))).status).toBe(500);
    expect(byPart.fired).toBe(1);
    byKey.remove();
    await put(client, "journal.json", "1");
    expect((await fetch(await presign(client, "journal.json"))).status).toBe(500);
    expect(byMethod.fired).toBe(1);
    bucket.faults.clear();
    expect((await fetch(await presign(client, "journal.json"))).status).toBe(200);
  });
});

describe("answers", () => {
  test("the SDK retries a 503, and a Retry-After is sent", async () => {
    await using bucket = await startTestBucket();
    bucket.faults.add({ action: { status: 503, retryAfterSeconds: 1 } });
    const client = createClient(bucket, { maxAttempts: 2 });
    const startedMs = performance.now();
    await put(client, "a", "1");
    expect(performance.now() - startedMs).toBeGreaterThan(900);
    expect(bucket.requests.map(({ status }) => status)).toEqual([503, 200]);
  });

  test("any code, with its usual status", async () => {
    await using bucket = await startTestBucket();
    bucket.faults.add({ action: { code: "AccessDenied" } });
    expect(await findRefusal(put(createClient(bucket), "a", "1"))).toEqual({ code: "AccessDenied", status: 403 });
  });

  test("an error under a good status, as Complete may answer, is an error to the SDK", async () => {
    await using bucket = await startTestBucket(small);
    const client = createClient(bucket);
    const { UploadId, parts } = await sendParts(client, "a", [Buffer.from("1")]);
    bucket.faults.add({ operation: "CompleteMultipartUpload", action: { status: 200, code: "InternalError" } });
    expect((await findRefusal(complete(client, "a", UploadId, parts))).code).toBe("InternalError");
    expect(bucket.requests.at(-1)?.status).toBe(200);
    await complete(client, "a", UploadId, parts);
  });

  test("a hanging request ends with the bucket", async () => {
    const bucket = await startTestBucket();
    bucket.faults.add({ action: { hang: true } });
    const sent = findRefusal(put(createClient(bucket), "a", "1"));
    const first = await Promise.race([sent, sleep(200, "still waiting")]);
    expect(first).toBe("still waiting");
    await bucket.close();
    expect((await sent).code).not.toBe("none");
  });

  test("a stall delays, and does no more", async () => {
    await using bucket = await startTestBucket();
    bucket.faults.add({ action: { stallMs: 200 } });
    const startedMs = performance.now();
    await put(createClient(bucket), "a", "1");
    expect(performance.now() - startedMs).toBeGreaterThan(190);
  });

  test("a lost answer leaves the work done", async () => {
    await using bucket = await startTestBucket(small);
    const client = createClient(bucket);
    const { UploadId, parts } = await sendParts(client, "a", [Buffer.from("1")]);
    bucket.faults.add({ operation: "CompleteMultipartUpload", action: { loseAnswer: true } });
    expect((await findRefusal(complete(client, "a", UploadId, parts))).code).not.toBe("none");
    expect(bucket.objects.find("a")).toBeDefined();
    expect(bucket.requests.at(-1)).toMatchObject({ status: undefined, isCut: true });
  });
});

describe("uploads", () => {
  test("a reset in the middle of a part stores nothing", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket);
    const { UploadId } = await sendParts(client, "a", []);
    bucket.faults.add({ operation: "UploadPart", action: { resetAfterBytes: MIB } });
    const Body = createContent(5 * MIB);
    const command = new UploadPartCommand({ Bucket: BUCKET, Key: "a", UploadId, PartNumber: 1, Body });
    expect((await findRefusal(client.send(command))).status).toBeUndefined();
    expect(bucket.uploads()[0]?.parts).toEqual([]);
    const { bytesIn = 0, isCut } = bucket.requests.at(-1) ?? {};
    expect(isCut).toBe(true);
    expect(bytesIn).toBeGreaterThanOrEqual(MIB);
    expect(bytesIn).toBeLessThan(2 * MIB);
    await client.send(command);
  });

  test("a wrong ETag and a lost part show at Complete", async () => {
    await using bucket = await startTestBucket(small);
    const client = createClient(bucket);
    for (const action of [{ wrongEtag: true }, { losePart: true }]) {
      bucket.faults.add({ operation: "UploadPart", action });
      const { UploadId, parts } = await sendParts(client, "a", ["1", "2"]);
      expect((await findRefusal(complete(client, "a", UploadId, parts))).code).toBe("InvalidPart");
    }
  });

  test("a Complete may lose the object and say nothing", async () => {
    await using bucket = await startTestBucket(small);
    const client = createClient(bucket);
    const { UploadId, parts } = await sendParts(client, "a", [Buffer.from("1")]);
    bucket.faults.add({ operation: "CompleteMultipartUpload", action: { losePart: true } });
    await complete(client, "a", UploadId, parts);
    expect(bucket.objects.find("a")).toBeUndefined();
  });

  test("what is stored may be corrupted or cut off behind the back of every digest", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket);
    bucket.faults.add({ keyPrefix: "a", action: { corruptByte: 3 } });
    bucket.faults.add({ keyPrefix: "b", action: { truncateBody: 4 } });
    const sent = await put(client, "a", "0123456789");
    expect(sent.ETag).toBe('"781e5e245d69b566979b86e28d23f2c7"');
    await put(client, "b", "0123456789");
    const corrupted = await bucket.objects.read("a");
    expect(corrupted.compare(Buffer.from("0123456789"))).not.toBe(0);
    expect(corrupted[3]).toBe("3".charCodeAt(0) ^ 0xff);
    expect((await bucket.objects.read("b")).toString()).toBe("0123");
    expect(bucket.objects.find("b")?.bytes).toBe(4);
  });

  test("a slow bucket holds the sender back instead of buffering", async () => {
    await using bucket = await startTestBucket({ storage: "discard" });
    const bytes = 96 * MIB;
    bucket.faults.add({ operation: "PutObject", action: { bytesPerSecond: 256 * 1024 } });
    const url = await getSignedUrl(createClient(bucket), new PutObjectCommand({ Bucket: BUCKET, Key: "a" }));
    const sent = request(url, { method: "PUT", headers: { "content-length": bytes } });
    sent.on("error", () => {});
    const before = process.memoryUsage().arrayBuffers;
    const chunk = Buffer.alloc(MIB);
    let acceptedBytes = 0;
    const deadlineMs = performance.now() + 1500;
    while (acceptedBytes < bytes && performance.now() < deadlineMs) {
      acceptedBytes += chunk.length;
      if (!sent.write(chunk))
        await Promise.race([once(sent, "drain"), sleep(Math.max(0, deadlineMs - performance.now()))]);
    }
    // What the kernel's two socket buffers took, and the server no more than a few chunks.
    expect(acceptedBytes).toBeLessThan(bytes / 3);
    expect(bucket.requests[0]?.bytesIn).toBeLessThan(2 * MIB);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * MIB);
    sent.destroy();
  });
});

describe("downloads", () => {
  const setUp = async (storage: "memory" | "disk" = "memory") => {
    const bucket = await startTestBucket({ storage });
    const client = createClient(bucket);
    const content = createContent(3 * MIB);
    await put(client, "a", content);
    return { bucket, content, url: await presign(client) };
  };

  test.each(["memory", "disk"] as const)("cut off short of the announced length (%s)", async (storage) => {
    const { bucket, content, url } = await setUp(storage);
    await using _ = bucket;
    bucket.faults.add({ operation: "GetObject", action: { truncateBody: 2 * MIB + 5 } });
    const response = await fetch(url);
    expect(response.headers.get("content-length")).toBe(String(content.length));
    const chunks: Uint8Array[] = [];
    const read = async () => {
      for await (const chunk of response.body ?? []) chunks.push(chunk);
    };
    await expect(read()).rejects.toThrow("terminated");
    expect(Buffer.concat(chunks).equals(content.subarray(0, 2 * MIB + 5))).toBe(true);
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(content)).toBe(true);
  });

  test("cut off silently", async () => {
    const { bucket, url } = await setUp();
    await using _ = bucket;
    bucket.faults.add({ operation: "GetObject", action: { truncateBody: 7, truncateSilently: true } });
    const response = await fetch(url);
    expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, 7]);
  });

  test("one byte corrupted, at its place in the object, also in a range", async () => {
    const { bucket, content, url } = await setUp();
    await using _ = bucket;
    bucket.faults.add({ operation: "GetObject", times: 2, action: { corruptByte: MIB } });
    const expected = Buffer.from(content);
    expected.writeUInt8(expected.readUInt8(MIB) ^ 0xff, MIB);
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(expected)).toBe(true);
    const range = await fetch(url, { headers: { Range: `bytes=${MIB - 2}-${MIB + 2}` } });
    expect(Buffer.from(await range.arrayBuffer()).equals(expected.subarray(MIB - 2, MIB + 3))).toBe(true);
    expect((await bucket.objects.read("a")).equals(content)).toBe(true);
  });

  test("reset in the middle, slow, and stalled in the middle", async () => {
    const { bucket, url } = await setUp();
    await using _ = bucket;
    const reset = bucket.faults.add({ operation: "GetObject", action: { resetAfterBytes: MIB } });
    await expect(fetch(url).then((response) => response.arrayBuffer())).rejects.toThrow();
    expect(reset.fired).toBe(1);
    for (const action of [{ bytesPerSecond: 10 * MIB }, { stallMs: 300, stallAfterBytes: MIB }]) {
      bucket.faults.add({ operation: "GetObject", action });
      const startedMs = performance.now();
      expect((await (await fetch(url)).arrayBuffer()).byteLength).toBe(3 * MIB);
      expect(performance.now() - startedMs).toBeGreaterThan(250);
    }
  });

  test("a client that stops reading holds the bucket back", async () => {
    await using bucket = await startTestBucket();
    await bucket.objects.put("a", createContent(64 * MIB));
    const content = await bucket.objects.read("a");
    await bucket.objects.delete("a");
    const client = createClient(bucket);
    const pieces = Array.from({ length: 8 }, (_, index) => content.subarray(index * 8 * MIB, (index + 1) * 8 * MIB));
    const { UploadId, parts } = await sendParts(client, "a", pieces);
    await complete(client, "a", UploadId, parts);
    const sent = request(await presign(client)).end();
    const [response] = (await once(sent, "response")) as [{ pause(): void }];
    response.pause();
    await sleep(300);
    expect(bucket.requests.at(-1)?.bytesOut).toBeLessThan(32 * MIB);
    sent.destroy();
  });
});

test("credentials that end in the middle of an upload", async () => {
  await using bucket = await startTestBucket({ ...small, storage: "disk" });
  const client = createClient(bucket);
  const fault = bucket.faults.add({ operation: "UploadPart", nth: 2, action: { expireCredentials: true } });
  expect(await findRefusal(sendParts(client, "a", ["1", "2"]))).toEqual({
    code: "ExpiredToken",
    status: 400,
  });
  expect(fault.fired).toBe(1);
  const command = new CompleteMultipartUploadCommand({ Bucket: BUCKET, Key: "a", UploadId: "x" });
  expect((await findRefusal(client.send(command))).code).toBe("ExpiredToken");
  expect(bucket.uploads()).toHaveLength(1);
});

test("the most requests and parts at one time are counted", async () => {
  await using bucket = await startTestBucket();
  const client = createClient(bucket);
  const { UploadId } = await sendParts(client, "a", []);
  bucket.faults.add({ operation: "UploadPart", times: 3, action: { stallMs: 100 } });
  const send = (PartNumber: number) =>
    client.send(new UploadPartCommand({ Bucket: BUCKET, Key: "a", UploadId, PartNumber, Body: "1" }));
  await Promise.all([1, 2, 3].map(send));
  expect(bucket.stats).toMatchObject({ peakParts: 3, inFlight: 0 });
});
