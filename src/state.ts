import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MigrationError } from "./errors.ts";

/** App and source before they were changed. */
export interface Before {
  /** The app's maintenance mode. */
  maintenance?: { app: string; was: boolean };
  /** Quantities before we scaled down. */
  formation?: { app: string; processes: { type: string; quantity: number }[] };
  /** The database's own `default_transaction_read_only`; null where none was set. */
  freeze?: { database: string; was: string | null };
}

/**
 * What has to be put back if this process dies: kept on the runner's disk for the cleanup step, without any secret in it.
 * A field is set before the change that it describes is made, and cleared after the change is undone.
 */
export interface PendingState extends Before {
  version: 1;
  /** The journal that remembers the same, for the case that this file is lost. */
  journal?: { key: string };
  /** An incomplete multipart upload. */
  upload?: { key: string; uploadId: string };
  /** An object that must not outlive the run. */
  archive?: { key: string };
  /** A transfer that Heroku was asked for and that had not ended. */
  transfer?: { app: string; id: string };
  /** The claim on the target, in the bucket. */
  claim?: { key: string; token: string };
  /** The names of our sessions on the source end with this. */
  applicationName?: string;
}

export function statePathOf(workDirectory: string): string {
  return join(workDirectory, "state.json");
}

/** @throws MigrationError with the hint that says how the folder is named */
export async function makeWorkDirectory(folder: string, hint: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw new MigrationError(`The folder ${folder} cannot be made.`, { code: "WORK_DIR", hint, cause: error });
  });
}

const empty: PendingState = { version: 1 };

/** The state file: every change is on disk, whole, before the promise resolves. */
export class StateFile {
  readonly path: string;
  #state: PendingState;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, state: PendingState) {
    this.path = path;
    this.#state = state;
  }

  /** @throws MigrationError when the file is there and cannot be read */
  static async open(path: string): Promise<StateFile> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return new StateFile(path, (await readState(path)) ?? empty);
  }

  get current(): Readonly<PendingState> {
    return this.#state;
  }

  get isEmpty(): boolean {
    return Object.keys(this.#state).length === 1;
  }

  async set(changes: Omit<Partial<PendingState>, "version">): Promise<void> {
    this.#state = { ...this.#state, ...changes };
    await this.#save();
  }

  async clear(...names: Exclude<keyof PendingState, "version">[]): Promise<void> {
    if (names.every((name) => this.#state[name] === undefined)) return;
    const rest = { ...this.#state };
    for (const name of names) delete rest[name];
    this.#state = rest;
    await this.#save();
  }

  async remove(): Promise<void> {
    await this.#writing.catch(() => undefined);
    await rm(this.path, { force: true });
  }

  /** One write after the other: two renames in flight could leave the older text. */
  async #save(): Promise<void> {
    const text = `${JSON.stringify(this.#state, null, 2)}\n`;
    const write = async (): Promise<void> => {
      const temporary = `${this.path}.new`;
      await writeFile(temporary, text, { mode: 0o600 });
      await rename(temporary, this.path);
    };
    const save = (): Promise<void> => write().catch((error: unknown) => Promise.reject(unwritable(this.path, error)));
    this.#writing = this.#writing.then(save, save);
    await this.#writing;
  }
}

function unwritable(path: string, cause: unknown): MigrationError {
  return new MigrationError(`The state file ${path} cannot be written.`, {
    code: "STATE_UNWRITABLE",
    hint: "Free some space where RUNNER_TEMP (or --work-dir) is: without this file nothing could be put back after an interruption.",
    cause,
  });
}

async function readState(path: string): Promise<PendingState | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    const state = JSON.parse(text) as PendingState;
    if (state.version !== 1) throw new Error(`version ${String(state.version)}`);
    return state;
  } catch (error) {
    throw new MigrationError(`The state file ${path} cannot be read.`, {
      code: "STATE_UNREADABLE",
      hint: "Check maintenance mode and formation of the app and default_transaction_read_only of the source by hand, then delete the file.",
      cause: error,
    });
  }
}
