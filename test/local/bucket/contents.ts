import { createReadStream, createWriteStream, type WriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";

/**
 * Where bytes go: "memory" keeps them, "disk" writes each body to a file of its own in a temporary folder,
 * "discard" keeps only what is counted and hashed on the way in (small bodies are kept, so that journals and locks still work).
 */
export type Storage = "memory" | "disk" | "discard";

/** The stored bytes of one body: a whole object, or one part of one. */
export interface Segment {
  bytes: number;
  /** The bytes were counted and thrown away. */
  isDiscarded?: boolean;
  /** The bytes from `start` to `end`, exclusive. */
  read(start: number, end: number): AsyncIterable<Buffer> | Iterable<Buffer>;
  /** Gives the room back; the segment must not be read afterwards. */
  release(): Promise<void>;
}

export interface SegmentWriter {
  /** A promise where the storage wants the sender to wait. */
  write(chunk: Buffer): void | Promise<void>;
  finish(): Promise<Segment>;
  /** Forgets what was written. */
  abandon(): Promise<void>;
}

export interface Contents extends AsyncDisposable {
  storage: Storage;
  /** A writer for a body of so many bytes. */
  create(bytes: number): SegmentWriter;
}

const DISK_BUFFER_BYTES = 1024 * 1024;
const KEPT_WHEN_DISCARDING_BYTES = 1024 * 1024;

export async function createContents(storage: Storage): Promise<Contents> {
  if (storage === "memory") return createVolatile(storage, () => new MemoryWriter());
  if (storage === "discard") return createVolatile(storage, createDiscardWriter);
  const folder = await mkdtemp(join(tmpdir(), "bucket-"));
  let count = 0;
  return {
    storage,
    create: () => new DiskWriter(join(folder, String(count++))),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

function createVolatile(storage: Storage, create: (bytes: number) => SegmentWriter): Contents {
  return { storage, create, [Symbol.asyncDispose]: async () => {} };
}

/** Keeps the chunks as they came; nothing is copied. Also used for the XML bodies of requests. */
export class MemoryWriter implements SegmentWriter {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  write(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  async finish(): Promise<Segment> {
    const chunks = this.#chunks;
    return { bytes: this.#bytes, read: (start, end) => sliceChunks(chunks, start, end), release: async () => {} };
  }

  async abandon(): Promise<void> {
    this.#chunks.length = 0;
  }

  get bytes(): number {
    return this.#bytes;
  }
}

function* sliceChunks(chunks: readonly Buffer[], start: number, end: number): Generator<Buffer> {
  let offset = 0;
  for (const chunk of chunks) {
    if (offset >= end) return;
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, chunk.length);
    if (from < to) yield chunk.subarray(from, to);
    offset += chunk.length;
  }
}

function createDiscardWriter(bytes: number): SegmentWriter {
  return bytes <= KEPT_WHEN_DISCARDING_BYTES ? new MemoryWriter() : new DiscardWriter();
}

class DiscardWriter implements SegmentWriter {
  #bytes = 0;

  write(chunk: Buffer): void {
    this.#bytes += chunk.length;
  }

  async finish(): Promise<Segment> {
    return { bytes: this.#bytes, isDiscarded: true, read: () => [], release: async () => {} };
  }

  async abandon(): Promise<void> {}
}

class DiskWriter implements SegmentWriter {
  readonly #path: string;
  readonly #file: WriteStream;
  #bytes = 0;

  constructor(path: string) {
    this.#path = path;
    this.#file = createWriteStream(path, { mode: 0o600, flags: "wx", highWaterMark: DISK_BUFFER_BYTES });
    // An error is reported by the write or the finish that meets it.
    this.#file.on("error", () => {});
  }

  write(chunk: Buffer): void | Promise<void> {
    if (this.#file.errored) throw this.#file.errored;
    this.#bytes += chunk.length;
    if (!this.#file.write(chunk)) return this.#drain();
  }

  async #drain(): Promise<void> {
    await once(this.#file, "drain");
  }

  async finish(): Promise<Segment> {
    this.#file.end();
    await finished(this.#file);
    const path = this.#path;
    return {
      bytes: this.#bytes,
      read: (start, end) => readFile(path, start, end),
      release: () => rm(path, { force: true }),
    };
  }

  async abandon(): Promise<void> {
    const closed = this.#file.closed ? undefined : once(this.#file, "close");
    this.#file.destroy();
    // Not before it is closed: a file that is only now being opened would come into being after its removal.
    await closed;
    await rm(this.#path, { force: true });
  }
}

function readFile(path: string, start: number, end: number): AsyncIterable<Buffer> | Iterable<Buffer> {
  if (start >= end) return [];
  return createReadStream(path, { start, end: end - 1, highWaterMark: DISK_BUFFER_BYTES });
}

/** The bytes from `start` to `end` (exclusive) of segments laid end to end. */
export async function* readSegments(segments: readonly Segment[], start: number, end: number): AsyncGenerator<Buffer> {
  let offset = 0;
  for (const segment of segments) {
    if (offset >= end) return;
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, segment.bytes);
    if (from < to) yield* segment.read(from, to);
    offset += segment.bytes;
  }
}

export function sumBytes(segments: readonly { bytes: number }[]): number {
  return segments.reduce((total, { bytes }) => total + bytes, 0);
}
