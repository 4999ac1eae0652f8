import { crc32 } from "node:zlib";
import { adler32, adler32Combine } from "../archive/adler32.ts";
import { type Piece, deflatePieceSync, storedPiece, zstdPieceSync } from "../archive/pieces.ts";
import { MigrationError } from "../errors.ts";
import { freeMemory } from "../free-memory.ts";
import { FittingDeflate } from "./fitting-deflate.ts";
import type { ItemText } from "./item-text.ts";
import type { PieceMessage, ReaderSettings } from "./messages.ts";

/** How much of an item has been handed over, and its checksum: what a repeated read must produce again before going on. */
export interface ItemProgress {
  textBytes: number;
  /** Adler-32 where the pieces have one already, else CRC-32. */
  checksum: number;
}

interface Step {
  piece: PieceMessage;
  /** Once this piece is handed over. */
  progress: ItemProgress;
}

export const nothingRead: ItemProgress = { textBytes: 0, checksum: 1 };

type CompressionSettings = Pick<ReaderSettings, "algorithm" | "level" | "fitsLevels" | "pieceBytes">;

/**
 * Turns items into compressed pieces, on the thread that it runs on: Node's own threads for compression are four for the
 * whole process, and the socket takes in what comes next meanwhile.
 */
export class ItemReader {
  readonly #settings: CompressionSettings;
  readonly #buffer: Buffer;
  readonly #fittingDeflate = new FittingDeflate();

  constructor(settings: CompressionSettings) {
    this.#settings = settings;
    this.#buffer = Buffer.allocUnsafeSlow(settings.pieceBytes);
  }

  /**
   * Reads the next item of a source, and yields its content compressed, piece by piece. After a lost connection it is
   * called again with the progress so far: the same rows come in the same order under the same snapshot, so what was
   * handed over already is skipped, and compared by its checksum.
   */
  async *read(source: ItemText, block: number, number: number, done: ItemProgress): AsyncGenerator<Step> {
    await this.#skipKnown(source, done);
    let progress = done;
    for (let isLast = false; !isLast;) {
      const length = await source.read(this.#buffer);
      isLast = length < this.#buffer.length;
      const text = this.#buffer.subarray(0, length);
      const piece = this.#makePiece(text, block);
      progress = this.#advance(progress, text, piece);
      const rows = isLast ? source.rowCount : 0;
      yield { piece: { item: number, isLast, rows, ...piece, bytes: ownCopy(piece.bytes, text) }, progress };
    }
  }

  #advance({ textBytes, checksum }: ItemProgress, text: Buffer, piece: Piece): ItemProgress {
    return {
      textBytes: textBytes + text.length,
      checksum:
        this.#settings.algorithm === "gzip"
          ? adler32Combine(checksum, piece.checksum, text.length)
          : crc32(text, checksum),
    };
  }

  /** Reads again what has been handed over already, and throws unless it is the same. */
  async #skipKnown(text: ItemText, done: ItemProgress): Promise<void> {
    const sum = this.#settings.algorithm === "gzip" ? adler32 : crc32;
    const known = { ...nothingRead };
    while (known.textBytes < done.textBytes) {
      const target = this.#buffer.subarray(0, Math.min(this.#buffer.length, done.textBytes - known.textBytes));
      const length = await text.read(target);
      known.textBytes += length;
      known.checksum = sum(target.subarray(0, length), known.checksum);
      if (length < target.length) break;
    }
    if (known.textBytes !== done.textBytes || known.checksum !== done.checksum) throw changedSlice();
  }

  #makePiece(text: Buffer, block: number): Piece {
    const { algorithm, level, fitsLevels } = this.#settings;
    if (algorithm === "none") return storedPiece(text);
    if (algorithm === "zstd") return zstdPieceSync(text, level);
    return deflatePieceSync(text, fitsLevels ? this.#fittingDeflate.settingsFor(block, text) : { level });
  }
}

function changedSlice(): MigrationError {
  return new MigrationError("A slice read for the second time under the same snapshot gave different rows.", {
    code: "SLICE_CHANGED",
    hint: "Report this: it must not happen. Meanwhile dump-engine: pg_dump does not read slices.",
  });
}

/** Node's small buffers are views of a shared one, which must stay. */
const surelyUnsharedBytes = 128 * 1024;

/** Of exactly its length and in memory of its own, to be moved to another thread. */
function ownCopy(bytes: Buffer, text: Buffer): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  const { buffer } = bytes;
  if (buffer !== text.buffer && buffer.byteLength > surelyUnsharedBytes) freeMemory(new Uint8Array(buffer));
  return copy;
}
