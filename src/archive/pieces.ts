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

/** The same piece, made on this thread. */
export function deflatePieceSync(text: Buffer, level: number): Piece {
  if (text.length === 0) return emptyPiece;
  // Room for all of the output: it then comes in one buffer, without joining several.
  const chunkSize = text.length + (text.length >> 8) + 1024;
  const size = text.length <= smallTextBytes ? smallWindow : {};
  const bytes = deflateRawSync(text, { level, finishFlush: constants.Z_SYNC_FLUSH, chunkSize, ...size });
  return { bytes, textBytes: text.length, checksum: adler32(text) };
}

/** A piece for the zstd algorithm: one frame, with the checksum that pg_dump's own frames lack. */
export function zstdPieceSync(text: Buffer, level: number): Piece {
  if (text.length === 0) return emptyPiece;
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
  return { bytes: zstdCompressSync(text, { params }), textBytes: text.length, checksum: 1 };
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
