import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import type { ClientPrograms } from "../../src/postgres/client-programs.ts";
import type { BucketProcess } from "../local/bucket/bucket-process.ts";
import type { PostgresServer } from "../local/postgres/servers.ts";
import { readCpuSeconds, watchMemory } from "./meter.ts";
import type { Results, Sample, Subject } from "./results.ts";
import type { WayJob, WayResult } from "./way.ts";

export interface Bench {
  server: PostgresServer;
  bucket: BucketProcess;
  credentials: { accessKeyId: string; secretAccessKey: string };
  client: ClientPrograms;
  /** For zstd, which pg_dump has from 16 on. */
  newerClient: ClientPrograms | undefined;
  /** The bundled `way.ts`. */
  program: string;
  results: Results;
}

export interface Database {
  name: string;
  /** Of tables and TOAST; 0 for nothing but small tables. */
  bytes: number;
}

/** The server counts the time of a backend once that has ended, a moment after its client. */
const backendsEndMs = 500;

/** One way, once, in a process of its own. */
export async function measure(bench: Bench, database: Database, subject: Subject): Promise<Sample> {
  const job = jobOf(bench, database, subject);
  const serverBefore = readCpuSeconds(bench.server.pid);
  const bucketBefore = await bench.bucket.readStats();
  const child = spawn(process.execPath, [bench.program], { stdio: ["pipe", "pipe", "inherit"] });
  const memory = watchMemory(child.pid ?? 0);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stdin.end(JSON.stringify(job));
  const [code] = (await once(child, "close")) as [number | null];
  const peakBytes = memory.stop();
  if (code !== 0) throw new Error(`${subject.way} ended with exit code ${code}`);
  await setTimeout(backendsEndMs);
  const { jobs, rows: _, ...result } = JSON.parse(output) as WayResult;
  const bucketAfter = await bench.bucket.readStats();
  await bench.bucket.clearRequests();
  return {
    ...subject,
    ...result,
    ...(jobs === undefined ? {} : { jobsUsed: jobs }),
    serverCpuSeconds: readCpuSeconds(bench.server.pid) - serverBefore,
    bucketCpuSeconds: (bucketAfter.cpuMicros - bucketBefore.cpuMicros) / 1e6,
    peakBytes,
  };
}

function jobOf(
  { server, bucket, credentials, client, newerClient }: Bench,
  database: Database,
  subject: Subject,
): WayJob {
  const { way, jobs } = subject;
  const usesZstd = way === "zstd" || way === "ours-zstd";
  return {
    way,
    inputs: {
      command: "migrate",
      "source-database-url": server.superuserUrl(database.name),
      "heroku-api-key": "not-used",
      "heroku-app": "example-app",
      confirm: "example-app",
      bucket: "migrations",
      "s3-endpoint": bucket.endpoint,
      "s3-access-key-id": credentials.accessKeyId,
      "s3-secret-access-key": credentials.secretAccessKey,
      "dump-engine": way === "piped" ? "pg_dump" : "parallel",
      jobs: String(jobs),
      compression: way === "ours-zstd" ? "zstd" : "gzip",
      ...(way === "verify-counts" ? { verify: "counts" } : {}),
      // pg_dump's own default.
      ...(way === "piped" ? { "compression-level": "6" } : {}),
    },
    client: usesZstd && newerClient ? newerClient : client,
    psql: client.pgDump.replace(/pg_dump$/u, "psql"),
    sourceMajor: server.major,
    estimatedBytes: Math.max(database.bytes, 1e8),
    jobs: jobs === "auto" ? 2 : jobs,
    folder: "",
    key: `bench-${way}`,
  };
}
