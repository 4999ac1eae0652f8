import { createInflate, createZstdDecompress, inflateSync, zstdDecompressSync } from "node:zlib";
import type { Inflate, ZstdDecompress } from "node:zlib";
import { ZstdFrames } from "./zstd-frames.ts";

/** Takes the compressed bytes of one content and gives its text to the sink it was made with. */
export interface Decoder {
  /** The next bytes belong to a new chunk. */
  startChunk(): void;
  /** Resolves when more may come; undefined when it may come at once. */
  write(bytes: Buffer): Promise<void> | undefined;
  /** Resolves when all text went to the sink; throws if the stream does not end exactly here. */
  end(): Promise<void>;
  destroy(): void;
}

export type TextSink = (text: Buffer) => void;

/** pg_dump's chunks are 4 KiB: gathered, they cost fewer trips to the inflating thread. */
const batchBytes = 64 * 1024;
const outputBytes = 256 * 1024;

/** Small content is inflated at once, unless it is a bomb. */
const maxSyncTextBytes = 4 * 1024 * 1024;

/** Content of an archive without compression. */
export class StoredDecoder implements Decoder {
  readonly #sink: TextSink;

  constructor(sink: TextSink) {
    this.#sink = sink;
  }

  startChunk(): void {}

  write(bytes: Buffer): undefined {
    this.#sink(bytes);
  }

  async end(): Promise<void> {}

  destroy(): void {}
}

/** One zlib stream, which must end with the content: pg_restore loops for ever on anything behind it. */
export class InflateDecoder implements Decoder {
  readonly #sink: TextSink;
  readonly #batch = new Batch();
  #feed: StreamFeed | undefined;

  constructor(sink: TextSink) {
    this.#sink = sink;
  }

  startChunk(): void {}

  write(bytes: Buffer): Promise<void> | undefined {
    this.#batch.add(bytes);
    return this.#batch.length < batchBytes ? undefined : this.#flush();
  }

  async end(): Promise<void> {
    if (!this.#feed && decompressWhole(inflateSync, this.#batch.join(), this.#sink)) return;
    if (this.#batch.length > 0 || !this.#feed) await this.#flush();
    await this.#feed?.end();
  }

  destroy(): void {
    this.#feed?.destroy();
  }

  #flush(): Promise<void> {
    this.#feed ??= new StreamFeed(createInflate({ chunkSize: outputBytes }), this.#sink);
    return this.#feed.write(this.#batch.take());
  }
}

/** Frames of zstd, each of which must begin with a chunk: pg_restore drops what follows a frame in the same chunk. */
export class ZstdDecoder implements Decoder {
  readonly #sink: TextSink;
  readonly #frames = new ZstdFrames();
  readonly #batch = new Batch();
  #feed: StreamFeed | undefined;
  #isChunkStart = false;

  constructor(sink: TextSink) {
    this.#sink = sink;
  }

  startChunk(): void {
    this.#isChunkStart = true;
  }

  write(bytes: Buffer): Promise<void> | undefined {
    if (this.#frames.isBetween && !this.#isChunkStart) throw new Error("bytes follow a zstd frame in its chunk");
    this.#isChunkStart = false;
    // Node's decoder takes a new frame only at the start of a write.
    const frameBefore = this.#frames.isBetween && this.#batch.length > 0 ? this.#flush() : undefined;
    if (this.#frames.push(bytes) < bytes.length) throw new Error("bytes follow a zstd frame in its chunk");
    this.#batch.add(bytes);
    if (this.#batch.length < batchBytes) return frameBefore;
    return frameBefore ? frameBefore.then(() => this.#flush()) : this.#flush();
  }

  async end(): Promise<void> {
    if (!this.#frames.isBetween) throw new Error("its last zstd frame is cut short");
    if (!this.#feed && decompressWhole(zstdDecompressSync, this.#batch.join(), this.#sink)) return;
    if (this.#batch.length > 0) await this.#flush();
    await this.#feed?.end();
  }

  destroy(): void {
    this.#feed?.destroy();
  }

  #flush(): Promise<void> {
    this.#feed ??= new StreamFeed(createZstdDecompress({ chunkSize: outputBytes }), this.#sink);
    return this.#feed.write(this.#batch.take());
  }
}

/** Views waiting to be joined. */
class Batch {
  #views: Buffer[] = [];
  length = 0;

  add(bytes: Buffer): void {
    this.#views.push(bytes);
    this.length += bytes.length;
  }

  join(): Buffer {
    if (this.#views.length !== 1) this.#views = [Buffer.concat(this.#views)];
    return this.#views[0] as Buffer;
  }

  take(): Buffer {
    const joined = this.join();
    this.#views = [];
    this.length = 0;
    return joined;
  }
}

/** Writes to one of Node's decompressors one batch at a time, and turns its events into promises. */
class StreamFeed {
  readonly #stream: Inflate | ZstdDecompress;
  #fedBytes = 0;
  #isOver = false;
  #error: Error | undefined;
  #waiting: PromiseWithResolvers<void> | undefined;

  constructor(stream: Inflate | ZstdDecompress, sink: TextSink) {
    this.#stream = stream;
    stream.on("data", (text: Buffer) => this.#pass(text, sink));
    stream.on("error", (error: Error) => this.#fail(error));
    stream.on("end", () => this.#finish());
  }

  async write(bytes: Buffer): Promise<void> {
    this.#fedBytes += bytes.length;
    await this.#wait((resolve) => this.#stream.write(bytes, () => resolve()));
    this.#requireAllUsed();
  }

  async end(): Promise<void> {
    await this.#wait(() => this.#stream.end());
    this.#requireAllUsed();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  async #wait(act: (resolve: () => void) => void): Promise<void> {
    if (this.#error) throw this.#error;
    if (this.#isOver) return;
    const waiting = Promise.withResolvers<void>();
    this.#waiting = waiting;
    act(waiting.resolve);
    await waiting.promise;
  }

  /** A stream that has ended uses nothing more and says nothing about it. */
  #requireAllUsed(): void {
    if (this.#error) throw this.#error;
    if (this.#stream.bytesWritten < this.#fedBytes) throw new Error("bytes follow the end of its compressed stream");
  }

  #pass(text: Buffer, sink: TextSink): void {
    try {
      sink(text);
    } catch (error) {
      this.#stream.destroy(error as Error);
    }
  }

  #fail(error: Error): void {
    this.#error = error;
    this.#waiting?.reject(error);
  }

  #finish(): void {
    this.#isOver = true;
    this.#waiting?.resolve();
  }
}

type Decompress = (bytes: Buffer, options: { info: boolean; maxOutputLength: number }) => unknown;

/** Gives the text of one whole stream to the sink, unless it is too long to be made in one go. */
function decompressWhole(decompress: Decompress, bytes: Buffer, sink: TextSink): boolean {
  try {
    const result = decompress(bytes, { info: true, maxOutputLength: maxSyncTextBytes });
    const { buffer, engine } = result as { buffer: Buffer; engine: { bytesWritten: number } };
    if (engine.bytesWritten < bytes.length) throw new Error("bytes follow the end of its compressed stream");
    if (buffer.length > 0) sink(buffer);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return false;
    throw error;
  }
}
