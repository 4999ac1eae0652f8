import { spawn } from "node:child_process";
import { once } from "node:events";
import { dump } from "../../src/dump/dump.ts";
import type { DumpedArchive } from "../../src/dump/dump.ts";
import type { DumpTuning } from "../../src/dump/engine.ts";
import { applicationNameOf } from "../../src/application-name.ts";
import { verifyArchive } from "../../src/archive/verify.ts";
import type { VerifiedArchive } from "../../src/archive/verify.ts";
import type { RawInputs } from "../../src/inputs/inputs.ts";
import type { Log } from "../../src/log.ts";
import { findClientPrograms } from "../../src/postgres/client-programs.ts";
import type { ClientPrograms } from "../../src/postgres/client-programs.ts";
import { openConnectionEnvironment } from "../../src/postgres/connection-environment.ts";
import { startPgDump } from "../../src/postgres/pg-dump.ts";
import { withSnapshot } from "../../src/postgres/snapshot.ts";
import type { Snapshot } from "../../src/postgres/snapshot.ts";
import type { Run } from "../../src/run.ts";
import { openBucket } from "../../src/storage/bucket.ts";
import type { Bucket } from "../local/bucket/bucket.ts";
import { startBucket } from "../local/bucket/bucket.ts";
import { clientDirectory } from "../local/postgres/clients.ts";
import { openTestRun } from "../support/run.ts";

const credentials = { accessKeyId: "AKIDEXAMPLE00000", secretAccessKey: "secretsecretsecret" };

export async function startArchiveBucket(): Promise<Bucket> {
  return await startBucket({ bucket: "migrations", storage: "memory", ...credentials });
}

export async function clientOf(major: number): Promise<ClientPrograms> {
  const folder = await clientDirectory(major);
  const found = await findClientPrograms({ sourceMajor: major, targetMajor: major, clientDirectory: folder });
  if (found === undefined) throw new Error(`no client programs of major ${major}`);
  return found;
}

export interface DumpJob {
  url: string;
  bucket: Bucket;
  client: ClientPrograms;
  sourceMajor: number;
  key?: string;
  inputs?: RawInputs;
  signal?: AbortSignal;
  log?: Log;
  tuning?: Partial<DumpTuning>;
  /** Runs when the snapshot is held and nothing has been read yet. */
  onSnapshot?: (snapshot: Snapshot, run: Run) => Promise<void>;
}

export function inputsOf({ url, bucket, inputs }: Pick<DumpJob, "url" | "bucket" | "inputs">): RawInputs {
  return {
    command: "migrate",
    "source-database-url": url,
    "heroku-api-key": "x-key-123",
    "heroku-app": "example-app",
    confirm: "example-app",
    bucket: "migrations",
    "s3-endpoint": bucket.endpoint,
    "s3-access-key-id": credentials.accessKeyId,
    "s3-secret-access-key": credentials.secretAccessKey,
    "dump-engine": "parallel",
    ...inputs,
  };
}

/** One dump by our engine into the bucket; `also` runs under the same snapshot, once ours is complete. */
export async function dumpUnderSnapshot<T>(
  job: DumpJob,
  also: (snapshot: Snapshot, run: Run) => Promise<T>,
): Promise<{ dumped: DumpedArchive; also: T }> {
  await using test = await openTestRun(inputsOf(job), job.signal);
  const run: Run = job.log === undefined ? test.run : { ...test.run, log: job.log };
  const options = {
    applicationName: applicationNameOf("snapshot", run.platform.runId),
    excludeSchemas: run.inputs.excludeSchemas,
  };
  return await withSnapshot(run.inputs.source, options, async (snapshot) => {
    await job.onSnapshot?.(snapshot, run);
    const dumped = await dump({
      run,
      snapshot,
      client: job.client,
      bucket: openBucket(run.inputs.bucket),
      key: job.key ?? "archive",
      leftOut: { extensions: [], schemas: [] },
      estimatedBytes: 1e8,
      connectionRoom: 10,
      sourceMajor: job.sourceMajor,
      ...(job.tuning === undefined ? {} : { tuning: job.tuning }),
    });
    return { dumped, also: await also(snapshot, run) };
  });
}

export async function dumpAlone(job: DumpJob): Promise<DumpedArchive> {
  const { dumped } = await dumpUnderSnapshot(job, () => Promise.resolve());
  return dumped;
}

export interface Comparison {
  dumped: DumpedArchive;
  ours: VerifiedArchive;
  /** What plain pg_dump -Fc writes under the same snapshot. */
  stock: VerifiedArchive;
}

/** Our archive and stock pg_dump's of one snapshot, both read whole. */
export async function dumpBoth(job: DumpJob): Promise<Comparison> {
  const { dumped, also: stock } = await dumpUnderSnapshot(job, async (snapshot, run) => {
    await using environment = await openConnectionEnvironment(run.inputs.source, run.workDirectory, "stock pg_dump");
    const process = startPgDump({
      program: job.client.pgDump,
      environment: environment.variables,
      snapshotId: snapshot.id,
      compression: "1",
      excludeSchemas: run.inputs.excludeSchemas,
      excludeTableData: run.inputs.excludeTableData,
      signal: run.signal,
    });
    const archive = await verifyArchive(process.output, { sha256: true });
    await process.finished;
    return archive;
  });
  return { dumped, stock, ours: await readArchive(job.bucket, job.key ?? "archive") };
}

export async function readArchive(bucket: Bucket, key: string): Promise<VerifiedArchive> {
  return await verifyArchive(bucket.objects.stream(key), { sha256: true });
}

export interface Difference {
  what: string;
  ours: unknown;
  stock: unknown;
}

/**
 * Everything in which our archive differs from stock pg_dump's, beside the edits that the dump itself reports, the
 * time and the compression. Nothing is what is wanted. Values of sequences are read outside of any snapshot.
 */
export function listDifferences({ dumped, ours, stock }: Comparison, sequencesMayMove = false): Difference[] {
  return [
    ...differences("blocks", describeBlocks(ours), describeBlocks(stock)),
    ...differences("entries", describeEntries(ours, sequencesMayMove), describeEdited(dumped, stock, sequencesMayMove)),
    ...differences("header", describeHeader(ours), describeHeader(stock)),
    ...differences("rows", countRows(dumped), countRowsOf(stock)),
  ];
}

function differences(what: string, ours: readonly string[], stock: readonly string[]): Difference[] {
  const length = Math.max(ours.length, stock.length);
  return Array.from({ length }, (_, index) => ({ what: `${what} ${index}`, ours: ours[index], stock: stock[index] }))
    .filter((pair) => pair.ours !== pair.stock)
    .slice(0, 5);
}

function describeBlocks({ blocks }: VerifiedArchive): string[] {
  return blocks.flatMap(({ dumpId, desc, schema, table, rows, textBytes, sha256, largeObjects }) => [
    JSON.stringify({ dumpId, desc, schema, table, rows, textBytes, sha256 }),
    ...largeObjects.map((object) => JSON.stringify(object)),
  ]);
}

function describeEntries({ head }: VerifiedArchive, sequencesMayMove: boolean): string[] {
  return head.entries.map((entry) => describeEntry(entry, sequencesMayMove));
}

function describeEntry(entry: VerifiedArchive["head"]["entries"][number], sequencesMayMove: boolean): string {
  const { offset: _, ...rest } = entry;
  const definition = sequencesMayMove && entry.desc === "SEQUENCE SET" ? null : entry.definition;
  return JSON.stringify({ ...rest, definition }, (_key, value: unknown) =>
    value !== null && typeof value === "object" && "type" in value && "data" in value
      ? Buffer.from(value.data as number[]).toString("latin1")
      : value,
  );
}

/** Stock's entries less those that the dump says it removed. */
function describeEdited(dumped: DumpedArchive, stock: VerifiedArchive, sequencesMayMove: boolean): string[] {
  const kept = new Set(dumped.head.entries.map((entry) => entry.dumpId));
  const removed = stock.head.entries.filter((entry) => !kept.has(entry.dumpId));
  const reported = dumped.edits.filter((edit) => edit.kind === "removed").length;
  if (removed.length !== reported) throw new Error(`${removed.length} entries are gone, ${reported} are reported`);
  const cleared = dumped.edits.some((edit) => edit.kind === "tablespace-cleared");
  return stock.head.entries
    .filter((entry) => kept.has(entry.dumpId))
    .map((entry) => describeEntry(cleared ? { ...entry, tablespace: Buffer.alloc(0) } : entry, sequencesMayMove));
}

function describeHeader({ head: { header } }: VerifiedArchive): string[] {
  const { version, databaseName, serverVersion, dumpVersion } = header as unknown as Record<string, unknown>;
  return [version, databaseName, serverVersion, dumpVersion].map((value) => JSON.stringify(value));
}

function countRows(dumped: DumpedArchive): string[] {
  return dumped.tables.map(({ schema, table, rows }) => `${schema}.${table}: ${rows}`);
}

function countRowsOf({ blocks }: VerifiedArchive): string[] {
  return blocks
    .filter(({ desc }) => desc === "TABLE DATA")
    .map(({ schema, table, rows }) => `${schema}.${table}: ${rows}`);
}

/** Runs a program with something on its standard input; throws what it wrote to standard error if it fails. */
export async function runWithInput(
  program: string,
  args: string[],
  environment: Record<string, string>,
  input: AsyncIterable<Buffer> | undefined,
): Promise<string> {
  const child = spawn(program, args, { env: environment, stdio: ["pipe", "ignore", "pipe"] });
  let messages = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (messages += text));
  child.stdin.on("error", () => undefined);
  const closed = once(child, "close") as Promise<[number | null]>;
  for await (const chunk of input ?? []) if (!child.stdin.write(chunk)) await once(child.stdin, "drain");
  child.stdin.end();
  const [code] = await closed;
  if (code !== 0 || messages !== "") throw new Error(`${program} ended with exit code ${code}: ${messages}`);
  return messages;
}
