import { once } from "node:events";
import { type RequestListener, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { Secret } from "../secret.ts";
import { openBucket } from "./bucket.ts";
import { plainEtag, uploadPart } from "./multipart.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A store that says whatever the test wants. */
async function startStore(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function sendPart(headers: Record<string, string>) {
  const endpoint = await startStore((request, response) => {
    request.resume().on("end", () => response.writeHead(200, headers).end());
  });
  const bucket = openBucket({
    bucket: "acme",
    prefix: "",
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: new Secret("AKIA0"), secretAccessKey: new Secret("secret") },
    addressing: "auto",
    keepArchive: false,
  });
  const policy = { tries: 2, baseMs: 1, capMs: 1 };
  return await uploadPart(bucket, { key: "a", uploadId: "1" }, 1, Buffer.from("hello"), { policy });
}

const md5 = "5d41402abc4b2a76b9719d911017c592";
const other = "0123456789abcdef0123456789abcdef";

test.each([
  ["the MD5 of the part", { etag: `"${md5}"` }],
  ["the MD5 without quotes", { etag: md5 }],
  ["something else under SSE-KMS", { etag: `"${other}"`, "x-amz-server-side-encryption": "aws:kms" }],
  ["something else under two layers of KMS", { etag: `"${other}"`, "x-amz-server-side-encryption": "aws:kms:dsse" }],
  [
    "something else under a customer's key",
    { etag: `"${other}"`, "x-amz-server-side-encryption-customer-algorithm": "AES256" },
  ],
  ["what is no MD5 at all", { etag: '"v1.opaque"' }],
])("an ETag may be %s", async (_name, headers: Record<string, string>) => {
  const part = await sendPart(headers);
  expect(plainEtag(part.etag)).toBe(plainEtag(headers["etag"] ?? ""));
});

test.each([
  ["another MD5", { etag: `"${other}"` }],
  ["another MD5 under SSE-S3, where it is one", { etag: `"${other}"`, "x-amz-server-side-encryption": "AES256" }],
  ["none", {}],
])("an ETag may not be %s", async (_name, headers: Record<string, string>) => {
  await expect(sendPart(headers)).rejects.toMatchObject({ code: "GAVE_UP" });
});
