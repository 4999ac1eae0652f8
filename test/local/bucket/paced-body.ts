import { setTimeout as sleep } from "node:timers/promises";
import { cut, type FaultAction, type Wire } from "./faults.ts";

/** Lets a body pass in either direction, with the faults that concern bodies. */
export class PacedBody {
  readonly #action: FaultAction;
  readonly #wire: Wire;
  readonly #startedMs = performance.now();
  #passedBytes = 0;
  #hasStalled = false;

  constructor(action: FaultAction, wire: Wire) {
    this.#action = action;
    this.#wire = wire;
  }

  /** To be called for each chunk that has passed; waits, or cuts the connection. Undefined where there is nothing to wait for. */
  pass(chunkBytes: number): void | Promise<void> {
    this.#passedBytes += chunkBytes;
    const { resetAfterBytes = Infinity, stallAfterBytes = Infinity, bytesPerSecond } = this.#action;
    if (this.#passedBytes >= resetAfterBytes) cut(this.#wire);
    const mustStall = this.#passedBytes >= stallAfterBytes && !this.#hasStalled;
    if (mustStall || bytesPerSecond !== undefined) return this.#wait(mustStall);
  }

  /** The chunk as it shall be stored or sent; `offset` is its place in the body. */
  alter(chunk: Buffer, offset: number): Buffer {
    const { corruptByte: at = -1 } = this.#action;
    if (at < offset || at >= offset + chunk.length) return chunk;
    // A copy: the chunk may be what is kept in memory.
    const altered = Buffer.from(chunk);
    altered[at - offset] = (altered[at - offset] ?? 0) ^ 0xff;
    return altered;
  }

  async #wait(mustStall: boolean): Promise<void> {
    const { signal } = this.#wire;
    if (mustStall) {
      this.#hasStalled = true;
      await sleep(this.#action.stallMs ?? 0, undefined, { signal });
    }
    const { bytesPerSecond } = this.#action;
    if (bytesPerSecond === undefined) return;
    const dueMs = this.#startedMs + (this.#passedBytes / bytesPerSecond) * 1000;
    const aheadMs = dueMs - performance.now();
    if (aheadMs > 0) await sleep(aheadMs, undefined, { signal });
  }
}
