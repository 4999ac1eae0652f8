import { request } from "node:http";
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { BUCKET, createClient, findRefusal, KEYS, readCode, startTestBucket } from "./fixture.ts";

const get = (client: S3Client) => client.send(new GetObjectCommand({ Bucket: BUCKET, Key: "a" }));
const presign = (client: S3Client, options = {}) =>
  getSignedUrl(client, new GetObjectCommand({ Bucket: BUCKET, Key: "a" }), options);
const HOUR_MS = 3600_000;

describe("signed headers", () => {
  test("a wrong secret is refused, and so is a key that nobody knows", async () => {
    await using bucket = await startTestBucket();
    const wrongSecret = createClient(bucket, { credentials: { ...KEYS, secretAccessKey: "wrong" } });
    expect(await findRefusal(get(wrongSecret))).toEqual({ code: "SignatureDoesNotMatch", status: 403 });
    const wrongKey = createClient(bucket, { credentials: { ...KEYS, accessKeyId: "AKIAUNKNOWN" } });
    expect(await findRefusal(get(wrongKey))).toEqual({ code: "InvalidAccessKeyId", status: 403 });
    expect(bucket.requests.map(({ code }) => code)).toEqual(["SignatureDoesNotMatch", "InvalidAccessKeyId"]);
  });

  test("an unsigned request is refused", async () => {
    await using bucket = await startTestBucket();
    const response = await fetch(`${bucket.endpoint}/${BUCKET}/a`);
    expect([response.status, await readCode(response)]).toEqual([403, "AccessDenied"]);
  });

  test.each([
    ["another key", (headers: Headers) => headers, "/migrations/b"],
    ["another query", (headers: Headers) => headers, "/migrations/a?x-id=GetObject&versions-of=b"],
    ["a changed header", (headers: Headers) => headers.set("x-amz-meta-run", "8"), "/migrations/a"],
  ])("a signature is worth nothing for %s", async (_name, change, path) => {
    await using bucket = await startTestBucket();
    await bucket.objects.put("a", "1");
    await bucket.objects.put("b", "1");
    const headers = await captureHeaders(createClient(bucket), bucket.port);
    const good = await send(bucket.port, "/migrations/a?x-id=PutObject", headers);
    expect(good).toBe(200);
    change(headers);
    const sent = path.includes("?") ? path : `${path}?x-id=PutObject`;
    expect(await send(bucket.port, sent, headers)).toBe(403);
  });

  test("a header that S3 acts on must be under the signature", async () => {
    await using bucket = await startTestBucket();
    const headers = await captureHeaders(createClient(bucket), bucket.port);
    headers.set("x-amz-meta-more", "1");
    expect(await send(bucket.port, "/migrations/a?x-id=PutObject", headers)).toBe(403);
  });

  test("a clock that is a quarter of an hour off is refused, and the SDK corrects its own by the answer", async () => {
    const now = () => Date.now() - HOUR_MS;
    await using bucket = await startTestBucket({ now });
    await bucket.objects.put("a", "1");
    expect((await findRefusal(get(createClient(bucket)))).code).toBe("RequestTimeTooSkewed");
    await get(createClient(bucket, { maxAttempts: 2 }));
    await using near = await startTestBucket({ now: () => Date.now() - 14 * 60_000 });
    await near.objects.put("a", "1");
    await get(createClient(near));
  });

  test("a signature for another region is refused with the right one", async () => {
    await using bucket = await startTestBucket({ region: "eu-west-1" });
    const refusal = await findRefusal(get(createClient(bucket, { region: "us-west-2" })));
    expect(refusal).toEqual({ code: "AuthorizationHeaderMalformed", status: 400 });
  });

  test("curl's own signer is understood", async () => {
    await using bucket = await startTestBucket();
    const url = `${bucket.endpoint}/${BUCKET}/curl`;
    const signer = ["--aws-sigv4", "aws:amz:us-east-1:s3", "--user", `${KEYS.accessKeyId}:${KEYS.secretAccessKey}`];
    const unsigned = ["-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"];
    const run = async (...more: string[]) => {
      const { stdout } = await promisify(execFile)("curl", [
        "-s",
        "-w",
        "%{http_code}",
        ...signer,
        ...unsigned,
        ...more,
      ]);
      return stdout;
    };
    expect(await run("-X", "PUT", "--data-binary", "hello", url)).toBe("200");
    expect(await run(url)).toBe("hello200");
  });
});

describe("payload", () => {
  test("a body that is not the one that was hashed is refused", async () => {
    await using bucket = await startTestBucket();
    const headers = await captureHeaders(createClient(bucket), bucket.port);
    expect(await send(bucket.port, "/migrations/a?x-id=PutObject", headers, "1")).toBe(200);
    expect(await send(bucket.port, "/migrations/a?x-id=PutObject", headers, "2")).toBe(400);
    expect(bucket.requests.at(-1)?.code).toBe("XAmzContentSHA256Mismatch");
    expect((await bucket.objects.read("a")).toString()).toBe("1");
  });

  test("the check can be turned off", async () => {
    await using bucket = await startTestBucket({ verifyPayload: false });
    const headers = await captureHeaders(createClient(bucket), bucket.port);
    expect(await send(bucket.port, "/migrations/a?x-id=PutObject", headers, "2")).toBe(200);
  });
});

test("a body is asked for only once its request was found right", async () => {
  await using bucket = await startTestBucket();
  const ask = async (client: S3Client) => {
    const url = await getSignedUrl(client, new PutObjectCommand({ Bucket: BUCKET, Key: "a" }));
    const sent = request(url, { method: "PUT", headers: { "content-length": 5, expect: "100-continue" } });
    const answered = new Promise<number | undefined>((resolve) => {
      sent.on("response", (response) => response.resume().once("end", () => resolve(response.statusCode)));
    });
    let isAsked = false;
    sent.on("continue", () => {
      isAsked = true;
      sent.end("hello");
    });
    sent.flushHeaders();
    const status = await answered;
    sent.destroy();
    return { isAsked, status };
  };
  expect(await ask(createClient(bucket))).toEqual({ isAsked: true, status: 200 });
  const wrong = createClient(bucket, { credentials: { ...KEYS, secretAccessKey: "wrong" } });
  expect(await ask(wrong)).toEqual({ isAsked: false, status: 403 });
});

describe("presigned URLs", () => {
  test("a plain fetch and a plain curl read the object", async () => {
    await using bucket = await startTestBucket();
    await bucket.objects.put("a", "hello");
    const url = await presign(createClient(bucket));
    expect(await (await fetch(url)).text()).toBe("hello");
    const { stdout } = await promisify(execFile)("curl", ["-s", "-r", "0-3", url]);
    expect(stdout).toBe("hell");
  });

  test("a URL is good for its method only", async () => {
    await using bucket = await startTestBucket();
    await bucket.objects.put("a", "hello");
    const url = await presign(createClient(bucket));
    expect((await fetch(url, { method: "HEAD" })).status).toBe(403);
    expect((await fetch(url, { method: "DELETE" })).status).toBe(403);
    expect(bucket.objects.find("a")).toBeDefined();
    const head = await getSignedUrl(createClient(bucket), new HeadObjectCommand({ Bucket: BUCKET, Key: "a" }));
    expect((await fetch(head, { method: "HEAD" })).status).toBe(200);
  });

  test("whatever is changed in a URL makes it worthless", async () => {
    await using bucket = await startTestBucket();
    await bucket.objects.put("a", "hello");
    await bucket.objects.put("b", "hello");
    const url = await presign(createClient(bucket));
    const last = url.match(/X-Amz-Signature=([0-9a-f]+)/)?.[1] ?? "";
    const forged = [
      url.replace("/a?", "/b?"),
      url.replace("X-Amz-Expires=900", "X-Amz-Expires=9000"),
      url.replace(
        last,
        last.replace(/.$/, (char) => (char === "0" ? "1" : "0")),
      ),
      url.replace(last, ""),
      `${url}&response-content-type=text%2Fhtml`,
    ];
    for (const changed of forged) {
      const response = await fetch(changed);
      expect([response.status, await readCode(response)]).toEqual([403, "SignatureDoesNotMatch"]);
    }
  });

  test("after its time it is refused as expired", async () => {
    let now = Date.now();
    await using bucket = await startTestBucket({ now: () => now });
    await bucket.objects.put("a", "hello");
    const url = await presign(createClient(bucket), { expiresIn: 600 });
    now += 599_000;
    expect((await fetch(url)).status).toBe(200);
    now += 2000;
    const response = await fetch(url);
    expect(response.status).toBe(403);
    const text = await response.text();
    expect(text).toContain("<Code>AccessDenied</Code><Message>Request has expired</Message>");
    expect(text).toContain("<X-Amz-Expires>600</X-Amz-Expires>");
  });

  test("more than a week is refused", async () => {
    await using bucket = await startTestBucket();
    const url = await presign(createClient(bucket), { expiresIn: 604_800 });
    const response = await fetch(url.replace("X-Amz-Expires=604800", "X-Amz-Expires=604801"));
    expect([response.status, await readCode(response)]).toEqual([400, "AuthorizationQueryParametersError"]);
  });

  test("headers that were signed must come with the request", async () => {
    await using bucket = await startTestBucket();
    const command = new PutObjectCommand({ Bucket: BUCKET, Key: "a", ContentType: "text/plain" });
    const url = await getSignedUrl(createClient(bucket), command, {
      signableHeaders: new Set(["content-type", "host"]),
    });
    const put = (type: string) => fetch(url, { method: "PUT", body: "1", headers: { "content-type": type } });
    expect((await put("text/html")).status).toBe(403);
    expect((await put("text/plain")).status).toBe(200);
  });

  test("a URL for another host is refused", async () => {
    await using bucket = await startTestBucket();
    await bucket.objects.put("a", "hello");
    const url = await presign(createClient(bucket));
    expect((await fetch(url.replace("127.0.0.1", "localhost"))).status).toBe(403);
  });
});

describe("temporary credentials", () => {
  const temporary = { ...KEYS, sessionToken: "FwoGZXIvYXdzEtoken+/==" };

  test("the token must come along, in headers and in presigned URLs", async () => {
    await using bucket = await startTestBucket(temporary);
    await bucket.objects.put("a", "hello");
    const client = createClient(bucket, { credentials: temporary });
    await get(client);
    expect((await fetch(await presign(client))).status).toBe(200);
    expect((await findRefusal(get(createClient(bucket)))).code).toBe("InvalidAccessKeyId");
    const other = createClient(bucket, { credentials: { ...temporary, sessionToken: "other" } });
    expect(await findRefusal(get(other))).toEqual({ code: "InvalidToken", status: 400 });
    expect((await fetch(await presign(other))).status).toBe(400);
  });

  test("a token of permanent keys is refused", async () => {
    await using bucket = await startTestBucket();
    expect((await findRefusal(get(createClient(bucket, { credentials: temporary })))).code).toBe("InvalidToken");
  });

  test("after their end everything is ExpiredToken, also a URL that was signed for longer", async () => {
    let now = Date.now();
    await using bucket = await startTestBucket({ ...temporary, expiresAtMs: now + 60_000, now: () => now });
    await bucket.objects.put("a", "hello");
    const client = createClient(bucket, { credentials: temporary });
    const url = await presign(client, { expiresIn: 3600 });
    expect((await fetch(url)).status).toBe(200);
    now += 61_000;
    const response = await fetch(url);
    expect([response.status, await readCode(response)]).toEqual([400, "ExpiredToken"]);
    expect((await findRefusal(get(client))).code).toBe("ExpiredToken");
  });
});

/** What the SDK sends with a PutObject of "1" to the key "a", to be sent again with changes. */
async function captureHeaders(client: S3Client, port: number): Promise<Headers> {
  const headers = new Headers();
  client.middlewareStack.add(
    (next) => async (args) => {
      const { headers: signed } = args.request as { headers: Record<string, string> };
      for (const [name, value] of Object.entries(signed)) headers.set(name, value);
      return next(args);
    },
    { step: "deserialize", priority: "low" },
  );
  await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: "a", Body: "1", Metadata: { run: "7" } }));
  headers.set("host", `127.0.0.1:${port}`);
  headers.delete("expect");
  return headers;
}

function send(port: number, path: string, headers: Headers, body = "1"): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method: "PUT", headers: Object.fromEntries(headers) });
    sent.on("response", (response) => response.resume().once("end", () => resolve(response.statusCode)));
    sent.on("error", reject);
    sent.end(body);
  });
}
