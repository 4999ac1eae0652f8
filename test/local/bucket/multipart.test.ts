import { createHash } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  paginateListParts,
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

const PART = 5 * MIB;
/** For rules that do not concern the size: parts of a few bytes. */
const small = { rules: { minPartBytes: 1 } };
const digest = (content: Buffer) => createHash("sha256").update(content).digest("hex");

describe("round trip", () => {
  test.each(["memory", "disk"] as const)("three parts of 5 MiB come back whole and in ranges (%s)", async (storage) => {
    await using bucket = await startTestBucket({ storage });
    const client = createClient(bucket);
    const contents = [createContent(PART), createContent(PART), createContent(PART)];
    const { UploadId, parts } = await sendParts(client, "a", contents);
    expect(bucket.objects.find("a")).toBeUndefined();
    const { ETag } = await complete(client, "a", UploadId, parts);
    const md5s = contents.map((content) => createHash("md5").update(content).digest());
    expect(ETag).toBe(`"${createHash("md5").update(Buffer.concat(md5s)).digest("hex")}-3"`);
    const whole = Buffer.concat(contents);
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket: BUCKET, Key: "a" }));
    const got = Buffer.from(await (await fetch(url)).arrayBuffer());
    expect(digest(got)).toBe(digest(whole));
    expect(await bucket.objects.sha256("a")).toBe(digest(whole));
    // A range over the seam of two parts.
    const response = await fetch(url, { headers: { Range: `bytes=${PART - 3}-${PART + 2}` } });
    expect(Buffer.from(await response.arrayBuffer()).equals(whole.subarray(PART - 3, PART + 3))).toBe(true);
    expect(bucket.uploads()).toEqual([]);
  });

  test("parts may come in any order and with gaps; the numbers order the object", async () => {
    await using bucket = await startTestBucket(small);
    const client = createClient(bucket);
    const { UploadId, parts } = await sendParts(client, "a", ["3", "1", "2"], [10_000, 1, 7]);
    const ordered = [...parts].sort((left, right) => left.PartNumber - right.PartNumber);
    await complete(client, "a", UploadId, ordered);
    expect((await bucket.objects.read("a")).toString()).toBe("123");
  });

  test("a part sent twice counts once, parts not listed are dropped", async () => {
    await using bucket = await startTestBucket(small);
    const client = createClient(bucket);
    const { UploadId, parts } = await sendParts(client, "a", ["old", "new", "x"], [1, 1, 2]);
    const [old, last] = parts;
    expect((await findRefusal(complete(client, "a", UploadId, [old!]))).code).toBe("InvalidPart");
    await complete(client, "a", UploadId, [last!]);
    expect((await bucket.objects.read("a")).toString()).toBe("new");
  });

  test("the headers of Create come back with the object", async () => {
    await using bucket = await startTestBucket(small);
    const client = createClient(bucket);
    const create = new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: "a", ContentType: "application/x-dump" });
    const { UploadId = "" } = await client.send(create);
    const part = new UploadPartCommand({ Bucket: BUCKET, Key: "a", UploadId, PartNumber: 1, Body: "1" });
    const { ETag = "" } = await client.send(part);
    await complete(client, "a", UploadId, [{ PartNumber: 1, ETag }]);
    const head = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: "a" }));
    expect(head.ContentType).toBe("application/x-dump");
  });
});

describe("rules of Complete", () => {
  test("every part but the last has 5 MiB at least", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket);
    const short = await sendParts(client, "a", [createContent(PART - 1), createContent(10)]);
    expect(await findRefusal(complete(client, "a", short.UploadId, short.parts))).toEqual({
      code: "EntityTooSmall",
      status: 400,
    });
    const enough = await sendParts(client, "a", [createContent(PART), createContent(10)]);
    await complete(client, "a", enough.UploadId, enough.parts);
    expect(bucket.uploads().map(({ uploadId }) => uploadId)).toEqual([short.UploadId]);
  });

  test("ETags must be those of the parts", async () => {
    await using bucket = await startTestBucket(small);
    const client = createClient(bucket);
    const { UploadId, parts } = await sendParts(client, "a", [Buffer.from("1")]);
    const wrong = complete(client, "a", UploadId, [{ PartNumber: 1, ETag: `"${"0".repeat(32)}"` }]);
    expect(await findRefusal(wrong)).toEqual({ code: "InvalidPart", status: 400 });
    const missing = complete(client, "a", UploadId, [...parts, { PartNumber: 2, ETag: parts[0]?.ETag ?? "" }]);
    expect((await findRefusal(missing)).code).toBe("InvalidPart");
  });

  test("numbers ascend, are listed once, and end at 10,000", async () => {
    await using bucket = await startTestBucket(small);
    const client = createClient(bucket);
    const { UploadId, parts } = await sendParts(client, "a", ["1", "2"]);
    const reversed = [...parts].reverse();
    expect((await findRefusal(complete(client, "a", UploadId, reversed))).code).toBe("InvalidPartOrder");
    expect((await findRefusal(complete(client, "a", UploadId, [parts[0]!, parts[0]!]))).code).toBe("InvalidPartOrder");
    for (const PartNumber of [0, 10_001]) {
      const command = new UploadPartCommand({ Bucket: BUCKET, Key: "a", UploadId, PartNumber, Body: "1" });
      expect(await findRefusal(client.send(command))).toEqual({ code: "InvalidArgument", status: 400 });
    }
  });

  test("an empty list is no list", async () => {
    await using bucket = await startTestBucket(small);
    const client = createClient(bucket);
    const { UploadId } = await sendParts(client, "a", [Buffer.from("1")]);
    expect((await findRefusal(complete(client, "a", UploadId, []))).code).toBe("MalformedXML");
    expect(bucket.uploads()).toHaveLength(1);
  });

  test("If-None-Match: * does not replace an object", async () => {
    await using bucket = await startTestBucket(small);
    const client = createClient(bucket);
    await bucket.objects.put("a", "first");
    const { UploadId, parts } = await sendParts(client, "a", [Buffer.from("1")]);
    const MultipartUpload = { Parts: parts };
    const command = new CompleteMultipartUploadCommand({
      Bucket: BUCKET,
      Key: "a",
      UploadId,
      MultipartUpload,
      IfNoneMatch: "*",
    });
    expect(await findRefusal(client.send(command))).toEqual({ code: "PreconditionFailed", status: 412 });
    expect((await bucket.objects.read("a")).toString()).toBe("first");
  });

  test("AWS answers a repeated Complete as the first, other stores do not", async () => {
    await using aws = await startTestBucket(small);
    const client = createClient(aws);
    const { UploadId, parts } = await sendParts(client, "a", [Buffer.from("1")]);
    const first = await complete(client, "a", UploadId, parts);
    expect((await complete(client, "a", UploadId, parts)).ETag).toBe(first.ETag);
    await using minio = await startTestBucket({ profile: "minio", ...small });
    const other = createClient(minio);
    const upload = await sendParts(other, "a", [Buffer.from("1")]);
    await complete(other, "a", upload.UploadId, upload.parts);
    expect(await findRefusal(complete(other, "a", upload.UploadId, upload.parts))).toEqual({
      code: "NoSuchUpload",
      status: 404,
    });
  });
});

describe("digests of parts", () => {
  test("Content-MD5 is verified and must be one", async () => {
    await using bucket = await startTestBucket(small);
    const client = createClient(bucket);
    const { UploadId } = await sendParts(client, "a", []);
    const send = (ContentMD5: string) =>
      client.send(new UploadPartCommand({ Bucket: BUCKET, Key: "a", UploadId, PartNumber: 1, Body: "1", ContentMD5 }));
    expect((await findRefusal(send(Buffer.alloc(16).toString("base64")))).code).toBe("BadDigest");
    expect((await findRefusal(send("nonsense"))).code).toBe("InvalidDigest");
    expect(bucket.uploads()[0]?.parts).toEqual([]);
    await send(createHash("md5").update("1").digest("base64"));
    expect(bucket.uploads()[0]?.parts).toHaveLength(1);
  });
});

describe("incomplete uploads", () => {
  test("they are listed with their parts until they are aborted, and their parts are gone with them", async () => {
    await using bucket = await startTestBucket({ storage: "disk" });
    const client = createClient(bucket);
    const { UploadId, parts } = await sendParts(client, "runs/a", [createContent(1000), createContent(2000)]);
    await sendParts(client, "other", []);
    const listed = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: "runs/" }));
    expect(listed.Uploads).toMatchObject([{ Key: "runs/a", UploadId }]);
    const inside = await client.send(new ListPartsCommand({ Bucket: BUCKET, Key: "runs/a", UploadId }));
    expect(inside.Parts).toMatchObject([
      { ...parts[0], Size: 1000 },
      { ...parts[1], Size: 2000 },
    ]);
    expect(bucket.uploads().map(({ key }) => key)).toEqual(["runs/a", "other"]);
    await client.send(new AbortMultipartUploadCommand({ Bucket: BUCKET, Key: "runs/a", UploadId }));
    expect(bucket.uploads().map(({ key }) => key)).toEqual(["other"]);
    const late = new UploadPartCommand({ Bucket: BUCKET, Key: "runs/a", UploadId, PartNumber: 3, Body: "1" });
    expect(await findRefusal(client.send(late))).toEqual({ code: "NoSuchUpload", status: 404 });
    expect((await findRefusal(complete(client, "runs/a", UploadId, parts))).code).toBe("NoSuchUpload");
  });

  test("lists of uploads and of parts come in pages", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket);
    const contents = Array.from({ length: 5 }, () => Buffer.from("1"));
    const { UploadId } = await sendParts(client, "a", contents);
    for (const key of ["a", "b", "a"]) await sendParts(client, key, []);
    const numbers: (number | undefined)[] = [];
    for await (const page of paginateListParts({ client, pageSize: 2 }, { Bucket: BUCKET, Key: "a", UploadId })) {
      numbers.push(...(page.Parts ?? []).map(({ PartNumber }) => PartNumber));
    }
    expect(numbers).toEqual([1, 2, 3, 4, 5]);
    const ids = new Set<string | undefined>();
    let marker: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
    for (let isTruncated: boolean | undefined = true; isTruncated;) {
      const page = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, MaxUploads: 1, ...marker }));
      for (const upload of page.Uploads ?? []) ids.add(upload.UploadId);
      marker = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
      isTruncated = page.IsTruncated;
    }
    expect(ids.size).toBe(4);
  });

  test("aborting twice is 204 on AWS, NoSuchUpload elsewhere; an unknown upload is NoSuchUpload everywhere", async () => {
    for (const [profile, code] of [
      ["aws", "none"],
      ["r2", "NoSuchUpload"],
    ] as const) {
      await using bucket = await startTestBucket({ profile });
      const client = createClient(bucket);
      const { UploadId } = await sendParts(client, "a", []);
      const abort = (id: string) =>
        client.send(new AbortMultipartUploadCommand({ Bucket: BUCKET, Key: "a", UploadId: id }));
      await abort(UploadId);
      expect((await findRefusal(abort(UploadId))).code).toBe(code);
      expect((await findRefusal(abort("unknown"))).code).toBe("NoSuchUpload");
    }
  });

  test("an upload belongs to its key", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket);
    const { UploadId } = await sendParts(client, "a", []);
    const command = new UploadPartCommand({ Bucket: BUCKET, Key: "b", UploadId, PartNumber: 1, Body: "1" });
    expect((await findRefusal(client.send(command))).code).toBe("NoSuchUpload");
  });

  test("keys without the right to abort leave the upload behind", async () => {
    await using bucket = await startTestBucket({ access: "no-abort" });
    const client = createClient(bucket);
    const { UploadId } = await sendParts(client, "a", [Buffer.from("1")]);
    const command = new AbortMultipartUploadCommand({ Bucket: BUCKET, Key: "a", UploadId });
    expect(await findRefusal(client.send(command))).toEqual({ code: "AccessDenied", status: 403 });
    expect(bucket.uploads()).toHaveLength(1);
  });
});
