import { BlockVerifier } from "./block-verifier.ts";
import { ContentsReader } from "./contents.ts";
import type { ArchiveHead, ParsedHead } from "./contents.ts";
import type { ContentReader, ContentSpec } from "./inflate.ts";

/** A table's data as it was found in the archive, or the large objects of one BLOBS entry. */
export interface VerifiedBlock {
  dumpId: number;
  /** `TABLE DATA` or `BLOBS`. */
  desc: string;
  schema: string;
  table: string;
  /** `pg_class.oid` of the table; 0 for large objects. */
  oid: number;
  /** Null for large objects, and for tables dumped as INSERT commands. */
  rows: number | null;
  /** Of the text, inflated. */
  textBytes: number;
  /** Of the chunks, without their framing. */
  compressedBytes: number;
  /** Where the block begins in the archive. */
  offset: number;
  /** Of a table's text, hexadecimal, where it was asked for. */
  sha256?: string;
  largeObjects: VerifiedLargeObject[];
}

export interface VerifiedLargeObject {
  oid: number;
  bytes: number;
  sha256?: string;
}

export interface VerifiedArchive {
  head: ArchiveHead;
  headBytes: number;
  /** Everything that was read. */
  archiveBytes: number;
  /** In the order of the contents. */
  blocks: VerifiedBlock[];
  /** Length of the second table of contents behind the data, see `tolerateTrailingContents`. */
  trailingBytes: number;
}

export interface VerifyOptions {
  /**
   * pg_dump 16 to 18 with standard output redirected to a file open it for appending, so that the contents they
   * rewrite with offsets land behind the data. Readers never look there.
   */
  tolerateTrailingContents?: boolean;
  /** Hash each table's text and each large object. */
  sha256?: boolean;
  /** Called when the contents are known, before any data. */
  onHead?: (parsed: ParsedHead) => void;
  /** Called for each block in turn. */
  onBlock?: (block: VerifiedBlock) => void;
  /** Who inflates; `BlockInflater` in this thread unless told otherwise. */
  openContent?: (spec: ContentSpec) => ContentReader;
  /** How many contents may be waiting for their end, for an `openContent` that works elsewhere. 1 unless told. */
  contentsInFlight?: number;
  signal?: AbortSignal;
}

/**
 * Reads a whole archive once, front to back, and checks everything that its format allows to check: contents, framing,
 * that every entry with data has its block, in the contents' order and of its kind, that each content is one sound
 * compressed stream and nothing more, that COPY text is complete, that the large objects are those the contents create.
 * Throws `ArchiveFormatError` for the first thing that is wrong. Memory does not grow with the data. The source's
 * buffers are kept as they are for a while, so it must not fill them again.
 *
 * The format has no checksum over its contents, its uncompressed data and pg_dump's zstd frames: changes there that keep
 * the form are found only by a checksum of the whole archive.
 */
export async function verifyArchive(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: VerifyOptions = {},
): Promise<VerifiedArchive> {
  const contents = new ContentsReader();
  let blocks: BlockVerifier | undefined;
  try {
    for await (const bytes of source) {
      options.signal?.throwIfAborted();
      if (blocks) await blocks.write(asBuffer(bytes));
      else if (contents.push(asBuffer(bytes))) blocks = await startBlocks(contents, options);
    }
    blocks ??= await startBlocks(contents, options);
    return await blocks.end();
  } catch (error) {
    blocks?.destroy();
    throw error;
  }
}

async function startBlocks(contents: ContentsReader, options: VerifyOptions): Promise<BlockVerifier> {
  const { rest, ...parsed } = contents.finish();
  options.onHead?.(parsed);
  const blocks = new BlockVerifier(parsed, options);
  await blocks.write(rest);
  return blocks;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
