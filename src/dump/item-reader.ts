import { crc32 } from "node:zlib";
import { type Piece, deflatePiece, deflatePieceSync, storedPiece, zstdPieceSync } from "../archive/pieces.ts";
import { MigrationError } from "../errors.ts";
import type { Session } from "../postgres/session.ts";
import { type ItemText, openItemText } from "./item-text.ts";
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

type CompressionSettings = Pick<ReaderSettings, "algorithm" | "level" | "pieceBytes">;

/**
 * Turns items into compressed pieces. It owns two buffers for text: while one is compressed on another thread, the next
 * rows arrive in the other.
 */
export class ItemReader {
  readonly #settings: CompressionSettings;
  readonly #buffers: [Buffer, Buffer];

  constructor(settings: CompressionSettings) {
    this.#settings = settings;
    this.#buffers = [Buffer.allocUnsafeSlow(settings.pieceBytes), Buffer.allocUnsafeSlow(settings.pieceBytes)];
  }

  /**
   * Reads one item in a session that has joined the snapshot, and yields its content compressed, piece by piece. After a
   * lost connection it is called again with the progress so far: the same rows come in the same order under the same
   * snapshot, so what was handed over already is skipped, and compared by its checksum.
   */
  async *read(session: Session, item: ReadItem, number: number, done: ItemProgress): AsyncGenerator<Step> {
    const text = openItemText(session, item);
    await skipKnown(text, done, this.#buffers[0]);
    let progress = done;
    let compressing: Promise<Step> | undefined;
    let isLast = false;
    for (let index = 0; !isLast; index = 1 - index) {
      const buffer = this.#buffers[index] as Buffer;
      const length = await text.read(buffer);
      isLast = length < buffer.length;
      const filled = buffer.subarray(0, length);
      progress = { textBytes: progress.textBytes + length, crc: crc32(filled, progress.crc) };
      const previous = compressing;
      const rows = isLast ? text.rowCount : 0;
      compressing = this.#compress(filled, { item: number, isLast, rows }, progress);
      compressing.catch(() => undefined);
      if (previous !== undefined) yield await previous;
    }
    if (compressing !== undefined) yield await compressing;
  }

  async #compress(
    text: Buffer,
    facts: Pick<PieceMessage, "item" | "isLast" | "rows">,
    progress: ItemProgress,
  ): Promise<Step> {
    const { bytes, textBytes, checksum } = await makePiece(text, this.#settings);
    return { piece: { ...facts, bytes: transferable(bytes, text), textBytes, checksum }, progress };
  }
}

/** Reads again what has been handed over already, and throws unless it is the same. */
async function skipKnown(text: ItemText, done: ItemProgress, buffer: Buffer): Promise<void> {
  const known = { ...nothingRead };
  while (known.textBytes < done.textBytes) {
    const target = buffer.subarray(0, Math.min(buffer.length, done.textBytes - known.textBytes));
    const length = await text.read(target);
    known.textBytes += length;
    known.crc = crc32(target.subarray(0, length), known.crc);
    if (length < target.length) break;
  }
  if (known.textBytes === done.textBytes && known.crc === done.crc) return;
  throw new MigrationError("A slice read for the second time under the same snapshot gave different rows.", {
    code: "SLICE_CHANGED",
    hint: "Report this: it must not happen. Meanwhile dump-engine: pg_dump does not read slices.",
  });
}

async function makePiece(text: Buffer, { algorithm, level }: CompressionSettings): Promise<Piece> {
  if (algorithm === "none") return storedPiece(text);
  if (algorithm === "zstd") return zstdPieceSync(text, level);
  return text.length <= inlineBytes ? deflatePieceSync(text, level) : await deflatePiece(text, level);
}

/** A buffer of its own, so that it can be moved to another thread without a copy; never the reader's own buffer. */
function transferable(bytes: Buffer, text: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  // An empty buffer may be shared, and a shared one must not be moved away from its other owners.
  const owns = bytes.length > 0 && bytes.byteLength === buffer.byteLength && buffer !== text.buffer;
  return owns && buffer instanceof ArrayBuffer ? new Uint8Array(buffer) : new Uint8Array(bytes);
}
