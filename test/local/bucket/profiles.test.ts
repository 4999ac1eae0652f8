import { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
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
import { createLocalhostAgent } from "./localhost-agent.ts";
import { type ProfileName, PROFILES } from "./profiles.ts";

const DEFAULTS = {
  requestChecksumCalculation: "WHEN_SUPPORTED",
  responseChecksumValidation: "WHEN_SUPPORTED",
} as const;
const small = { rules: { minPartBytes: 1 } };
const names = Object.keys(PROFILES) as ProfileName[];

test.each(names)("%s: a client that sends no checksums uploads, reads and deletes", async (profile) => {
  await using bucket = await startTestBucket({ profile });
  const client = createClient(bucket);
  const contents = [createContent(5 * MIB), createContent(5 * MIB), createContent(7)];
  const { UploadId, parts } = await sendParts(client, "a", contents);
  await complete(client, "a", UploadId, parts);
  const url = await getSignedUrl(client, new GetObjectCommand({ Bucket: BUCKET, Key: "a" }));
  expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(Buffer.concat(contents))).toBe(true);
  await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "a" }));
  expect(bucket.objects.list()).toEqual([]);
});

describe("the SDK's default checksums", () => {
  const upload = async (profile: ProfileName) => {
    await using bucket = await startTestBucket({ profile, ...small });
    const client = createClient(bucket, DEFAULTS);
    const part = sendParts(client, "a", [Buffer.from("1")]);
    const refusal = await findRefusal(part);
    if (refusal.code !== "none") return refusal;
    const { UploadId, parts } = await part;
    // Awaited here: the bucket lives no longer than this function.
    return await findRefusal(complete(client, "a", UploadId, parts));
  };

  test("Google lets parts through and refuses Complete", async () => {
    expect(await upload("gcs")).toEqual({ code: "PreconditionFailed", status: 412 });
  });

  test("R2 and UpCloud refuse them at once", async () => {
    expect(await upload("r2")).toEqual({ code: "NotImplemented", status: 501 });
    expect(await upload("upcloud")).toEqual({ code: "InvalidRequest", status: 400 });
  });

  test("Ceph does not read them", async () => {
    expect(await upload("linode")).toEqual({ code: "none", status: undefined });
  });

  test.each([
    ["gcs", "InvalidArgument"],
    ["upcloud", "InvalidArgument"],
    ["r2", "NotImplemented"],
    ["vultr", "XAmzContentSHA256Mismatch"],
    ["minio", "none"],
  ] as const)("a streamed body with a trailer on %s: %s", async (profile, code) => {
    await using bucket = await startTestBucket({ profile });
    const client = createClient(bucket, DEFAULTS);
    const Body = Readable.from([Buffer.from("12345")]);
    const command = new PutObjectCommand({ Bucket: BUCKET, Key: "a", Body, ContentLength: 5 });
    expect((await findRefusal(client.send(command))).code).toBe(code);
  });
});

describe("R2's equal parts", () => {
  const finish = async (...sizes: number[]) => {
    await using bucket = await startTestBucket({ profile: "r2", ...small });
    const client = createClient(bucket);
    const { UploadId, parts } = await sendParts(client, "a", sizes.map(createContent));
    return (await findRefusal(complete(client, "a", UploadId, parts))).code;
  };

  test("the last may be smaller, nothing else may differ, and it is told only at Complete", async () => {
    expect(await finish(10, 10, 3)).toBe("none");
    expect(await finish(10, 10, 10)).toBe("none");
    expect(await finish(3)).toBe("none");
    expect(await finish(10, 9, 10)).toBe("InvalidPart");
    expect(await finish(10, 10, 11)).toBe("InvalidPart");
    expect(await finish(10, 11)).toBe("InvalidPart");
  });

  test("AWS takes parts of any sizes", async () => {
    await using bucket = await startTestBucket(small);
    const client = createClient(bucket);
    const { UploadId, parts } = await sendParts(client, "a", [10, 9, 11].map(createContent));
    await complete(client, "a", UploadId, parts);
  });
});

describe("conditional writes", () => {
  const lockTwice = async (profile: ProfileName) => {
    await using bucket = await startTestBucket({ profile });
    const client = createClient(bucket);
    const lock = (Body: string) =>
      findRefusal(client.send(new PutObjectCommand({ Bucket: BUCKET, Key: "lock", Body, IfNoneMatch: "*" })));
    return [(await lock("1")).code, (await lock("2")).code];
  };

  test("B2 refuses them, Google does as if there were no condition, the others honour them", async () => {
    expect(await lockTwice("backblaze")).toEqual(["NotImplemented", "NotImplemented"]);
    expect(await lockTwice("gcs")).toEqual(["none", "none"]);
    expect(await lockTwice("r2")).toEqual(["none", "PreconditionFailed"]);
  });

  test("only AWS deletes under a condition", async () => {
    await using bucket = await startTestBucket({ profile: "r2" });
    await bucket.objects.put("a", "1");
    const command = new DeleteObjectCommand({ Bucket: BUCKET, Key: "a", IfMatch: "*" });
    expect((await findRefusal(createClient(bucket).send(command))).status).toBe(501);
  });
});

describe("addressing", () => {
  const head = new HeadBucketCommand({ Bucket: BUCKET });
  const virtual = { forcePathStyle: false, requestHandler: { httpAgent: createLocalhostAgent() } };

  test("virtual-host style works where the store has it", async () => {
    await using bucket = await startTestBucket({ profile: "digitalocean" });
    const client = createClient({ endpoint: bucket.virtualHostEndpoint }, virtual);
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: "folder/a", Body: "1" }));
    expect(bucket.requests[0]).toMatchObject({ path: "/folder/a", key: "folder/a", status: 200 });
    expect(bucket.requests[0]?.headers["host"]).toBe(`${BUCKET}.localhost:${bucket.port}`);
    const elsewhere = client.send(new GetObjectCommand({ Bucket: "elsewhere", Key: "a" }));
    expect((await findRefusal(elsewhere)).code).toBe("NoSuchBucket");
  });

  test("a path-only store takes the first folder for the bucket", async () => {
    await using bucket = await startTestBucket({ profile: "upcloud" });
    const client = createClient({ endpoint: bucket.virtualHostEndpoint }, virtual);
    const refusal = await findRefusal(client.send(new GetObjectCommand({ Bucket: BUCKET, Key: "folder/a" })));
    expect(refusal).toEqual({ code: "NoSuchBucket", status: 404 });
  });

  test("a rule of a profile can be changed: virtual-host style only", async () => {
    await using bucket = await startTestBucket({ rules: { addressing: ["virtual"] } });
    expect((await findRefusal(createClient(bucket).send(head))).status).toBe(400);
    await createClient({ endpoint: bucket.virtualHostEndpoint }, virtual).send(head);
  });
});

describe("regions", () => {
  const ask = async (profile: ProfileName, region: string, signed: string) => {
    await using bucket = await startTestBucket({ profile, region });
    return (await findRefusal(createClient(bucket, { region: signed }).send(new HeadBucketCommand({ Bucket: BUCKET }))))
      .status;
  };

  test("some stores take any region, some their own and one more, AWS its own", async () => {
    expect(await ask("aws", "eu-west-1", "us-east-1")).toBe(400);
    expect(await ask("r2", "auto", "auto")).toBeUndefined();
    expect(await ask("r2", "auto", "us-east-1")).toBeUndefined();
    expect(await ask("r2", "auto", "eu-west-1")).toBe(400);
    expect(await ask("vultr", "ewr1", "anything")).toBeUndefined();
    expect(await ask("digitalocean", "fra1", "us-east-1")).toBeUndefined();
  });
});

test("B2's least part is 5 MB, not 5 MiB", async () => {
  await using bucket = await startTestBucket({ profile: "backblaze" });
  const client = createClient(bucket);
  const { UploadId, parts } = await sendParts(client, "a", [createContent(5_000_000), createContent(1)]);
  await complete(client, "a", UploadId, parts);
  const part = await sendParts(client, "b", []);
  const command = new UploadPartCommand({ Bucket: BUCKET, Key: "b", ...part, PartNumber: 1, Body: "1" });
  await client.send(command);
});
