import type { Connection } from "pg";
import { freeMemory } from "../free-memory.ts";

/** Message types of the protocol's version 3 (PostgreSQL manual, 53.7). */
const copyData = 0x64;
const copyDone = 0x63;
const commandComplete = 0x43;
const errorResponse = 0x45;
const headerBytes = 5;

/** Runs shorter than this are copied faster by a loop than by a call. */
const loopBytes = 48;

const noBytes = Buffer.alloc(0);

type SocketListener = (chunk: Buffer) => void;

/**
 * `copy … to stdout`, once or several times in one message to the server, whose text goes straight from the socket's
 * chunks into buffers of the caller. The server sends a message per row: an event or an object for each would cost more
 * than all the rest of reading. While nobody reads, the socket is paused, and so is the server.
 */
export class CopyOut {
  readonly #sql: string;
  #statementsLeft: number;
  /** A statement has ended, and the next one's text has not been asked for. */
  #isBetween = false;
  #connection: Connection | undefined;
  /** The driver's own listener, set aside while the copy runs. */
  #listener: SocketListener | undefined;
  #chunk: Buffer = noBytes;
  #at = 0;
  /** What is left of the current message; only rows' messages are copied. */
  #messageBytes = 0;
  #messageType = 0;
  /** What a command that ended says of itself, as far as it has arrived. */
  #tag = "";
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

  constructor(statements: readonly string[]) {
    this.#sql = statements.join(";\n");
    this.#statementsLeft = statements.length;
    this.#ended.promise.catch(() => undefined);
  }

  /** The server's own count of the rows of the statement that has just ended. */
  get rowCount(): number {
    return this.#rowCount;
  }

  /**
   * Fills the target and resolves with its length, or with less when a statement has ended; the next call then begins
   * with the next one's text. Calls must not overlap.
   *
   * @throws the server's error, or the connection's end
   */
  async read(target: Buffer): Promise<number> {
    if (this.#failure) throw this.#failure;
    this.#target = target;
    this.#filled = 0;
    this.#isBetween = false;
    if (this.#state === "copying") this.#takeChunk();
    if (this.#state !== "done" && !this.#hasRead) {
      this.#waiting = Promise.withResolvers<number>();
      this.#connection?.stream.resume();
      await this.#waiting.promise;
    }
    if (!this.#hasRead) await this.#ended.promise;
    return this.#filled;
  }

  /** The target is full, or its statement has ended and another one follows. */
  get #hasRead(): boolean {
    return this.#filled === this.#target.length || this.#isBetween;
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
    this.#rowCount = Number(/^COPY (\d+)/u.exec(text)?.[1] ?? 0);
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
    if (this.#state === "done" || this.#hasRead) this.#pause();
  };

  #pause(): void {
    if (this.#state === "copying") this.#connection?.stream.pause();
    this.#waiting?.resolve(this.#filled);
    this.#waiting = undefined;
  }

  /** Copies rows into the target until it is full or the chunk is used up. */
  #takeChunk(): void {
    while (this.#at < this.#chunk.length && this.#state === "copying" && !this.#isBetween) {
      if (this.#messageBytes > 0) {
        if (this.#messageType === copyData && this.#filled === this.#target.length) return;
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
    const isData = this.#messageType === copyData;
    const room = isData ? this.#target.length - this.#filled : this.#messageBytes;
    const length = Math.min(room, this.#messageBytes, this.#chunk.length - this.#at);
    if (isData) this.#copy(length);
    else if (this.#messageType === commandComplete)
      this.#tag += this.#chunk.toString("latin1", this.#at, this.#at + length);
    this.#at += length;
    this.#messageBytes -= length;
    if (this.#messageBytes === 0 && this.#messageType === commandComplete) this.#endStatement();
  }

  #endStatement(): void {
    this.handleCommandComplete({ text: this.#tag });
    this.#tag = "";
    this.#statementsLeft -= 1;
    this.#isBetween = true;
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
    if (type === errorResponse || (type === copyDone && this.#statementsLeft <= 1)) return this.#end(startedAt);
    if (this.#heldBytes === 0 && this.#chunk.length - this.#at >= headerBytes) {
      this.#messageBytes = this.#chunk.readUInt32BE(this.#at + 1) - 4;
      this.#at += headerBytes;
    } else if (!this.#holdHeader()) {
      return false;
    }
    this.#messageType = type;
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
