import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { startBucketProcess } from "./bucket-process.ts";
import { BUCKET, complete, createClient, createContent, findRefusal, KEYS, MIB, sendParts } from "./fixture.ts";

test("a bucket in a process of its own takes uploads, tells what it holds, and fails on demand", async () => {
  const options = { bucket: BUCKET, ...KEYS, storage: "discard", md5: false, verifyPayload: false } as const;
  await using bucket = await startBucketProcess(options);
  const client = createClient(bucket);
  const { UploadId, parts } = await sendParts(client, "a", [createContent(5 * MIB), createContent(MIB)]);
  expect(await bucket.listUploads()).toMatchObject([{ key: "a", uploadId: UploadId }]);
  await complete(client, "a", UploadId, parts);
  expect(await bucket.listObjects()).toMatchObject([{ key: "a", bytes: 6 * MIB }]);
  expect(await bucket.listUploads()).toEqual([]);
  const stats = await bucket.readStats();
  expect(stats.bytesIn).toBeGreaterThan(6 * MIB);
  expect(stats.cpuMicros).toBeGreaterThan(0);

  await bucket.clearRequests();
  await bucket.addFault({ operation: "PutObject", times: Infinity, action: { status: 503 } });
  const put = () => findRefusal(client.send(new PutObjectCommand({ Bucket: BUCKET, Key: "b", Body: "1" })));
  expect([(await put()).status, (await put()).status]).toEqual([503, 503]);
  expect(await bucket.listFaults()).toMatchObject([{ seen: 2, fired: 2 }]);
  expect((await bucket.listRequests()).map(({ status }) => status)).toEqual([503, 503]);
  await bucket.clearFaults();
  expect((await put()).code).toBe("none");
  await bucket.expireCredentials();
  expect((await put()).code).toBe("ExpiredToken");
});

test("it ends when it is told, and then listens no more", async () => {
  const bucket = await startBucketProcess({ bucket: BUCKET, ...KEYS });
  await bucket.close();
  await expect(fetch(bucket.endpoint)).rejects.toThrow();
  for (let tries = 0; tries < 50 && isAlive(bucket.pid); tries++) await sleep(20);
  expect(isAlive(bucket.pid)).toBe(false);
});

test("it does not outlive the process that started it", async () => {
  const module = new URL("bucket-process.ts", import.meta.url).href;
  const options = JSON.stringify({ bucket: BUCKET, ...KEYS });
  const script = `import { startBucketProcess } from ${JSON.stringify(module)};
    console.log((await startBucketProcess(${options})).pid);`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(line.toString());
  expect(isAlive(pid)).toBe(true);
  parent.kill("SIGKILL");
  for (let tries = 0; tries < 200 && isAlive(pid); tries++) await sleep(20);
  expect(isAlive(pid)).toBe(false);
});

test("wrong options end it at once with the reason", async () => {
  const started = startBucketProcess({ bucket: BUCKET, ...KEYS, profile: "azure" as "aws" });
  await expect(started).rejects.toThrow(/before it was ready[^]*Unknown profile "azure"/);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
