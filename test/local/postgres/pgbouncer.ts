import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "./cache.ts";
import { giveToServer } from "./cluster.ts";
import { findFreePort, readLog, startDaemon, startGuard, waitUntilReady } from "./daemon.ts";
import type { Daemon, Guard } from "./daemon.ts";
import { debianPrograms } from "./debian.ts";
import { temporaryBase } from "./identity.ts";
import type { Login, PostgresServer } from "./servers.ts";

export interface PgbouncerOptions {
  server: PostgresServer;
  /** Who may connect; the same names and passwords are used towards the server. */
  users: Pick<Login, "user" | "password">[];
  poolMode?: "transaction" | "session" | undefined;
  /** Server connections per user and database. */
  poolSize?: number | undefined;
  /** More lines for the `[pgbouncer]` section. */
  settings?: Record<string, string> | undefined;
}

/** Starts PgBouncer in front of a server, for every database of it. Ends and disappears with this process at the latest. */
export async function startPgbouncer(options: PgbouncerOptions): Promise<Pgbouncer> {
  const program = await pgbouncerProgram();
  const folder = await mkdtemp(join(temporaryBase(), "migrate-pgbouncer-"));
  const guard = await startGuard(folder, join(folder, "pgbouncer.pid"), "TERM");
  try {
    await giveToServer(folder);
    const pgbouncer = new Pgbouncer(folder, guard);
    await pgbouncer.start(program, options);
    return pgbouncer;
  } catch (error) {
    await guard.dismiss();
    throw error;
  }
}

export class Pgbouncer implements AsyncDisposable {
  readonly host = "127.0.0.1";
  port = 0;
  readonly #folder: string;
  readonly #guard: Guard;
  #daemon: Daemon | undefined;
  #stopped: Promise<void> | undefined;

  constructor(folder: string, guard: Guard) {
    this.#folder = folder;
    this.#guard = guard;
  }

  get pid(): number {
    if (this.#daemon === undefined) throw new Error("PgBouncer has not been started");
    return this.#daemon.pid;
  }

  url({ user, password, database }: Login): string {
    const credentials = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
    return `postgres://${credentials}@${this.host}:${this.port}/${encodeURIComponent(database)}`;
  }

  async log(): Promise<string> {
    return readLog(this.#folder);
  }

  async stop(): Promise<void> {
    this.#stopped ??= this.#end();
    await this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** The first start, on a free port. */
  async start(program: string, options: PgbouncerOptions): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      this.port = await findFreePort();
      await writeConfiguration(this.#folder, this.port, options);
      const daemon = await startDaemon({ folder: this.#folder, program, args: [join(this.#folder, "pgbouncer.ini")] });
      this.#daemon = daemon;
      try {
        await waitUntilReady(daemon, this.#folder, () => hasStarted(this.#folder));
        return;
      } catch (error) {
        const isTaken = (await this.log()).includes("Address already in use");
        if (!isTaken || attempt === 5) throw error;
      }
    }
  }

  async #end(): Promise<void> {
    if (this.#daemon?.hasExited === false) await this.#daemon.stop("SIGTERM");
    await this.#guard.dismiss();
  }
}

/** The machine's own, else that of Debian 12: version 1.18 refuses what newer ones have learnt to ignore. */
async function pgbouncerProgram(): Promise<string> {
  const installed = "/usr/sbin/pgbouncer";
  if (await exists(installed)) return installed;
  const programs = ["usr/sbin/pgbouncer"];
  return join(await debianPrograms({ suite: "bookworm", packageName: "pgbouncer", programs }), "bin/pgbouncer");
}

/** PgBouncer writes its pid file once it listens. */
async function hasStarted(folder: string): Promise<boolean> {
  return (await readFile(join(folder, "pgbouncer.pid"), "utf8").catch(() => "")).trim() !== "";
}

async function writeConfiguration(folder: string, port: number, options: PgbouncerOptions): Promise<void> {
  const { server, users, poolMode = "transaction", poolSize = 10 } = options;
  const settings: Record<string, string> = {
    listen_addr: "127.0.0.1",
    listen_port: String(port),
    unix_socket_dir: "",
    pidfile: join(folder, "pgbouncer.pid"),
    auth_type: "scram-sha-256",
    auth_file: join(folder, "users.txt"),
    pool_mode: poolMode,
    default_pool_size: String(poolSize),
    ...options.settings,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const databases = `[databases]\n* = host=${server.host} port=${server.port}\n`;
  await writeFile(join(folder, "pgbouncer.ini"), `${databases}\n[pgbouncer]\n${lines.join("\n")}\n`, { mode: 0o600 });
  const quote = (value: string): string => `"${value.replaceAll('"', '""')}"`;
  const logins = users.map(({ user, password }) => `${quote(user)} ${quote(password)}\n`);
  await writeFile(join(folder, "users.txt"), logins.join(""), { mode: 0o600 });
  await giveToServer(join(folder, "pgbouncer.ini"), join(folder, "users.txt"));
}
