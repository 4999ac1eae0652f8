import { zstdCompressSync } from "node:zlib";
import { adler32Combine } from "./adler32.ts";
import { UnsupportedCompressionError } from "./errors.ts";
import type { CompressionAlgorithm } from "./header.ts";
import type { Piece } from "./pieces.ts";
import { encodeInt, intBytes, oidToInt } from "./primitives.ts";

/** The byte that a data block begins with. */
export const blockTypes = { table: 1, largeObjects: 3 } as const;

/** Ends the chunks of a table or of a large object, and the objects of a block. */
const zero = encodeInt(0);

/** Opens the block of a TABLE DATA entry; the table's content follows. */
export function tableBlockStart(dumpId: number): Buffer {
  return blockStart(blockTypes.table, dumpId);
}

/** Opens the block of a BLOBS entry: large objects follow, then `largeObjectsBlockEnd`. */
export function largeObjectsBlockStart(dumpId: number): Buffer {
  return blockStart(blockTypes.largeObjects, dumpId);
}

/** Comes before a large object's content. */
export function largeObjectStart(oid: number): Buffer {
  if (oid === 0) throw new RangeError("No large object has the OID 0");
  return encodeInt(oidToInt(oid));
}

export function largeObjectsBlockEnd(): Buffer {
  return zero;
}

/** pg_restore reads a chunk whole into memory, so keep it well below a gigabyte. */
export function chunkStart(length: number): Buffer {
  if (length <= 0) throw new RangeError("A chunk of no bytes would end the content");
  return encodeInt(length);
}

/**
 * Frames the content of one table or of one large object: `start`, each piece in order, `end`.
 * The pieces' bytes become exactly one compressed stream, which is all that pg_restore accepts.
 */
export class ContentFraming {
  readonly #algorithm: CompressionAlgorithm;
  readonly #level: number;
  #checksum = 1;
  #textBytes = 0;

  constructor(algorithm: CompressionAlgorithm, level = -1) {
    if (algorithm === "lz4") throw new UnsupportedCompressionError(algorithm);
    this.#algorithm = algorithm;
    this.#level = level;
  }

  /** Bytes of text framed so far. */
  get textBytes(): number {
    return this.#textBytes;
  }

  start(): Buffer {
    return this.#algorithm === "gzip" ? chunk(zlibHeader(this.#level)) : Buffer.alloc(0);
  }

  /** The chunk's length and its bytes, in the order in which to write them; nothing for an empty piece. */
  piece(piece: Piece): Buffer[] {
    if (piece.bytes.length === 0) return [];
    this.#checksum = adler32Combine(this.#checksum, piece.checksum, piece.textBytes);
    this.#textBytes += piece.textBytes;
    return [chunkStart(piece.bytes.length), piece.bytes];
  }

  end(): Buffer {
    if (this.#algorithm === "gzip") return Buffer.concat([chunk(zlibTrailer(this.#checksum)), zero]);
    const isEmptyStream = this.#algorithm === "zstd" && this.#textBytes === 0;
    return isEmptyStream ? Buffer.concat([chunk(zstdCompressSync(Buffer.alloc(0))), zero]) : zero;
  }
}

function blockStart(type: number, dumpId: number): Buffer {
  const bytes = Buffer.allocUnsafe(1 + intBytes);
  bytes[0] = type;
  return encodeInt(dumpId, bytes, 1);
}

function chunk(bytes: Buffer): Buffer {
  return Buffer.concat([chunkStart(bytes.length), bytes]);
}

/** RFC 1950: 32 KiB window, and the level as a hint for those who might compress again. */
function zlibHeader(level: number): Buffer {
  if (level === 0 || level === 1) return Buffer.from([0x78, 0x01]);
  if (level >= 2 && level <= 5) return Buffer.from([0x78, 0x5e]);
  if (level >= 7) return Buffer.from([0x78, 0xda]);
  return Buffer.from([0x78, 0x9c]);
}

/** An empty last block (RFC 1951) and the checksum of everything before it. */
function zlibTrailer(checksum: number): Buffer {
  const bytes = Buffer.from([0x03, 0x00, 0, 0, 0, 0]);
  bytes.writeUInt32BE(checksum, 2);
  return bytes;
}
