import type { Log } from "../log.ts";
import type { Session } from "../postgres/session.ts";
import { withRetries } from "../retry.ts";
import { pinSettings } from "./pinned-settings.ts";

/** Opens a session inside the snapshot that one side is read in; every call gives another one. */
export type OpenSession = (signal: AbortSignal) => Promise<Session>;

interface PoolOptions {
  signal: AbortSignal;
  log: Log;
}

/** Sessions of one side, kept for the next reader. A session on which anything failed is never used again. */
export class SessionPool implements AsyncDisposable {
  readonly signal: AbortSignal;
  readonly #open: OpenSession;
  readonly #log: Log;
  readonly #idle: Session[] = [];
  readonly #all = new Set<Session>();

  constructor(open: OpenSession, { signal, log }: PoolOptions) {
    this.#open = open;
    this.signal = signal;
    this.#log = log;
    signal.addEventListener("abort", this.#destroyAll, { once: true });
  }

  readonly #destroyAll = (): void => {
    for (const session of this.#all) session.destroy();
  };

  /** Repeats `read` on a fresh session while the connection is what fails: reading twice does no harm. */
  async read<T>(what: string, read: (session: Session) => Promise<T>): Promise<T> {
    return await withRetries(() => this.#readOnce(read), { what, signal: this.signal, log: this.#log });
  }

  async #readOnce<T>(read: (session: Session) => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    const session = this.#idle.pop() ?? (await this.#newSession());
    try {
      const result = await read(session);
      this.#idle.push(session);
      return result;
    } catch (error) {
      this.#all.delete(session);
      session.destroy();
      throw this.signal.aborted ? this.signal.reason : error;
    }
  }

  async #newSession(): Promise<Session> {
    const session = await this.#open(this.signal);
    this.#all.add(session);
    await pinSettings(session);
    return session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal.removeEventListener("abort", this.#destroyAll);
    await Promise.all([...this.#all].map((session) => session.close()));
  }
}
