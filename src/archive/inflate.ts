import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { InflateDecoder, StoredDecoder, ZstdDecoder } from "./decoders.ts";
import type { Decoder, TextSink } from "./decoders.ts";
import { ArchiveFormatError, UnsupportedCompressionError } from "./errors.ts";
import type { CompressionAlgorithm } from "./header.ts";
import { RowCounter } from "./rows.ts";

/** What one content is: a table's rows, or one large object. Plain data, so that it may go to another thread. */
export interface ContentSpec {
  /** For messages: `TABLE DATA public.orders`. */
  name: string;
  /** Where it begins in the archive; the offset of any error about it. */
  offset: number;
  algorithm: CompressionAlgorithm;
  /** Rows are counted, and the end-of-data mark is checked. */
  isCopyText: boolean;
  sha256: boolean;
}

export interface ContentFacts {
  /** Of the text, inflated. */
  textBytes: number;
  /** Null for what is no COPY text. */
  rows: number | null;
  /** Of the text, hexadecimal. */
  sha256?: string;
}

/** Reads one content from its chunks, in whatever thread. */
export interface ContentReader {
  startChunk(): void;
  /** Keeps views of the bytes until it has used them. A promise must be awaited before the next write. */
  write(bytes: Buffer): Promise<void> | undefined;
  end(): Promise<ContentFacts>;
  destroy(): void;
}

/**
 * Inflates the chunks of one content and checks them: one sound compressed stream that ends with its last chunk.
 * Holds less than a megabyte, whatever the lengths in the archive claim.
 */
export class BlockInflater implements ContentReader {
  readonly #spec: ContentSpec;
  readonly #decoder: Decoder;
  readonly #rows: RowCounter | undefined;
  readonly #hash: Hash | undefined;
  #textBytes = 0;

  /** `onText` sees the text as it comes out; it must not keep the buffers. */
  constructor(spec: ContentSpec, onText?: TextSink) {
    this.#spec = spec;
    this.#rows = spec.isCopyText ? new RowCounter() : undefined;
    this.#hash = spec.sha256 ? createHash("sha256") : undefined;
    this.#decoder = openDecoder(spec.algorithm, (text) => {
      this.#take(text);
      onText?.(text);
    });
  }

  startChunk(): void {
    this.#decoder.startChunk();
  }

  write(bytes: Buffer): Promise<void> | undefined {
    try {
      return this.#decoder.write(bytes)?.catch((error: unknown) => this.#fail(error));
    } catch (error) {
      return this.#fail(error);
    }
  }

  async end(): Promise<ContentFacts> {
    try {
      await this.#decoder.end();
      return {
        textBytes: this.#textBytes,
        rows: this.#rows?.finish() ?? null,
        ...(this.#hash && { sha256: this.#hash.digest("hex") }),
      };
    } catch (error) {
      return this.#fail(error);
    } finally {
      this.#decoder.destroy();
    }
  }

  destroy(): void {
    this.#decoder.destroy();
  }

  #take(text: Buffer): void {
    this.#textBytes += text.length;
    this.#rows?.push(text);
    this.#hash?.update(text);
  }

  #fail(error: unknown): never {
    this.#decoder.destroy();
    const reason = error instanceof Error ? error.message : String(error);
    throw new ArchiveFormatError(`The data of ${this.#spec.name} is damaged: ${reason}`, this.#spec.offset, error);
  }
}

function openDecoder(algorithm: CompressionAlgorithm, sink: TextSink): Decoder {
  switch (algorithm) {
    case "none":
      return new StoredDecoder(sink);
    case "gzip":
      return new InflateDecoder(sink);
    case "zstd":
      return new ZstdDecoder(sink);
    default:
      throw new UnsupportedCompressionError(algorithm);
  }
}
