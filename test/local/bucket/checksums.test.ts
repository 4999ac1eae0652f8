import { createHash } from "node:crypto";
import { request } from "node:http";
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import {
  ChecksumAlgorithm,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { describe, expect, test } from "vitest";
import { createChecksum } from "./checksums.ts";
import { BUCKET, createClient, createContent, findRefusal, MIB, startTestBucket } from "./fixture.ts";

/** The SDK as it comes: CRC32 on every upload, checked on every download. */
const DEFAULTS = {
  requestChecksumCalculation: "WHEN_SUPPORTED",
  responseChecksumValidation: "WHEN_SUPPORTED",
} as const;
const small = { rules: { minPartBytes: 1 } };

test("checksums of the catalogue's check string", () => {
  const digest = (algorithm: Parameters<typeof createChecksum>[0]) => {
    const running = createChecksum(algorithm);
    running.update(Buffer.from("1234"));
    running.update(Buffer.from("56789"));
    return running.digest().toString("hex");
  };
  expect(digest("crc32")).toBe("cbf43926");
  expect(digest("crc32c")).toBe("e3069283");
  expect(digest("crc64nvme")).toBe("ae8b14860a799888");
});

describe("additional checksums", () => {
  test.each(Object.values(ChecksumAlgorithm).filter((name) => /^(CRC|SHA1|SHA256)/.test(name)))(
    "%s of a PutObject is verified and given back",
    async (name) => {
      await using bucket = await startTestBucket();
      const client = createClient(bucket, DEFAULTS);
      const Body = createContent(100_000);
      const field = `Checksum${name}` as const;
      const sent = await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: "a", Body, ChecksumAlgorithm: name }));
      expect(sent[field as keyof typeof sent]).toMatch(/=$/);
      const got = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: "a", ChecksumMode: "ENABLED" }));
      expect(got[field as keyof typeof got]).toBe(sent[field as keyof typeof sent]);
      expect((await got.Body?.transformToByteArray())?.length).toBe(100_000);
      const wrong = new PutObjectCommand({ Bucket: BUCKET, Key: "b", Body, [field]: sent[field as keyof typeof sent] });
      wrong.input.Body = createContent(100_000);
      expect((await findRefusal(client.send(wrong))).code).toBe("BadDigest");
    },
  );

  test("a download that was corrupted is noticed by the SDK's own check", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket, DEFAULTS);
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: "a", Body: "hello" }));
    await bucket.objects.corrupt("a", 2);
    const got = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: "a" }));
    await expect(got.Body?.transformToString()).rejects.toThrow(/[Cc]hecksum/);
  });

  test("a streamed body comes in aws-chunked with its checksum behind it", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket, { ...DEFAULTS, requestStreamBufferSize: 64 * 1024 });
    const content = createContent(MIB + 3);
    const Body = Readable.from([content.subarray(0, 300_000), content.subarray(300_000)]);
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: "a", Body, ContentLength: content.length }));
    expect(bucket.requests[0]?.headers).toMatchObject({
      "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      "x-amz-trailer": "x-amz-checksum-crc32",
    });
    expect((await bucket.objects.read("a")).equals(content)).toBe(true);
    expect(bucket.objects.find("a")?.headers["content-encoding"]).toBeUndefined();
    expect(bucket.objects.find("a")?.etag).toBe(createHash("md5").update(content).digest("hex"));
  });

  test("small chunks are refused, as by S3", async () => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket, DEFAULTS);
    const Body = Readable.from([Buffer.alloc(100), Buffer.alloc(100)]);
    const refusal = await findRefusal(
      client.send(new PutObjectCommand({ Bucket: BUCKET, Key: "a", Body, ContentLength: 200 })),
    );
    expect(refusal.code).toBe("InvalidChunkSizeError");
  });

  test.each([
    ["the right one", (body: string) => body, undefined],
    ["a wrong one", (body: string) => body.replace(/crc32:.*?\r/, "crc32:AAAAAA==\r"), "BadDigest"],
    ["none", (body: string) => body.replace(/x-amz-checksum-crc32:.*?\r\n/, ""), "MalformedTrailerError"],
    ["a chunk cut short", (body: string) => body.slice(0, 1000), "IncompleteBody"],
    ["another length than announced", (body: string) => body.replace("2710\r\nx", "270f\r\n"), "IncompleteBody"],
  ])("trailer: %s", async (_name, change, code) => {
    await using bucket = await startTestBucket();
    const client = createClient(bucket, DEFAULTS);
    const content = "x".repeat(10_000);
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32BE(crc32(content));
    const trailer = `x-amz-checksum-crc32:${checksum.toString("base64")}`;
    const body = change(`2710\r\n${content}\r\n0\r\n${trailer}\r\n\r\n`);
    expect(await sendStreamed(client, content, body)).toBe(code === undefined ? 200 : 400);
    expect(bucket.requests.at(-1)?.code).toBe(code);
    expect(bucket.objects.list()).toHaveLength(code === undefined ? 1 : 0);
  });
});

describe("checksums of multipart uploads", () => {
  const create = async (client: S3Client, more: object) => {
    const { UploadId = "" } = await client.send(
      new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: "a", ...more }),
    );
    return UploadId;
  };
  const send = (client: S3Client, UploadId: string, PartNumber: number, Body: string, more: object = {}) =>
    client.send(new UploadPartCommand({ Bucket: BUCKET, Key: "a", UploadId, PartNumber, Body, ...more }));
  const finish = (client: S3Client, UploadId: string, Parts: object[], more: object = {}) =>
    client.send(
      new CompleteMultipartUploadCommand({ Bucket: BUCKET, Key: "a", UploadId, MultipartUpload: { Parts }, ...more }),
    );

  test("the SDK's default, CRC32 of every part, ends in a composite checksum", async () => {
    await using bucket = await startTestBucket(small);
    const client = createClient(bucket, DEFAULTS);
    const UploadId = await create(client, { ChecksumAlgorithm: "CRC32" });
    const sent = [await send(client, UploadId, 1, "12"), await send(client, UploadId, 2, "3")];
    const parts = sent.map(({ ETag, ChecksumCRC32 }, index) => ({ PartNumber: index + 1, ETag, ChecksumCRC32 }));
    const bare = parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }));
    expect((await findRefusal(finish(client, UploadId, bare))).code).toBe("InvalidRequest");
    const swapped = parts.map((part) => ({ ...part, ChecksumCRC32: parts[0]?.ChecksumCRC32 }));
    expect((await findRefusal(finish(client, UploadId, swapped))).code).toBe("InvalidPart");
    const done = await finish(client, UploadId, parts);
    expect(done).toMatchObject({ ChecksumType: "COMPOSITE" });
    expect(done.ChecksumCRC32).toMatch(/==-2$/);
  });

  test("parts with checksums must be numbered without gaps", async () => {
    await using bucket = await startTestBucket(small);
    const client = createClient(bucket, { ...DEFAULTS, maxAttempts: 1 });
    const UploadId = await create(client, { ChecksumAlgorithm: "CRC32" });
    const sent = [await send(client, UploadId, 1, "12"), await send(client, UploadId, 3, "3")];
    const parts = sent.map(({ ETag, ChecksumCRC32 }, index) => ({ PartNumber: 1 + index * 2, ETag, ChecksumCRC32 }));
    expect(await findRefusal(finish(client, UploadId, parts))).toEqual({ code: "InternalError", status: 500 });
  });

  test("a part without the upload's checksum, or with another, is refused", async () => {
    await using bucket = await startTestBucket(small);
    const client = createClient(bucket);
    const UploadId = await create(client, { ChecksumAlgorithm: "SHA256" });
    expect((await findRefusal(send(client, UploadId, 1, "1"))).code).toBe("InvalidRequest");
    const other = send(client, UploadId, 1, "1", { ChecksumAlgorithm: "CRC32" });
    expect((await findRefusal(other)).code).toBe("InvalidRequest");
    await send(client, UploadId, 1, "1", { ChecksumAlgorithm: "SHA256" });
  });

  test("a checksum of the whole object is compared with the one that Complete brings", async () => {
    await using bucket = await startTestBucket(small);
    const client = createClient(bucket);
    const UploadId = await create(client, { ChecksumAlgorithm: "CRC64NVME" });
    const parts: object[] = [];
    for (const [index, body] of ["12345", "6789"].entries()) {
      const { ETag } = await send(client, UploadId, index + 1, body, { ChecksumAlgorithm: "CRC64NVME" });
      parts.push({ PartNumber: index + 1, ETag });
    }
    const wrong = finish(client, UploadId, parts, { ChecksumCRC64NVME: "AAAAAAAAAAA=" });
    expect((await findRefusal(wrong)).code).toBe("BadDigest");
    const whole = Buffer.from("ae8b14860a799888", "hex").toString("base64");
    const done = await finish(client, UploadId, parts, { ChecksumCRC64NVME: whole });
    expect(done).toMatchObject({ ChecksumCRC64NVME: whole, ChecksumType: "FULL_OBJECT" });
  });
});

/** Signs an upload of `content` in aws-chunked, and sends `body` instead of what the SDK would have sent. */
async function sendStreamed(client: S3Client, content: string, body: string): Promise<number | undefined> {
  let signed: Record<string, string> = {};
  let path = "";
  client.middlewareStack.add(
    () => async (args) => {
      const outgoing = args.request as { headers: Record<string, string>; path: string; query: Record<string, string> };
      signed = outgoing.headers;
      path = `${outgoing.path}?${new URLSearchParams(outgoing.query).toString()}`;
      throw new Error("signed");
    },
    { step: "deserialize", priority: "low" },
  );
  const Body = Readable.from([content]);
  const command = new PutObjectCommand({ Bucket: BUCKET, Key: "a", Body, ContentLength: content.length });
  await expect(client.send(command)).rejects.toThrow("signed");
  const endpoint = await client.config.endpoint?.();
  const { Expect: _, "transfer-encoding": __, ...headers } = signed;
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: endpoint?.port, path, method: "PUT", headers });
    sent.setHeader("content-length", Buffer.byteLength(body));
    sent.on("response", (response) => response.resume().once("end", () => resolve(response.statusCode)));
    sent.on("error", reject);
    sent.end(body);
  });
}
