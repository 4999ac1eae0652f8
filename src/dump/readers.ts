import { MigrationError } from "../errors.ts";
import { freeMemory } from "../free-memory.ts";
import type { FromReader, PieceMessage, ToReader } from "./messages.ts";
import type { ReaderThread } from "./reader-threads.ts";
import type { ReadTask } from "./tasks.ts";

/** What a task gave so far, in order, and whether there is more to come. */
class TaskOutput {
  readonly pieces: PieceMessage[] = [];
  isDone = false;
  #arrived = Promise.withResolvers<void>();

  add(pieces: readonly PieceMessage[], isDone: boolean): void {
    this.pieces.push(...pieces);
    this.isDone ||= isDone;
    this.#arrived.resolve();
  }

  /** Resolves when something arrived since the last call. */
  async next(): Promise<void> {
    await this.#arrived.promise;
    this.#arrived = Promise.withResolvers<void>();
  }

  fail(): void {
    this.#arrived.resolve();
  }
}

interface Reader {
  thread: ReaderThread;
  task: ReadTask | undefined;
  /** It waits for permission to send more of its task. */
  isHeldBack: boolean;
}

export interface ReadersOptions {
  startThread: () => ReaderThread;
  jobs: number;
  /** Compressed bytes that may wait for their turn. */
  windowBytes: number;
  signal: AbortSignal;
  /** A lost connection or a lock that is waited for: worth a line in the log. */
  onTrouble: (message: string) => void;
}

/**
 * Reader threads that work ahead of the archive's order, as far as the window allows. The task whose turn it is may always
 * go on, so the window can never lock up.
 */
export class Readers implements AsyncDisposable {
  readonly #options: ReadersOptions;
  readonly #tasks: readonly ReadTask[];
  readonly #outputs: TaskOutput[];
  readonly #readers: Reader[];
  #nextTask = 0;
  /** The task whose output is being written. */
  #turn = 0;
  #waitingBytes = 0;
  #retries = 0;
  #failure: { error: unknown } | undefined;
  #isClosing = false;

  constructor(tasks: readonly ReadTask[], options: ReadersOptions) {
    this.#tasks = tasks;
    this.#options = options;
    this.#outputs = tasks.map(() => new TaskOutput());
    this.#readers = Array.from({ length: Math.min(options.jobs, tasks.length) }, () => this.#start());
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
    if (options.signal.aborted) this.#onAbort();
    this.#letGoOn();
  }

  get retries(): number {
    return this.#retries;
  }

  /** The pieces of one task, in order. Tasks must be taken in the order of their numbers; a piece lives until the next is asked for. */
  async *take(number: number): AsyncGenerator<PieceMessage> {
    this.#turn = number;
    this.#letGoOn();
    const output = this.#outputs[number];
    if (output === undefined) throw new RangeError(`there is no task ${number}`);
    for (;;) {
      this.#throwIfFailed();
      const piece = output.pieces.shift();
      if (piece !== undefined) {
        const bytes = piece.bytes.length;
        yield piece;
        freeMemory(piece.bytes);
        this.#waitingBytes -= bytes;
        this.#letGoOn();
      } else if (output.isDone) {
        return;
      } else {
        await output.next();
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    const isIdle = this.#failure === undefined && this.#readers.every((reader) => reader.task === undefined);
    await Promise.all(this.#readers.map((reader) => (isIdle ? endThread(reader.thread) : reader.thread.terminate())));
  }

  readonly #onAbort = (): void => this.#fail(this.#options.signal.reason);

  #start(): Reader {
    const thread = this.#options.startThread();
    const reader: Reader = { thread, task: undefined, isHeldBack: false };
    thread.on("message", (message: FromReader) => this.#receive(reader, message));
    thread.on("error", (error) => this.#fail(error));
    thread.on("exit", (code) => {
      if (!this.#isClosing) this.#fail(new MigrationError(`A reader's thread ended with code ${code}.`));
    });
    return reader;
  }

  #receive(reader: Reader, message: FromReader): void {
    if (message.type === "failed") return this.#fail(readerError(message));
    if (message.type === "retry") this.#retries += 1;
    if (message.type === "retry" || message.type === "waiting") return this.#options.onTrouble(message.message);
    this.#outputs[message.task]?.add(message.pieces, message.isTaskDone);
    for (const piece of message.pieces) this.#waitingBytes += piece.bytes.length;
    reader.isHeldBack = !message.isTaskDone;
    if (message.isTaskDone) reader.task = undefined;
    this.#letGoOn();
  }

  #assign(reader: Reader): void {
    const task = this.#tasks[this.#nextTask];
    if (task === undefined) return;
    this.#nextTask += 1;
    reader.task = task;
    post(reader, { type: "read", task });
  }

  /** Gives permission to every reader that has waited for it and may have it now. */
  #letGoOn(): void {
    for (const reader of this.#readers) {
      const hasRoom = this.#waitingBytes < this.#options.windowBytes;
      if (reader.task === undefined) {
        if (hasRoom || this.#nextTask <= this.#turn) this.#assign(reader);
      } else if (reader.isHeldBack && (hasRoom || reader.task.number === this.#turn)) {
        reader.isHeldBack = false;
        post(reader, { type: "go-on" });
      }
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    for (const output of this.#outputs) output.fail();
  }

  #throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error;
  }
}

function post(reader: Reader, message: ToReader): void {
  reader.thread.postMessage(message);
}

async function endThread(thread: ReaderThread): Promise<void> {
  const exited = new Promise<void>((resolve) => thread.once("exit", () => resolve()));
  thread.postMessage({ type: "end" } satisfies ToReader);
  const timer = setTimeout(() => void thread.terminate(), 3000);
  await exited;
  clearTimeout(timer);
}

function readerError({ message, code, hint }: Extract<FromReader, { type: "failed" }>): MigrationError {
  return new MigrationError(message, {
    ...(code === undefined ? {} : { code }),
    ...(hint === undefined ? {} : { hint }),
  });
}
