import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { BucketOptions, IncompleteUpload } from "./bucket.ts";
import type { ObjectSummary } from "./bucket-objects.ts";
import type { Fault } from "./faults.ts";
import type { BucketStats, RecordedRequest } from "./recording.ts";

/** The options that can be given to another process. */
export interface BucketProcessOptions extends Pick<
  BucketOptions,
  | "bucket"
  | "profile"
  | "region"
  | "storage"
  | "port"
  | "md5"
  | "sha256"
  | "verifyPayload"
  | "accessKeyId"
  | "secretAccessKey"
  | "sessionToken"
> {
  minPartBytes?: number | undefined;
}

export interface RemoteFault {
  id: number;
  seen: number;
  fired: number;
  fault: Fault;
}

export interface BucketProcess extends AsyncDisposable {
  endpoint: string;
  virtualHostEndpoint: string;
  port: number;
  pid: number;
  addFault(fault: Fault): Promise<RemoteFault>;
  listFaults(): Promise<RemoteFault[]>;
  clearFaults(): Promise<void>;
  listRequests(): Promise<RecordedRequest[]>;
  clearRequests(): Promise<void>;
  listObjects(): Promise<ObjectSummary[]>;
  listUploads(): Promise<IncompleteUpload[]>;
  /** With the CPU time and the memory of the bucket's process. */
  readStats(): Promise<BucketStats & { cpuMicros: number; rssBytes: number }>;
  /** Ends the life of every key. */
  expireCredentials(): Promise<void>;
  close(): Promise<void>;
}

const SERVER = fileURLToPath(new URL("server.ts", import.meta.url));

/** Starts a bucket in a process of its own; it ends with `close`, and also when this process does. */
export async function startBucketProcess(options: BucketProcessOptions): Promise<BucketProcess> {
  const child = spawn(process.execPath, [SERVER, ...renderFlags(options)], {
    stdio: ["pipe", "pipe", "pipe"],
    env: {
      TMPDIR: process.env["TMPDIR"],
      BUCKET_ACCESS_KEY_ID: options.accessKeyId,
      BUCKET_SECRET_ACCESS_KEY: options.secretAccessKey,
      BUCKET_SESSION_TOKEN: options.sessionToken ?? "",
    },
  });
  const place = await readPlace(child, child.stdout, child.stderr);
  const ask = createAsk(place.endpoint);
  const close = () => stop(child);
  return {
    ...place,
    addFault: (fault) => ask("POST faults", fault.times === Infinity ? { ...fault, times: null } : fault),
    listFaults: () => ask("GET faults"),
    clearFaults: () => ask("DELETE faults"),
    listRequests: () => ask("GET requests"),
    clearRequests: () => ask("DELETE requests"),
    listObjects: () => ask("GET objects"),
    listUploads: () => ask("GET uploads"),
    readStats: () => ask("GET stats"),
    expireCredentials: () => ask("POST expire"),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function renderFlags(options: BucketProcessOptions): string[] {
  const { bucket, profile = "aws", region = "us-east-1", storage = "memory", port = 0, minPartBytes } = options;
  const flags = [
    "--bucket",
    bucket,
    "--profile",
    profile,
    "--region",
    region,
    "--storage",
    storage,
    "--port",
    String(port),
  ];
  if (minPartBytes !== undefined) flags.push("--min-part-bytes", String(minPartBytes));
  if (options.md5 === false) flags.push("--no-md5");
  if (options.sha256 === true) flags.push("--sha256");
  if (options.verifyPayload === false) flags.push("--no-verify-payload");
  return [...flags, "--control", "--until-stdin-ends"];
}

type Place = Pick<BucketProcess, "endpoint" | "virtualHostEndpoint" | "port" | "pid">;

async function readPlace(child: ChildProcess, stdout: Readable, stderr: Readable): Promise<Place> {
  let complaint = "";
  const listen = (chunk: Buffer): void => void (complaint += chunk.toString());
  stderr.on("data", listen);
  for await (const line of createInterface({ input: stdout })) {
    stderr.off("data", listen).pipe(process.stderr, { end: false });
    return JSON.parse(line) as Place;
  }
  if (child.exitCode === null) await once(child, "exit");
  throw new Error(`The bucket's process ended before it was ready (exit code ${child.exitCode}): ${complaint}`);
}

function createAsk(endpoint: string) {
  return async <Answer>(command: string, body?: unknown): Promise<Answer> => {
    const [method = "", name = ""] = command.split(" ");
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${endpoint}/_control/${name}`, { method, ...sent });
    if (!response.ok) throw new Error(`The bucket's process answered ${response.status} to ${command}.`);
    return (await response.json()) as Answer;
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}
