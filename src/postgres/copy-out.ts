import type { Connection } from "pg";
import { freeMemory } from "../free-memory.ts";

/** Message types of the protocol's version 3 (PostgreSQL manual, 53.7). */
const copyData = 0x64;
const copyDone = 0x63;
const errorResponse = 0x45;
const headerBytes = 5;

/** Runs shorter than this are copied faster by a loop than by a call. */
const loopBytes = 48;

const noBytes = Buffer.alloc(0);

type SocketListener = (chunk: Buffer) => void;

/**
 * One `copy … to stdout` whose text goes straight from the socket's chunks into buffers of the caller. The server sends a
 * message per row: an event or an object for each would cost more than all the rest of reading. While nobody reads, the
 * socket is paused, and so is the server.
 */
export class CopyOut {
  readonly #sql: string;
  #connection: Connection | undefined;
  /** The driver's own listener, set aside while the copy runs. */
  #listener: SocketListener | undefined;
  #chunk: Buffer = noBytes;
  #at = 0;
  /** What is left of the current message; only rows' messages are copied. */
  #messageBytes = 0;
  #isData = false;
  /** A header that lies across two chunks. */
  readonly #header = Buffer.alloc(headerBytes);
  #heldBytes = 0;
  #target: Buffer = noBytes;
  #filled = 0;
  #waiting: PromiseWithResolvers<number> | undefined;
  #state: "new" | "copying" | "done" = "new";
  #failure: Error | undefined;
  #rowCount = 0;
  readonly #ended = Promise.withResolvers<void>();

  constructor(sql: string) {
    this.#sql = sql;
    this.#ended.promise.catch(() => undefined);
  }

  /** The server's own count, once a read has come back short. */
  get rowCount(): number {
    return this.#rowCount;
  }

  /**
   * Fills the target and resolves with its length, or with less when the copy has ended. Calls must not overlap.
   *
   * @throws the server's error, or the connection's end
   */
  async read(target: Buffer): Promise<number> {
    if (this.#failure) throw this.#failure;
    this.#target = target;
    this.#filled = 0;
    if (this.#state === "copying") this.#takeChunk();
    if (this.#state !== "done" && this.#filled < target.length) {
      this.#waiting = Promise.withResolvers<number>();
      this.#connection?.stream.resume();
      await this.#waiting.promise;
    }
    if (this.#filled < target.length) await this.#ended.promise;
    return this.#filled;
  }

  /** For the driver: it is this query's turn. */
  submit(connection: Connection): Error | undefined {
    const { stream } = connection;
    this.#connection = connection;
    const [listener] = stream.listeners("data") as SocketListener[];
    if (listener === undefined) return new Error("the connection has no listener to stand in for");
    this.#listener = listener;
    stream.removeListener("data", listener);
    stream.on("data", this.#onData);
    this.#state = "copying";
    connection.query(this.#sql);
    return undefined;
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.#rowCount = Number(/^COPY (\d+)$/u.exec(text)?.[1] ?? 0);
  }

  handleReadyForQuery(): void {
    this.#ended.resolve();
  }

  handleError(error: Error): void {
    this.#failure = error;
    this.#detach(noBytes);
    this.#waiting?.reject(error);
    this.#ended.reject(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#chunk = chunk;
    this.#at = 0;
    this.#takeChunk();
    if (this.#state === "done" || this.#filled === this.#target.length) this.#pause();
  };

  #pause(): void {
    if (this.#state === "copying") this.#connection?.stream.pause();
    this.#waiting?.resolve(this.#filled);
    this.#waiting = undefined;
  }

  /** Copies rows into the target until it is full or the chunk is used up. */
  #takeChunk(): void {
    while (this.#at < this.#chunk.length && this.#state === "copying") {
      if (this.#messageBytes > 0) {
        if (this.#isData && this.#filled === this.#target.length) return;
        this.#takeMessage();
      } else if (!this.#takeHeader()) {
        break;
      }
    }
    // Behind the end of the copy it is the driver's.
    if (this.#at === this.#chunk.length && this.#state === "copying") this.#dropChunk();
  }

  #dropChunk(): void {
    const used = this.#chunk;
    this.#chunk = noBytes;
    this.#at = 0;
    freeMemory(used);
  }

  #takeMessage(): void {
    const room = this.#isData ? this.#target.length - this.#filled : this.#messageBytes;
    const length = Math.min(room, this.#messageBytes, this.#chunk.length - this.#at);
    if (this.#isData) this.#copy(length);
    this.#at += length;
    this.#messageBytes -= length;
  }

  #copy(length: number): void {
    if (length < loopBytes) {
      const [chunk, target] = [this.#chunk, this.#target];
      for (let index = 0; index < length; index += 1) target[this.#filled + index] = chunk[this.#at + index] as number;
    } else {
      this.#chunk.copy(this.#target, this.#filled, this.#at, this.#at + length);
    }
    this.#filled += length;
  }

  /** False when the chunk ends inside a header, or when the copy has ended with it. */
  #takeHeader(): boolean {
    const startedAt = this.#at;
    const type = this.#heldBytes > 0 ? (this.#header[0] as number) : (this.#chunk[this.#at] as number);
    if (type === errorResponse || type === copyDone) return this.#end(startedAt);
    if (this.#heldBytes === 0 && this.#chunk.length - this.#at >= headerBytes) {
      this.#messageBytes = this.#chunk.readUInt32BE(this.#at + 1) - 4;
      this.#at += headerBytes;
    } else if (!this.#holdHeader()) {
      return false;
    }
    this.#isData = type === copyData;
    return true;
  }

  #holdHeader(): boolean {
    const length = this.#chunk.copy(this.#header, this.#heldBytes, this.#at, this.#at + headerBytes - this.#heldBytes);
    this.#heldBytes += length;
    this.#at += length;
    if (this.#heldBytes < headerBytes) return false;
    this.#heldBytes = 0;
    this.#messageBytes = this.#header.readUInt32BE(1) - 4;
    return true;
  }

  /** What follows the rows, and every error, is the driver's to read. */
  #end(from: number): boolean {
    this.#detach(Buffer.from(this.#chunk.subarray(from)));
    return false;
  }

  #detach(rest: Buffer): void {
    if (this.#state !== "copying") return;
    this.#state = "done";
    const stream = this.#connection?.stream;
    const listener = this.#listener;
    if (stream === undefined || listener === undefined) return;
    stream.removeListener("data", this.#onData);
    stream.on("data", listener);
    if (rest.length > 0) listener(rest);
    stream.resume();
  }
}
