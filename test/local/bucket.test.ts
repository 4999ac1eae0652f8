import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { setTimeout } from "node:timers/promises";
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { describe, expect, test } from "vitest";
import {
  BUCKET,
  createClient,
  createContent,
  findRefusal,
  KEYS,
  MIB,
  readCode,
  startTestBucket,
} from "./bucket/fixture.ts";

const put = (client: S3Client, Key: string, Body: string | Buffer, more: object = {}) =>
  client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, ...more }));
const get = (client: S3Client, Key: string, more: object = {}) =>
  client.send(new GetObjectCommand({ Bucket: BUCKET, Key, ...more }));

describe("objects", () => {
  test("an object comes back as it was put, with its type, metadata and MD5 as ETag", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket);
    const key = "folder/an object (1)+ü&'?#%.dump";
    const sent = await put(client, key, "hello", { ContentType: "text/plain", Metadata: { run: "7" } });
    const md5 = createHash("md5").update("hello").digest("hex");
    expect(sent.ETag).toBe(`"${md5}"`);
    const got = await get(client, key);
    expect(await got.Body?.transformToString()).toBe("hello");
    expect(got).toMatchObject({
      ContentType: "text/plain",
      ContentLength: 5,
      ETag: `"${md5}"`,
      Metadata: { run: "7" },
    });
    expect((await bucket.objects.read(key)).toString()).toBe("hello");
    const head = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key }));
    expect(head).toMatchObject({ ContentLength: 5, ContentType: "text/plain", AcceptRanges: "bytes" });
    expect(head.LastModified?.getTime()).toBeGreaterThan(Date.now() - 60_000);
  });

  test("a missing key is 404, a missing bucket is named, and deleting nothing succeeds", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket);
    expect(await findRefusal(get(client, "none"))).toEqual({ code: "NoSuchKey", status: 404 });
    const head = client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: "none" }));
    expect(await findRefusal(head)).toEqual({ code: "NotFound", status: 404 });
    const elsewhere = client.send(new GetObjectCommand({ Bucket: "elsewhere", Key: "none" }));
    expect(await findRefusal(elsewhere)).toEqual({ code: "NoSuchBucket", status: 404 });
    const headBucket = client.send(new HeadBucketCommand({ Bucket: "elsewhere" }));
    expect(await findRefusal(headBucket)).toEqual({ code: "NotFound", status: 404 });
    const deleted = await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "none" }));
    expect(deleted.$metadata.httpStatusCode).toBe(204);
  });

  test("a deleted object is gone", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket);
    await put(client, "a", "1");
    await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "a" }));
    expect(bucket.objects.list()).toEqual([]);
  });

  test("an error is XML with code, message and the request's id, and the id is in the header", async () => {
    await using bucket = await startTestBucket();
    const url = await getSignedUrl(createClient(bucket), new GetObjectCommand({ Bucket: BUCKET, Key: "a<b" }));
    const response = await fetch(url);
    const id = response.headers.get("x-amz-request-id");
    expect(response.headers.get("content-type")).toBe("application/xml");
    const text = await response.text();
    expect(text).toContain("<Code>NoSuchKey</Code>");
    expect(text).toContain("<Key>a&lt;b</Key>");
    expect(text).toContain(`<RequestId>${id}</RequestId>`);
    expect(bucket.requests[0]?.requestId).toBe(id);
  });

  test("what the bucket does not know is refused, not ignored", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket);
    const many = client.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects: [{ Key: "a" }] } }));
    expect(await findRefusal(many)).toEqual({ code: "NotImplemented", status: 501 });
  });

  test("the bucket's region is told", async () => {
    await using bucket = await startTestBucket({ region: "eu-west-1" });
    const client = createClient(bucket, { region: "eu-west-1" });
    const location = await client.send(new GetBucketLocationCommand({ Bucket: BUCKET }));
    expect(location.LocationConstraint).toBe("eu-west-1");
    const head = await client.send(new HeadBucketCommand({ Bucket: BUCKET }));
    expect(head.BucketRegion).toBe("eu-west-1");
  });
});

describe("ranges", () => {
  test("206 with Content-Range for first-last, first- and -length; 416 behind the end; several ranges are ignored", async () => {
    await using bucket = await startTestBucket();
    await bucket.objects.put("a", "0123456789");
    const url = await getSignedUrl(createClient(bucket), new GetObjectCommand({ Bucket: BUCKET, Key: "a" }));
    const ask = async (Range: string) => {
      const response = await fetch(url, { headers: { Range } });
      const { status, headers } = response;
      return [status, headers.get("content-range"), headers.get("content-length"), await response.text()];
    };
    expect(await ask("bytes=0-4")).toEqual([206, "bytes 0-4/10", "5", "01234"]);
    expect(await ask("bytes=8-")).toEqual([206, "bytes 8-9/10", "2", "89"]);
    expect(await ask("bytes=8-99")).toEqual([206, "bytes 8-9/10", "2", "89"]);
    expect(await ask("bytes=-3")).toEqual([206, "bytes 7-9/10", "3", "789"]);
    expect(await ask("bytes=0-1,4-5")).toEqual([200, null, "10", "0123456789"]);
    const [status, range, , text] = await ask("bytes=10-");
    expect([status, range]).toEqual([416, "bytes */10"]);
    expect(text).toContain("<Code>InvalidRange</Code>");
  });

  test("a plain GET is 200 with the length", async () => {
    await using bucket = await startTestBucket();
    await bucket.objects.put("a", "0123456789");
    const url = await getSignedUrl(createClient(bucket), new GetObjectCommand({ Bucket: BUCKET, Key: "a" }));
    const response = await fetch(url);
    expect([response.status, response.headers.get("content-length")]).toEqual([200, "10"]);
    expect(response.headers.get("accept-ranges")).toBe("bytes");
  });

  test("If-Match and If-None-Match of a GET", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket);
    const { ETag = "" } = await put(client, "a", "1");
    expect((await get(client, "a", { IfMatch: ETag })).ContentLength).toBe(1);
    expect((await findRefusal(get(client, "a", { IfMatch: '"other"' }))).status).toBe(412);
    expect((await findRefusal(get(client, "a", { IfNoneMatch: ETag }))).status).toBe(304);
  });
});

describe("lists", () => {
  test("keys come in byte order, by prefix, in pages, with folders folded", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket);
    for (const key of ["b/2", "b/1", "a", "b/ü", "c&d", "b/sub/x", "b/sub/y"]) await bucket.objects.put(key, "1");
    const keys: (string | undefined)[] = [];
    let pages = 0;
    for await (const page of paginateListObjectsV2({ client, pageSize: 2 }, { Bucket: BUCKET, Prefix: "b/" })) {
      keys.push(...(page.Contents ?? []).map(({ Key }) => Key));
      pages += 1;
    }
    expect(keys).toEqual(["b/1", "b/2", "b/sub/x", "b/sub/y", "b/ü"]);
    expect(pages).toBe(3);
    const folded = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: "b/", Delimiter: "/" }));
    expect(folded.CommonPrefixes).toEqual([{ Prefix: "b/sub/" }]);
    expect(folded.KeyCount).toBe(4);
    const all = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, StartAfter: "b/ü" }));
    expect(all.Contents?.map(({ Key }) => Key)).toEqual(["c&d"]);
  });

  test("folded pages lose and repeat nothing", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket);
    for (const key of ["a/1", "a/2", "b/1", "b/2", "c", "d/1"]) await bucket.objects.put(key, "1");
    const seen: (string | undefined)[] = [];
    for await (const page of paginateListObjectsV2({ client, pageSize: 1 }, { Bucket: BUCKET, Delimiter: "/" })) {
      seen.push(
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
        ...(page.Contents ?? []).map(({ Key }) => Key),
      );
    }
    expect(seen).toEqual(["a/", "b/", "c", "d/"]);
  });
});

describe("conditional writes", () => {
  test("If-None-Match: * writes once, also when two race", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket);
    const results = await Promise.allSettled(
      ["one", "two", "three"].map((holder) => put(client, "lock", holder, { IfNoneMatch: "*" })),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const late = put(client, "lock", "four", { IfNoneMatch: "*" });
    expect(await findRefusal(late)).toEqual({ code: "PreconditionFailed", status: 412 });
  });

  test("a write that began before another ended is refused at its end", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket);
    bucket.faults.add({ operation: "PutObject", action: { stallMs: 300, stallAfterBytes: 1 } });
    const slow = findRefusal(put(client, "lock", "slow", { IfNoneMatch: "*" }));
    while (bucket.requests.length === 0) await setTimeout(5);
    await put(client, "lock", "fast", { IfNoneMatch: "*" });
    expect((await slow).status).toBe(412);
    expect((await bucket.objects.read("lock")).toString()).toBe("fast");
  });

  test("If-Match replaces only what was read", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket);
    const { ETag } = await put(client, "journal", "1");
    await put(client, "journal", "2", { IfMatch: ETag });
    expect((await findRefusal(put(client, "journal", "3", { IfMatch: ETag }))).status).toBe(412);
    expect(await findRefusal(put(client, "none", "3", { IfMatch: ETag }))).toEqual({ code: "NoSuchKey", status: 404 });
    expect((await bucket.objects.read("journal")).toString()).toBe("2");
  });

  test("S3 knows no If-None-Match with an ETag on a write", async () => {
    await using bucket = await startTestBucket();
    const refusal = await findRefusal(put(createClient(bucket), "a", "1", { IfNoneMatch: '"abc"' }));
    expect(refusal).toEqual({ code: "NotImplemented", status: 501 });
  });

  test("a conditional delete removes only what was read", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket);
    const { ETag } = await put(client, "lock", "1");
    const remove = (IfMatch: string | undefined) =>
      client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "lock", IfMatch }));
    expect((await findRefusal(remove('"other"'))).status).toBe(412);
    await remove(ETag);
    expect(bucket.objects.find("lock")).toBeUndefined();
  });
});

describe("permissions", () => {
  test("read-only keys read, and write nothing", async () => {
    await using bucket = await startTestBucket({ access: "read-only" });
    const client = createClient(bucket);
    await bucket.objects.put("a", "1");
    expect((await get(client, "a")).ContentLength).toBe(1);
    expect(await findRefusal(put(client, "b", "1"))).toEqual({ code: "AccessDenied", status: 403 });
    const remove = client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "a" }));
    expect((await findRefusal(remove)).status).toBe(403);
  });

  test("no-delete keys write but do not delete; the keyring can be changed while the bucket runs", async () => {
    await using bucket = await startTestBucket({ access: "no-delete" });
    const client = createClient(bucket);
    await put(client, "a", "1");
    const remove = () => client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "a" }));
    expect((await findRefusal(remove())).status).toBe(403);
    bucket.keyring.allow(KEYS.accessKeyId, "full");
    await remove();
    bucket.keyring.allow(KEYS.accessKeyId, "full", ["ListObjectsV2"]);
    expect((await findRefusal(client.send(new ListObjectsV2Command({ Bucket: BUCKET })))).status).toBe(403);
  });

  test("who may not list does not learn that a key is missing", async () => {
    await using bucket = await startTestBucket({ access: "no-list" });
    expect((await findRefusal(get(createClient(bucket), "none"))).status).toBe(403);
  });
});

describe("storage", () => {
  test.each(["memory", "disk"] as const)("%s gives back all bytes", async (storage) => {
    await using bucket = await startTestBucket({ storage });
    const client = createClient(bucket);
    const content = createContent(3 * MIB + 17);
    await put(client, "a", content);
    const got = Buffer.from((await (await get(client, "a")).Body?.transformToByteArray()) ?? []);
    expect(got.equals(content)).toBe(true);
    expect(await bucket.objects.sha256("a")).toBe(createHash("sha256").update(content).digest("hex"));
    const range = await get(client, "a", { Range: "bytes=1048570-2097160" });
    const part = Buffer.from((await range.Body?.transformToByteArray()) ?? []);
    expect(part.equals(content.subarray(1048570, 2097161))).toBe(true);
  });

  test("discard counts and hashes, keeps small objects, and does not give large ones back", async () => {
    await using bucket = await startTestBucket({ storage: "discard", sha256: true });
    const client = createClient(bucket);
    const content = createContent(3 * MIB);
    await put(client, "large", content);
    await put(client, "small", "journal");
    expect(bucket.objects.find("large")).toMatchObject({
      bytes: content.length,
      etag: createHash("md5").update(content).digest("hex"),
      sha256: createHash("sha256").update(content).digest("hex"),
    });
    expect((await bucket.objects.read("small")).toString()).toBe("journal");
    expect((await findRefusal(get(client, "large"))).status).toBe(501);
    const head = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: "large" }));
    expect(head.ContentLength).toBe(content.length);
  });

  test("disk leaves no file behind, whatever happened to the objects", async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith("bucket-"));
    const bucket = await startTestBucket({ storage: "disk" });
    const folders = readdirSync(tmpdir()).filter((name) => name.startsWith("bucket-") && !before.includes(name));
    const client = createClient(bucket);
    await put(client, "a", createContent(MIB));
    await put(client, "a", createContent(MIB));
    await findRefusal(put(client, "b", "1", { ContentMD5: Buffer.alloc(16).toString("base64") }));
    await bucket.close();
    expect(folders.filter((name) => existsSync(`${tmpdir()}/${name}`))).toEqual([]);
  });

  test("without MD5 the ETag is no digest, and a Content-MD5 is still verified", async () => {
    await using bucket = await startTestBucket({ md5: false });
    const client = createClient(bucket);
    const { ETag } = await put(client, "a", "hello");
    expect(ETag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(ETag).not.toContain(createHash("md5").update("hello").digest("hex"));
    const wrong = put(client, "a", "hello", { ContentMD5: Buffer.alloc(16).toString("base64") });
    expect((await findRefusal(wrong)).code).toBe("BadDigest");
  });
});

describe("records", () => {
  test("each request is recorded, without signature, key or token", async () => {
    const token = "session-token-of-the-test";
    await using bucket = await startTestBucket({ sessionToken: token });
    const client = createClient(bucket, { credentials: { ...KEYS, sessionToken: token } });
    await put(client, "a", Buffer.from("12345"));
    await (await fetch(await getSignedUrl(client, new GetObjectCommand({ Bucket: BUCKET, Key: "a" })))).text();
    const [first, second] = bucket.requests;
    expect(first).toMatchObject({ operation: "PutObject", key: "a", status: 200, bytesIn: 5, isPresigned: false });
    expect(first?.headers["content-length"]).toBe("5");
    expect(second).toMatchObject({
      operation: "GetObject",
      method: "GET",
      path: "/migrations/a",
      bytesOut: 5,
      isPresigned: true,
    });
    expect(second?.query).toMatchObject({ "X-Amz-Expires": "900", "x-id": "GetObject" });
    const all = JSON.stringify(bucket.requests);
    for (const secret of [token, KEYS.secretAccessKey, KEYS.accessKeyId, "X-Amz-Signature", "X-Amz-Credential"]) {
      expect(all).not.toContain(secret);
    }
    expect(bucket.stats).toMatchObject({ requests: 2, bytesIn: 5, inFlight: 0 });
  });

  test("a body of unknown length is refused", async () => {
    await using bucket = await startTestBucket();
    const url = await getSignedUrl(createClient(bucket), new PutObjectCommand({ Bucket: BUCKET, Key: "a" }));
    const body = new Blob(["hello"]).stream();
    // Node wants `duplex` said for a stream; the types of browsers do not know it.
    const streamed: RequestInit = Object.assign({ method: "PUT", body }, { duplex: "half" });
    const response = await fetch(url, streamed);
    expect([response.status, await readCode(response)]).toEqual([411, "MissingContentLength"]);
  });

  test("a client that leaves in the middle is recorded as cut, and nothing is stored", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket);
    const url = await getSignedUrl(client, new PutObjectCommand({ Bucket: BUCKET, Key: "a" }));
    const sent = request(url, { method: "PUT", headers: { "content-length": MIB } });
    sent.on("error", () => {});
    sent.write(Buffer.alloc(MIB / 2));
    while ((bucket.requests[0]?.bytesIn ?? 0) < MIB / 2) await setTimeout(5);
    sent.destroy();
    while (bucket.stats.inFlight > 0) await setTimeout(5);
    expect(bucket.requests[0]).toMatchObject({ isCut: true, status: undefined });
    expect(bucket.objects.list()).toEqual([]);
  });
});
