import { type ArchiveHead, encodingOf, serializeHead } from "../archive/contents.ts";
import { withCompression } from "../archive/header.ts";
import type { Snapshot } from "../postgres/snapshot.ts";
import type { TableRecord } from "../report.ts";
import { applicationNameOf } from "../application-name.ts";
import { type BlockRecord, writeBlocks } from "./assemble.ts";
import { planBlocks } from "./blocks.ts";
import { startAndReadContents } from "./contents.ts";
import type { DumpTuning, EngineRequest, EngineResult } from "./engine.ts";
import { editForHeroku } from "./edits.ts";
import { listTablesToLock } from "./locks.ts";
import type { ReaderSettings } from "./messages.ts";
import { ReaderThreads } from "./reader-threads.ts";
import { Readers } from "./readers.ts";
import { type TableShape, readTableShapes } from "./source-tables.ts";
import { type BlockPlan, planTasks } from "./tasks.ts";
import { defaultTuning } from "./tuning.ts";

/** Ranges of pages are read without a scan of the whole table from this major on. */
const firstMajorWithTidRangeScan = 14;

/**
 * Contents from the real pg_dump, data blocks by many readers: the archive inflates to what pg_dump would have written,
 * byte for byte, and any pg_restore reads it from a pipe.
 */
export async function dumpInParallel(request: EngineRequest): Promise<EngineResult> {
  const { snapshot, progress, sourceMajor } = request;
  await using threads = new ReaderThreads(request.jobs);
  // While pg_dump collects the contents, the holder would only wait.
  const [{ head, edits }, shapes] = await bothOrNeither(readEditedContents(request), readShapes(snapshot));
  const blocks = await planBlocks(snapshot.holder, head, shapes);
  const tuning = { ...defaultTuning, ...request.tuning };
  const { sliceBytes, windowBytes } = tuning;
  const tasks = planTasks(blocks, {
    sliceBytes,
    canSlice: sourceMajor >= firstMajorWithTidRangeScan,
    encoding: encodingOf(head),
  });
  progress.plan(tasks.reduce((sum, task) => sum + task.estimatedBytes, 0));
  const tablesToLock = await listTablesToLock(snapshot.holder, blocks, request.jobs, tuning.lockTableShare);
  const headBytes = serializeHead(head);
  await request.write(headBytes);
  const settings: ReaderSettings = { ...readerSettings(request, head), ...tuning, tablesToLock };
  await using readers = new Readers(tasks, {
    startThread: () => threads.take(settings),
    jobs: request.jobs,
    windowBytes,
    signal: request.signal,
    onTrouble: (message) => request.run.log.warning(message),
  });
  const { algorithm } = head.header.compression;
  const records = await writeBlocks({
    blocks,
    tasks,
    readers,
    algorithm,
    level: request.level,
    offset: headBytes.length,
    write: request.write,
    onPiece: (piece) => progress.read(piece.textBytes, piece.bytes.length, piece.rows),
    onTask: (task) => progress.finish(task.estimatedBytes),
  });
  return {
    head,
    edits,
    blocks: records,
    tables: listTables(blocks, records),
    retries: readers.retries,
    largeObjects: countLargeObjects(blocks),
  };
}

async function readShapes({ holder, tables }: Snapshot): Promise<Map<number, TableShape>> {
  return await readTableShapes(
    holder,
    tables.map((table) => table.oid),
  );
}

/** Both results; where one fails, its error once the other has ended as well, so that nothing runs on behind it. */
async function bothOrNeither<First, Second>(first: Promise<First>, second: Promise<Second>): Promise<[First, Second]> {
  await Promise.allSettled([first, second]);
  return await Promise.all([first, second]);
}

/** pg_dump has served once its contents are here: the rest of its archive is not needed. */
async function readEditedContents({
  pgDump,
  leftOut,
  snapshot,
  run,
  level,
}: EngineRequest): ReturnType<typeof editForHeroku> {
  const started = await startAndReadContents(pgDump);
  await started.process.stop();
  const algorithm = run.inputs.compression;
  const head = {
    ...started.head,
    header: withCompression(started.head.header, { algorithm, level: algorithm === "none" ? 0 : level }),
  };
  return await editForHeroku(head, leftOut, snapshot.holder);
}

function readerSettings(
  { run, snapshot, level, fitsLevels }: EngineRequest,
  head: ArchiveHead,
): Omit<ReaderSettings, keyof DumpTuning | "tablesToLock"> {
  const { source } = run.inputs;
  return {
    host: source.host,
    port: source.port,
    user: source.user,
    password: source.password.reveal(),
    database: source.database,
    sslMode: source.sslMode,
    ca: source.tls.ca,
    clientCertificate: source.tls.clientCertificate,
    clientKey: source.tls.clientKey?.reveal(),
    applicationName: applicationNameOf("reader", run.platform.runId),
    snapshotId: snapshot.id,
    encoding: encodingOf(head),
    algorithm: head.header.compression.algorithm,
    level,
    fitsLevels,
  };
}

function listTables(blocks: readonly BlockPlan[], records: readonly BlockRecord[]): TableRecord[] {
  return blocks.flatMap((block, index): TableRecord[] => {
    const record = records[index];
    if (block.kind !== "table" || record === undefined) return [];
    const { schema, table } = block.shape;
    return [
      {
        schema,
        table,
        rows: record.rows,
        bytes: record.textBytes,
        compressedBytes: record.archiveBytes,
        slices: record.slices.length,
        seconds: record.seconds,
      },
    ];
  });
}

function countLargeObjects(blocks: readonly BlockPlan[]): number {
  return blocks.reduce((sum, block) => sum + (block.kind === "large-objects" ? block.oids.length : 0), 0);
}
