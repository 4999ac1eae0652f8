import { Worker } from "node:worker_threads";
import type { ReaderSettings, ToReader } from "./messages.ts";

/** A worker thread, as far as the readers need one. */
export type ReaderThread = Pick<Worker, "on" | "once" | "postMessage" | "terminate">;

/** The worker's file: beside this one in the sources, beside the bundle in dist. */
const workerFile = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./dump-worker.js";

/** Threads that load their code while pg_dump collects the contents, and are told later what to read. */
export class ReaderThreads implements AsyncDisposable {
  readonly #waiting: Worker[];
  #failure: { error: unknown } | undefined;

  constructor(count: number) {
    this.#waiting = Array.from({ length: count }, () => {
      const worker = new Worker(new URL(workerFile, import.meta.url), { env: {}, name: "dump-reader" });
      return worker.on("error", (error) => {
        this.#failure ??= { error };
      });
    });
  }

  /** The next thread, which is its taker's from then on. */
  take(settings: ReaderSettings): ReaderThread {
    if (this.#failure) throw this.#failure.error;
    const thread = this.#waiting.pop();
    if (thread === undefined) throw new RangeError("all threads are taken");
    thread.postMessage({ type: "start", settings } satisfies ToReader);
    return thread;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#waiting.map((worker) => worker.terminate()));
  }
}
