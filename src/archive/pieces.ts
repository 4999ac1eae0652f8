import { constants, createDeflate, deflateRawSync, zstdCompressSync } from "node:zlib";
import { adler32 } from "./adler32.ts";

/** A stretch of one content, compressed so that the stretches' bytes joined are one stream. */
export interface Piece {
  /** Raw deflate ended on a byte boundary, one zstd frame, or the text itself; empty for no text. */
  bytes: Buffer;
  textBytes: number;
  /** Adler-32 of the text; only the gzip algorithm needs it. */
  checksum: number;
}

/** How hard zlib tries; every inflate reads what comes out. */
export interface DeflateSettings {
  /** 0 to 9. */
  level: number;
  /** One of zlib's; by default it searches for repetitions. */
  strategy?: number;
}

/** Large output buffers: fewer trips between the thread that deflates and ours. */
const outputBytes = 256 * 1024;

/**
 * A piece for the gzip algorithm, deflated on libuv's threads. The stream is zlib's own, so the checksum costs nothing:
 * it is taken from the stream's end, and the two bytes of header and the empty last block are cut off.
 */
export function deflatePiece(text: Buffer, level: number): Promise<Piece> {
  const { promise, resolve, reject } = Promise.withResolvers<Piece>();
  if (text.length === 0) return Promise.resolve(emptyPiece);
  const deflate = createDeflate({ level, chunkSize: outputBytes });
  const output: Buffer[] = [];
  deflate.on("data", (bytes: Buffer) => output.push(bytes));
  deflate.on("error", reject);
  deflate.on("end", () => resolve(pieceOfStream(Buffer.concat(output), text.length, level)));
  deflate.write(text);
  deflate.flush(constants.Z_SYNC_FLUSH, () => deflate.end());
  return promise;
}

/** For text that fits into it, a window that costs less to set up than the text to compress. */
const smallWindow = { windowBits: 13, memLevel: 6 };
const smallTextBytes = 2 ** smallWindow.windowBits;

/** Longer blocks, and fewer of them, than by default: a twentieth less time for what is no larger. */
const usualWindow = { windowBits: 15, memLevel: 9 };

/** The same piece, made on this thread. */
export function deflatePieceSync(text: Buffer, settings: DeflateSettings): Piece {
  if (text.length === 0) return emptyPiece;
  const chunkSize = roomFor(text);
  const window = text.length <= smallTextBytes ? smallWindow : usualWindow;
  const bytes = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH, chunkSize, ...window, ...settings });
  return { bytes, textBytes: text.length, checksum: adler32(text) };
}

/** For all of the output, whatever the text: it then comes in one buffer, without joining several. */
function roomFor(text: Buffer): number {
  return text.length + (text.length >> 8) + 1024;
}

/** A piece for the zstd algorithm: one frame, with the checksum that pg_dump's own frames lack. */
export function zstdPieceSync(text: Buffer, level: number): Piece {
  if (text.length === 0) return emptyPiece;
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
  return { bytes: zstdCompressSync(text, { params, chunkSize: roomFor(text) }), textBytes: text.length, checksum: 1 };
}

/** A piece for archives without compression. */
export function storedPiece(text: Buffer): Piece {
  return { bytes: text, textBytes: text.length, checksum: 1 };
}

const emptyPiece: Piece = { bytes: Buffer.alloc(0), textBytes: 0, checksum: 1 };

function pieceOfStream(stream: Buffer, textBytes: number, level: number): Piece {
  const checksum = stream.readUInt32BE(stream.length - 4);
  const emptyBlockBytes = level === 0 ? 5 : 2;
  return { bytes: stream.subarray(2, stream.length - 4 - emptyBlockBytes), textBytes, checksum };
}
