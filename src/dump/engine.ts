import type { ArchiveHead } from "../archive/contents.ts";
import type { ClientPrograms } from "../postgres/client-programs.ts";
import type { PgDumpOptions } from "../postgres/pg-dump.ts";
import type { Snapshot } from "../postgres/snapshot.ts";
import type { ContentsEdit, TableRecord } from "../report.ts";
import type { Run } from "../run.ts";
import type { Bucket } from "../storage/bucket.ts";
import type { BlockRecord } from "./assemble.ts";
import type { LeftOut } from "./edits.ts";
import type { DumpProgress } from "./progress.ts";

export interface DumpRequest {
  run: Run;
  snapshot: Snapshot;
  client: ClientPrograms;
  bucket: Bucket;
  key: string;
  leftOut: LeftOut;
  /** What the source will give, bytes on disk, for progress and part size. */
  estimatedBytes: number;
  /** Free connections of the source that readers may take. */
  connectionRoom: number;
  sourceMajor: number;
  /** Other values than the measured ones, for tests. */
  tuning?: Partial<DumpTuning>;
}

export interface DumpTuning {
  /** Bytes on disk per slice. */
  sliceBytes: number;
  /** Text per compressed piece. */
  pieceBytes: number;
  /** Compressed bytes that may wait for their turn, over all readers. */
  windowBytes: number;
  /** How long one statement of a reader waits for a lock before it looks who is in the way. */
  lockTimeoutMs: number;
  /** How long a reader waits behind a session that wants a table for itself. */
  lockPatienceMs: number;
  /** Share of the server's lock table that readers may fill by locking all tables ahead. */
  lockTableShare: number;
}

/** What both engines are given. */
export interface EngineRequest extends DumpRequest {
  pgDump: PgDumpOptions;
  jobs: number;
  level: number;
  /** Each table gets the level that fits its rows instead. */
  fitsLevels: boolean;
  write: (bytes: Uint8Array) => Promise<void>;
  progress: DumpProgress;
  /** Fires also when the snapshot's holder is lost. */
  signal: AbortSignal;
}

/** What an engine hands back once every byte is written. */
export interface EngineResult {
  /** As it stands in the archive, after the edits. */
  head: ArchiveHead;
  edits: ContentsEdit[];
  /** Rows and slices of each data block; empty where pg_dump wrote them. */
  blocks: BlockRecord[];
  tables: TableRecord[];
  retries: number;
  largeObjects: number;
}
