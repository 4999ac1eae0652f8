import type { FromReader, PieceMessage } from "./messages.ts";

/** Pieces of small items travel together; a piece of a big one travels alone. */
const messageBytes = 256 * 1024;

type Send = (message: FromReader, transfer: readonly ArrayBuffer[]) => void;

/** Hands a reader's pieces to the main thread, which withholds its permission while its window is full. */
export class PieceSender {
  readonly #send: Send;
  /** Permission to send the next message. */
  #permission = Promise.withResolvers<void>();
  #pieces: PieceMessage[] = [];
  #pendingBytes = 0;

  constructor(send: Send) {
    this.#send = send;
    this.#permission.resolve();
  }

  goOn(): void {
    this.#permission.resolve();
  }

  async add(task: number, piece: PieceMessage): Promise<void> {
    this.#pieces.push(piece);
    this.#pendingBytes += piece.bytes.length;
    if (this.#pendingBytes >= messageBytes) await this.#flush(task, false);
  }

  async endTask(task: number): Promise<void> {
    await this.#flush(task, true);
  }

  async #flush(task: number, isTaskDone: boolean): Promise<void> {
    // Asked for before sending, so that the next piece is read and compressed while the last one waits for its turn.
    await this.#permission.promise;
    if (!isTaskDone) this.#permission = Promise.withResolvers<void>();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#pendingBytes = 0;
    const buffers = pieces.map((piece) => piece.bytes.buffer);
    this.#send({ type: "pieces", task, pieces, isTaskDone }, buffers);
  }
}
