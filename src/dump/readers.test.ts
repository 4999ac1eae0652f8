import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { FromReader, PieceMessage, ToReader } from "./messages.ts";
import { PieceSender } from "./piece-sender.ts";
import type { ReaderThread } from "./reader-threads.ts";
import { Readers } from "./readers.ts";
import type { ReadTask } from "./tasks.ts";

/** Each task's pieces by their lengths; a piece's first bytes say which it is. */
type Plan = readonly (readonly number[])[];

/** A reader's thread without a thread: what it sends arrives some turns of the event loop later. */
class FakeThread extends EventEmitter {
  readonly #plan: Plan;
  readonly #random: () => number;
  readonly #sender = new PieceSender((message) => void this.#deliver(message));
  #crashesAt: number;

  constructor(plan: Plan, random: () => number, crashesAt = Number.POSITIVE_INFINITY) {
    super();
    this.#plan = plan;
    this.#random = random;
    this.#crashesAt = crashesAt;
  }

  postMessage(message: ToReader): void {
    if (message.type === "go-on") this.#sender.goOn();
    else if (message.type === "end") setImmediate(() => this.emit("exit", 0));
    else if (message.type === "read") void this.#read(message.task);
  }

  terminate(): Promise<number> {
    return Promise.resolve(1);
  }

  async #read({ number }: ReadTask): Promise<void> {
    if (number >= this.#crashesAt) return void this.emit("exit", 1);
    for (const [index, length] of (this.#plan[number] ?? []).entries()) {
      if (this.#random() < 0.3) await sleep(0);
      await this.#sender.add(number, pieceOf(number, index, length));
    }
    await this.#sender.endTask(number);
  }

  async #deliver(message: FromReader): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.emit("message", message);
  }
}

function pieceOf(task: number, index: number, length: number): PieceMessage {
  const bytes = new Uint8Array(length);
  return { item: index, bytes, textBytes: task, checksum: 1, isLast: true, rows: 0 };
}

function readersOf(
  plan: Plan,
  jobs: number,
  windowBytes: number,
  startThread: () => ReaderThread,
  signal?: AbortSignal,
) {
  const tasks = plan.map((_, number): ReadTask => ({ number, items: [], estimatedBytes: 0 }));
  return new Readers(tasks, {
    startThread,
    jobs,
    windowBytes,
    signal: signal ?? new AbortController().signal,
    onTrouble: () => undefined,
  });
}

/** Big enough that a piece is a message of its own. */
const pieceLength = fc.integer({ min: 0, max: 600_000 });
const planArbitrary = fc.array(fc.array(pieceLength, { maxLength: 6 }), { minLength: 1, maxLength: 12 });

test("whatever the window, all pieces of all tasks come, in order", async () => {
  const settings = fc.record({ plan: planArbitrary, jobs: fc.integer({ min: 1, max: 6 }), seed: fc.nat() });
  await fc.assert(
    fc.asyncProperty(settings, fc.integer({ min: 1, max: 2_000_000 }), async ({ plan, jobs, seed }, windowBytes) => {
      let state = seed;
      const random = (): number => (state = (state * 16_807 + 1) % 2_147_483_647) / 2_147_483_647;
      const startThread = () => new FakeThread(plan, random) as unknown as ReaderThread;
      await using readers = readersOf(plan, jobs, windowBytes, startThread);
      const taken: [task: number, index: number, length: number][] = [];
      for (const number of plan.keys()) {
        for await (const piece of readers.take(number)) {
          if (random() < 0.2) await sleep(0);
          taken.push([piece.textBytes, piece.item, piece.bytes.length]);
        }
      }
      expect(taken).toEqual(plan.flatMap((lengths, task) => lengths.map((length, index) => [task, index, length])));
    }),
    { numRuns: 60 },
  );
});

async function takeAll(readers: Readers, plan: Plan): Promise<number> {
  let pieces = 0;
  for (const number of plan.keys()) for await (const _ of readers.take(number)) pieces += 1;
  return pieces;
}

test("a thread that ends by itself fails whoever waits for pieces", async () => {
  const plan = [[10], [10], [10]];
  await using readers = readersOf(plan, 2, 1000, () => new FakeThread(plan, () => 1, 1) as unknown as ReaderThread);
  await expect(takeAll(readers, plan)).rejects.toThrow("thread ended with code 1");
});

test("a signal that fired before the first piece is not missed", async () => {
  const plan = [[10]];
  const start = () => new FakeThread(plan, () => 1) as unknown as ReaderThread;
  await using readers = readersOf(plan, 1, 1000, start, AbortSignal.abort(new Error("stopped")));
  await expect(takeAll(readers, plan)).rejects.toThrow("stopped");
});
