/** What goes on after a request has been answered. Closing stops all of it and waits until it has ended. */
export class Work implements AsyncDisposable {
  readonly #running = new Map<string, { stop: AbortController; ended: Promise<void> }>();
  #isClosing = false;

  /** Starts work under a key; `run` gets a signal and must not throw. */
  start(key: string, run: (signal: AbortSignal) => Promise<void>): void {
    const stop = new AbortController();
    if (this.#isClosing) stop.abort();
    const ended = run(stop.signal).finally(() => this.#running.delete(key));
    this.#running.set(key, { stop, ended });
  }

  /** Does nothing where the work has ended. */
  stop(key: string): void {
    this.#running.get(key)?.stop.abort();
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    for (const { stop } of this.#running.values()) stop.abort();
    await this.idle();
  }
}
