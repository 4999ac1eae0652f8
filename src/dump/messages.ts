import type { CompressionAlgorithm } from "../archive/header.ts";
import type { SourceTableName } from "./locks.ts";
import type { ReadTask } from "./tasks.ts";

/** How a reader thread connects and compresses. Lives in memory only: it holds the password. */
export interface ReaderSettings {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  sslMode: string;
  ca: string | undefined;
  clientCertificate: string | undefined;
  clientKey: string | undefined;
  applicationName: string;
  snapshotId: string;
  /** PostgreSQL's name of the archive's encoding. */
  encoding: string;
  algorithm: CompressionAlgorithm;
  level: number;
  /** Each table gets the level that fits its rows instead. */
  fitsLevels: boolean;
  pieceBytes: number;
  lockTimeoutMs: number;
  lockPatienceMs: number;
  /** OIDs and names of tables to lock ahead; empty where the server's lock table is too small for it. */
  tablesToLock: readonly SourceTableName[];
}

/** A compressed stretch of one item's content. */
export interface PieceMessage {
  item: number;
  bytes: Uint8Array<ArrayBuffer>;
  textBytes: number;
  checksum: number;
  /** Set with the item's last piece, which may be empty. */
  isLast: boolean;
  rows: number;
}

export type ToReader =
  | { type: "start"; settings: ReaderSettings }
  | { type: "read"; task: ReadTask }
  | { type: "go-on" }
  | { type: "end" };

export type FromReader =
  | { type: "pieces"; task: number; pieces: PieceMessage[]; isTaskDone: boolean }
  | { type: "retry"; message: string }
  | { type: "waiting"; message: string }
  | { type: "failed"; message: string; code: string | undefined; hint: string | undefined };
