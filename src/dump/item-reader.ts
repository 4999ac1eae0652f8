import { crc32 } from "node:zlib";
import { deflatePiece, deflatePieceSync, storedPiece, zstdPieceSync } from "../archive/pieces.ts";
import type { Piece } from "../archive/pieces.ts";
import { MigrationError } from "../errors.ts";
import type { Session } from "../postgres/session.ts";
import type { PieceMessage, ReaderSettings } from "./messages.ts";
import type { ReadItem } from "./tasks.ts";

/** How much of an item has been handed over, and its checksum: what a repeated read must produce again before going on. */
export interface ItemProgress {
  textBytes: number;
  crc: number;
}

interface Step {
  piece: PieceMessage;
  /** Once this piece is handed over. */
  progress: ItemProgress;
}

export const nothingRead: ItemProgress = { textBytes: 0, crc: 0 };

/** Smaller pieces are deflated on the spot: a trip to another thread costs more. */
const inlineBytes = 64 * 1024;

/**
 * Reads one item in a session that has joined the snapshot, and yields its content compressed, piece by piece. After a
 * lost connection it is called again with the progress so far: the same rows come in the same order under the same
 * snapshot, so what was handed over already is skipped, and compared by its checksum.
 */
export async function* readItem(
  session: Session,
  item: ReadItem,
  number: number,
  settings: ReaderSettings,
  done: ItemProgress,
): AsyncGenerator<Step> {
  const source = item.kind === "copy" ? copyRows(session, item.sql) : largeObjectText(session, item.oid);
  const progress = { ...done };
  const skipping = { textBytes: 0, crc: 0, until: done };
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  // One piece is compressed while the next one is read.
  let compressing: Promise<Step> | undefined;
  for await (const chunk of source.chunks) {
    const fresh = skip(chunk, skipping);
    if (fresh.length === 0) continue;
    pending.push(fresh);
    pendingBytes += fresh.length;
    if (pendingBytes < settings.pieceBytes) continue;
    const previous = compressing;
    compressing = compress(false);
    compressing.catch(() => undefined);
    if (previous !== undefined) yield await previous;
  }
  if (skipping.textBytes < done.textBytes) throw repeatedDifferently();
  if (compressing !== undefined) yield await compressing;
  yield await compress(true);

  async function compress(isLast: boolean): Promise<Step> {
    const text = pending.length === 1 ? (pending[0] as Buffer) : Buffer.concat(pending, pendingBytes);
    pending = [];
    pendingBytes = 0;
    progress.textBytes += text.length;
    progress.crc = crc32(text, progress.crc);
    const { bytes, textBytes, checksum } = await makePiece(text, settings);
    return {
      piece: {
        item: number,
        bytes: transferable(bytes),
        textBytes,
        checksum,
        isLast,
        rows: isLast ? source.rows() : 0,
      },
      progress: { ...progress },
    };
  }
}

/** The part of a chunk that has not been handed over yet. */
function skip(chunk: Buffer, state: { textBytes: number; crc: number; until: ItemProgress }): Buffer {
  const known = Math.min(chunk.length, state.until.textBytes - state.textBytes);
  if (known <= 0) return chunk;
  state.crc = crc32(chunk.subarray(0, known), state.crc);
  state.textBytes += known;
  if (state.textBytes === state.until.textBytes && state.crc !== state.until.crc) throw repeatedDifferently();
  return chunk.subarray(known);
}

function repeatedDifferently(): MigrationError {
  return new MigrationError("A slice read for the second time under the same snapshot gave different rows.", {
    code: "SLICE_CHANGED",
    hint: "Report this: it must not happen. Meanwhile dump-engine: pg_dump does not read slices.",
  });
}

async function makePiece(text: Buffer, { algorithm, level }: ReaderSettings): Promise<Piece> {
  if (algorithm === "none") return storedPiece(text);
  if (algorithm === "zstd") return zstdPieceSync(text, level);
  return text.length <= inlineBytes ? deflatePieceSync(text, level) : await deflatePiece(text, level);
}

/** A buffer of its own, so that it can be moved to another thread without a copy. */
function transferable(bytes: Buffer): Uint8Array<ArrayBuffer> {
  // An empty buffer may be shared, and a shared one must not be moved away from its other owners.
  const owns = bytes.length > 0 && bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
  return owns ? new Uint8Array(bytes.buffer as ArrayBuffer) : new Uint8Array(bytes);
}

interface ItemSource {
  chunks: AsyncIterable<Buffer>;
  /** Known once the chunks are exhausted. */
  rows(): number;
}

function copyRows(session: Session, sql: string): ItemSource {
  const stream = session.copyTo(sql);
  return { chunks: stream, rows: () => stream.rowCount };
}

/** Small objects in one round trip, large ones in steps that no buffer notices. */
const largeObjectStepBytes = 1024 * 1024;

function largeObjectText(session: Session, oid: number): ItemSource {
  return { chunks: readLargeObject(session, oid), rows: () => 0 };
}

async function* readLargeObject(session: Session, oid: number): AsyncGenerator<Buffer> {
  for (let offset = 0; ; offset += largeObjectStepBytes) {
    const [bytes = Buffer.alloc(0)] = await session.binaryValues(
      `select pg_catalog.lo_get($1::oid, $2::int8, ${largeObjectStepBytes})`,
      [oid, offset],
    );
    yield bytes;
    if (bytes.length < largeObjectStepBytes) return;
  }
}
