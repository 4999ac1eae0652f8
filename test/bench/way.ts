import { createReadStream } from "node:fs";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dump } from "../../src/dump/dump.ts";
import type { RawInputs } from "../../src/inputs/inputs.ts";
import type { ClientPrograms } from "../../src/postgres/client-programs.ts";
import { openConnectionEnvironment } from "../../src/postgres/connection-environment.ts";
import { withSnapshot } from "../../src/postgres/snapshot.ts";
import { openBucket } from "../../src/storage/bucket.ts";
import { partBytesFor } from "../../src/storage/part-size.ts";
import { startUpload } from "../../src/storage/upload.ts";
import type { Run } from "../../src/run.ts";
import { openTestRun } from "../support/run.ts";
import { readCpuSeconds, readMainCpuSeconds } from "./meter.ts";
import { verifyTarget } from "./verification.ts";

// One way to move a database's rows, in a process of its own: reads a job from standard input, prints a result.

export type WayName =
  | "ours"
  | "ours-zstd"
  | "piped"
  | "to-disk"
  | "directory"
  | "zstd"
  | "psql-copy"
  | "psql-count"
  | "verify-counts"
  | "verify-full";

export interface WayJob {
  way: WayName;
  inputs: RawInputs;
  client: ClientPrograms;
  psql: string;
  sourceMajor: number;
  estimatedBytes: number;
  jobs: number;
  /** Where a way that needs a disk writes. */
  folder: string;
  key: string;
}

export interface WayResult {
  seconds: number;
  /** Of this process and of the programs that it started. */
  cpuSeconds: number;
  /** Of this process's main thread alone. */
  mainCpuSeconds: number;
  archiveBytes: number;
  diskBytes: number;
  copyBytes?: number;
  rows?: number;
  jobs?: number;
  phases?: Record<string, number>;
}

type Outcome = Omit<WayResult, "seconds" | "cpuSeconds" | "mainCpuSeconds">;
type Way = (run: Run, job: WayJob) => Promise<Outcome>;

const ways: Record<WayName, Way> = {
  ours: (run, job) => dumpOurs(run, job),
  "ours-zstd": (run, job) => dumpOurs(run, job),
  piped: (run, job) => dumpOurs(run, job),
  "to-disk": dumpToDiskThenUpload,
  directory: dumpDirectory,
  zstd: (run, job) => dumpZstd(run, job),
  "psql-copy": (run, job) => runForEachTable(run, job, "\\copy %s to /dev/null"),
  "psql-count": (run, job) => runForEachTable(run, job, "select count(*) from %s;"),
  "verify-counts": verify,
  "verify-full": verify,
};

/** Ours, and plain pg_dump piped into the same uploader: what differs is in the inputs. */
async function dumpOurs(run: Run, job: WayJob): Promise<Outcome> {
  const dumped = await withSnapshot(
    run.inputs.source,
    { applicationName: "bench", excludeSchemas: [] },
    async (snapshot) =>
      await dump({
        run,
        snapshot,
        client: job.client,
        bucket: openBucket(run.inputs.bucket),
        key: job.key,
        leftOut: { extensions: [], schemas: [] },
        estimatedBytes: job.estimatedBytes,
        connectionRoom: 50,
        sourceMajor: job.sourceMajor,
      }),
  );
  const { archiveBytes, copyBytes, rows, jobs } = dumped.record;
  return { archiveBytes, diskBytes: 0, copyBytes, rows, jobs };
}

/** As the hosting providers' guides have it: a file first, then its upload. */
async function dumpToDiskThenUpload(run: Run, job: WayJob): Promise<Outcome> {
  const file = join(job.folder, "dump.pgdump");
  const startedAt = performance.now();
  await runProgram(run, job.client.pgDump, ["--format=custom", "--no-password", `--file=${file}`]);
  const dumpedAt = performance.now();
  const { size } = await stat(file);
  await using upload = await startUpload(openBucket(run.inputs.bucket), job.key, {
    partBytes: partBytesFor(size),
    partsInFlight: 4,
  });
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) await upload.write(chunk as Buffer);
  await upload.complete();
  const phases = { dump: (dumpedAt - startedAt) / 1000, upload: (performance.now() - dumpedAt) / 1000 };
  return { archiveBytes: size, diskBytes: size, phases };
}

/** pg_dump's own parallelism: a folder on disk, which Heroku cannot read. */
async function dumpDirectory(run: Run, job: WayJob): Promise<Outcome> {
  const folder = join(job.folder, "directory");
  await runProgram(run, job.client.pgDump, [
    "--format=directory",
    `--jobs=${job.jobs}`,
    "--no-password",
    `--file=${folder}`,
  ]);
  const bytes = await folderBytes(folder);
  return { archiveBytes: bytes, diskBytes: bytes, jobs: job.jobs };
}

async function dumpZstd(run: Run, job: WayJob): Promise<Outcome> {
  const file = join(job.folder, "dump.zstd");
  await runProgram(run, job.client.pgDump, ["--format=custom", "--compress=zstd:3", "--no-password", `--file=${file}`]);
  const { size } = await stat(file);
  return { archiveBytes: size, diskBytes: size };
}

/** One connection, and what every table costs it: to print all of its rows and throw them away, or to count them. */
async function runForEachTable(run: Run, job: WayJob, command: string): Promise<Outcome> {
  const list = `select format('${command}', oid::regclass) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`;
  const commands = await runProgram(run, job.psql, ["-X", "-A", "-t", "-c", list]);
  await runProgram(run, job.psql, ["-X", "-q", "-v", "ON_ERROR_STOP=1"], commands);
  return { archiveBytes: 0, diskBytes: 0 };
}

async function verify(run: Run): Promise<Outcome> {
  return { archiveBytes: 0, diskBytes: 0, rows: await verifyTarget(run) };
}

async function runProgram(run: Run, program: string, args: string[], input = ""): Promise<string> {
  await using environment = await openConnectionEnvironment(run.inputs.source, run.workDirectory, "bench");
  const child = spawn(program, args, { env: environment.variables, stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with exit code ${code}`);
  return output;
}

async function folderBytes(folder: string): Promise<number> {
  const files = await readdir(folder);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function main(): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const job = JSON.parse(Buffer.concat(chunks).toString("utf8")) as WayJob;
  const folder = await mkdtemp(join(tmpdir(), "bench-way-"));
  try {
    await using test = await openTestRun(job.inputs);
    const cpuBefore = readCpuSeconds("self");
    const mainBefore = readMainCpuSeconds();
    const startedAt = performance.now();
    const outcome = await ways[job.way](test.run, { ...job, folder });
    const seconds = (performance.now() - startedAt) / 1000;
    const cpuSeconds = readCpuSeconds("self") - cpuBefore;
    const mainCpuSeconds = readMainCpuSeconds() - mainBefore;
    const result: WayResult = { seconds, cpuSeconds, mainCpuSeconds, ...outcome };
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
