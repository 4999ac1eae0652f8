/**
 * The local bucket as a process of its own, so that a benchmark does not share an event loop with it:
 *
 *   BUCKET_ACCESS_KEY_ID=… BUCKET_SECRET_ACCESS_KEY=… node test/local/bucket/server.ts --bucket migrations --storage discard --no-md5 --control
 *
 * Prints one line of JSON, `{"endpoint","virtualHostEndpoint","port","pid"}`, and runs until SIGTERM, SIGINT or, with
 * `--until-stdin-ends`, until its standard input ends. Keys come by the environment only.
 */
import { parseArgs } from "node:util";
import { startBucket } from "./bucket.ts";
import type { Storage } from "./contents.ts";
import { type ProfileName, PROFILES } from "./profiles.ts";

const STORAGES: readonly string[] = ["memory", "disk", "discard"] satisfies Storage[];

const { values } = parseArgs({
  allowNegative: true,
  options: {
    bucket: { type: "string", default: "migrations" },
    profile: { type: "string", default: "aws" },
    region: { type: "string", default: "us-east-1" },
    storage: { type: "string", default: "memory" },
    port: { type: "string", default: "0" },
    "min-part-bytes": { type: "string" },
    md5: { type: "boolean", default: true },
    sha256: { type: "boolean", default: false },
    "verify-payload": { type: "boolean", default: true },
    control: { type: "boolean", default: false },
    "until-stdin-ends": { type: "boolean", default: false },
  },
});

function readKey(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} must be set.`);
  return value;
}

if (!(values.profile in PROFILES)) throw new Error(`Unknown profile "${values.profile}".`);
if (!STORAGES.includes(values.storage)) throw new Error(`Unknown storage "${values.storage}".`);
const minPartBytes = values["min-part-bytes"];

const bucket = await startBucket({
  bucket: values.bucket,
  profile: values.profile as ProfileName,
  rules: minPartBytes === undefined ? {} : { minPartBytes: Number(minPartBytes) },
  region: values.region,
  storage: values.storage as Storage,
  port: Number(values.port),
  md5: values.md5,
  sha256: values.sha256,
  verifyPayload: values["verify-payload"],
  control: values.control,
  accessKeyId: readKey("BUCKET_ACCESS_KEY_ID"),
  secretAccessKey: readKey("BUCKET_SECRET_ACCESS_KEY"),
  sessionToken: process.env["BUCKET_SESSION_TOKEN"] || undefined,
});
const { endpoint, virtualHostEndpoint, port } = bucket;
console.log(JSON.stringify({ endpoint, virtualHostEndpoint, port, pid: process.pid }));

async function stop(): Promise<void> {
  await bucket.close();
  process.exit(0);
}

process.once("SIGTERM", () => void stop());
process.once("SIGINT", () => void stop());
if (values["until-stdin-ends"]) process.stdin.resume().once("end", () => void stop());
