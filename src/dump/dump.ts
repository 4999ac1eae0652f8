import type { ArchiveHead } from "../archive/contents.ts";
import { UnsupportedArchiveVersionError } from "../archive/errors.ts";
import { MigrationError } from "../errors.ts";
import { formatBytes, formatCount, plural } from "../format.ts";
import { chooseJobs } from "../jobs.ts";
import { listConfigurationRelations } from "../postgres/configuration-tables.ts";
import { openConnectionEnvironment } from "../postgres/connection-environment.ts";
import { isLocal } from "../postgres/database-url.ts";
import type { PgDumpOptions } from "../postgres/pg-dump.ts";
import type { Snapshot } from "../postgres/snapshot.ts";
import type { ContentsEdit, DumpRecord, TableRecord } from "../report.ts";
import type { Inputs } from "../inputs/inputs.ts";
import type { Run } from "../run.ts";
import { partBytesFor } from "../storage/part-size.ts";
import { type CompletedUpload, type Upload, startUpload } from "../storage/upload.ts";
import type { BlockRecord } from "./assemble.ts";
import { UnreadableEntryError } from "./blocks.ts";
import { applicationNameOf } from "../application-name.ts";
import type { DumpRequest, EngineRequest, EngineResult } from "./engine.ts";
import { dumpInParallel } from "./parallel.ts";
import { dumpPlainly } from "./plain.ts";
import { DumpProgress } from "./progress.ts";
import { chooseLevel, choosesLevels } from "./tuning.ts";

/** An archive that is complete in the bucket, and what is known of it from the reading side. */
export interface DumpedArchive {
  record: DumpRecord;
  /** As it stands in the archive, after the edits. */
  head: ArchiveHead;
  edits: ContentsEdit[];
  /** Rows and slices of each data block; empty where pg_dump wrote them. */
  blocks: BlockRecord[];
  tables: TableRecord[];
}

/**
 * Dumps the source into one archive in the bucket, as one stream, without a file. The object appears only after
 * everything was written and pg_dump ended well; any failure aborts the upload.
 */
export async function dump(request: DumpRequest): Promise<DumpedArchive> {
  const { run } = request;
  if (run.inputs.dumpEngine === "pg_dump") return await dumpWith("pg_dump", request);
  try {
    return await dumpWith("parallel", request);
  } catch (error) {
    const isBeyondUs = error instanceof UnsupportedArchiveVersionError || error instanceof UnreadableEntryError;
    if (!isBeyondUs || run.inputs.dumpEngine === "parallel") throw error;
    run.log.warning(`${error.message} Plain pg_dump writes the archive instead.`);
    return await dumpWith("pg_dump", request);
  }
}

async function dumpWith(engine: DumpRecord["engine"], request: DumpRequest): Promise<DumpedArchive> {
  const { run, snapshot, client, key } = request;
  const startedAt = performance.now();
  const partBytes = partBytesFor(request.estimatedBytes);
  const jobs = engine === "parallel" ? chooseReaders(request) : 1;
  const compression = chooseCompression(engine, run.inputs);
  const applicationName = applicationNameOf("pg_dump", run.platform.runId);
  await using environment = await openConnectionEnvironment(run.inputs.source, run.workDirectory, applicationName);
  await run.state.set({ archive: { key } });
  const progress = new DumpProgress(run, request.estimatedBytes);
  await using upload = await openUpload(request, partBytes, progress);
  await run.state.set({ upload: { key, uploadId: upload.uploadId } });
  const result = await holding(snapshot, run.signal, async (signal) => {
    const pgDump = await pgDumpOptions(request, environment.variables, engine, compression.level);
    const engineRequest: EngineRequest = {
      ...request,
      pgDump: { ...pgDump, signal },
      jobs,
      ...compression,
      progress,
      signal,
      write: (bytes) => upload.write(bytes),
    };
    return engine === "parallel" ? await dumpInParallel(engineRequest) : await dumpPlainly(engineRequest);
  });
  const completed = await completeUpload(upload, run);
  const record: DumpRecord = {
    engine,
    clientVersion: client.version,
    compression: `${run.inputs.compression} ${compression.fitsLevels ? "by table" : compression.level}`,
    jobs,
    seconds: (performance.now() - startedAt) / 1000,
    snapshotLsn: snapshot.lsn,
    partBytes,
    ...factsOfUpload(completed),
    ...factsOfResult(result),
  };
  return { ...result, record };
}

function chooseReaders({ run: { inputs, platform }, connectionRoom }: DumpRequest): number {
  const { processors } = platform;
  return chooseJobs({ jobs: inputs.jobs, processors, isSourceLocal: isLocal(inputs.source.host), connectionRoom });
}

/** Only our own engine can give each table the level that its rows are worth. */
function chooseCompression(engine: DumpRecord["engine"], inputs: Inputs): { level: number; fitsLevels: boolean } {
  return { level: chooseLevel(inputs), fitsLevels: engine === "parallel" && choosesLevels(inputs) };
}

async function openUpload(
  { run, bucket, key }: DumpRequest,
  partBytes: number,
  progress: DumpProgress,
): Promise<Upload> {
  return await startUpload(bucket, key, {
    partBytes,
    partsInFlight: 3,
    signal: run.signal,
    log: run.log,
    onPart: (part) => progress.part(part.uploadedBytes, part.uploadedParts),
  });
}

type UploadFacts = Pick<DumpRecord, "archiveKey" | "archiveBytes" | "archiveSha256" | "parts">;

function factsOfUpload({ key, bytes, sha256, parts }: CompletedUpload): UploadFacts {
  return { archiveKey: key, archiveBytes: bytes, archiveSha256: sha256, parts };
}

type ResultFacts = Pick<DumpRecord, "archiveVersion" | "copyBytes" | "rows" | "largeObjects" | "retries">;

function factsOfResult({ head, tables, largeObjects, retries }: EngineResult): ResultFacts {
  return {
    archiveVersion: head.header.version,
    copyBytes: tables.reduce((sum, table) => sum + table.bytes, 0),
    rows: tables.reduce((sum, table) => sum + table.rows, 0),
    largeObjects,
    retries,
  };
}

async function completeUpload(upload: Upload, run: Run): Promise<CompletedUpload> {
  const completed = await upload.complete();
  await run.state.clear("upload");
  return completed;
}

async function pgDumpOptions(
  { run, snapshot, client, leftOut }: DumpRequest,
  environment: Record<string, string>,
  engine: DumpRecord["engine"],
  level: number,
): Promise<Omit<PgDumpOptions, "signal">> {
  const { inputs } = run;
  return {
    program: client.pgDump,
    environment,
    snapshotId: snapshot.id,
    // The parallel engine takes only the contents, which are not compressed.
    compression:
      engine === "parallel" || inputs.compression === "none"
        ? "0"
        : inputs.compression === "zstd"
          ? `zstd:${level}`
          : String(level),
    excludeSchemas: inputs.excludeSchemas,
    excludeTableData: inputs.excludeTableData,
    excludeTables: await listConfigurationRelations(snapshot.holder, leftOut.extensions),
  };
}

/** Runs `work` with a signal that also fires when the snapshot's holder is lost: nothing read after that is of one moment. */
async function holding<T>(
  snapshot: Snapshot,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const onLost = (error: Error): void => lost.abort(holderLost(error));
  snapshot.holder.onLost(onLost);
  try {
    const result = await work(AbortSignal.any([signal, lost.signal]));
    // A holder that died unnoticed would leave the readers' snapshots alone in the world: ask it once more.
    await snapshot.holder.execute("select 1");
    return result;
  } catch (error) {
    signal.throwIfAborted();
    if (lost.signal.aborted) throw lost.signal.reason;
    // A reader may learn of the holder's end before we do.
    await snapshot.holder.execute("select 1").catch((reason: unknown) => {
      throw holderLost(reason);
    });
    throw error;
  }
}

function holderLost(cause: unknown): MigrationError {
  return new MigrationError(
    "The connection that holds the source's snapshot was lost, so what was read is no longer of one moment.",
    {
      code: "SNAPSHOT_LOST",
      hint: "See the source's log for who ended it (a failover, an administrator, a network cut), then run again. The target has not been touched.",
      cause,
    },
  );
}

/** One line for the log and the report. */
export function describeDump(record: DumpRecord): string {
  const ratio = record.copyBytes > 0 ? `, ${formatBytes(record.copyBytes)} of rows` : "";
  const rows = record.engine === "parallel" ? `${formatCount(record.rows)} rows${ratio}, ` : "";
  return `${rows}${formatBytes(record.archiveBytes)} archive in ${plural(record.parts, "part")}, ${record.engine} with ${plural(record.jobs, "reader")}`;
}
