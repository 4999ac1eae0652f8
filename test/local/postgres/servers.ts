import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import type { QueryResultRow } from "pg";
import { serverBinaries } from "./binaries.ts";
import type { Major } from "./binaries.ts";
import { createAuthority } from "./certificates.ts";
import type { Authority, Certificate } from "./certificates.ts";
import { clusterTemplate, giveToServer } from "./cluster.ts";
import type { ClusterOptions } from "./cluster.ts";
import { writeConfiguration } from "./configuration.ts";
import type { ConfigurationOptions } from "./configuration.ts";
import { findFreePort, readLog, startDaemon, startGuard, waitUntilReady } from "./daemon.ts";
import type { Daemon, Guard } from "./daemon.ts";
import { withOwnExtensions } from "./extensions.ts";
import type { ExtensionChoice } from "./extensions.ts";
import { serverIdentity, temporaryBase } from "./identity.ts";
import { runProgram } from "./programs.ts";

export interface ServerOptions extends ClusterOptions, ConfigurationOptions {
  /** Default: a random one. */
  superuserPassword?: string | undefined;
  extensions?: ExtensionChoice | undefined;
}

export interface Login {
  user: string;
  password: string;
  database: string;
}

/** Starts a throw-away server on 127.0.0.1, which ends and disappears with this process at the latest. */
export async function startPostgres(options: ServerOptions): Promise<PostgresServer> {
  const [binaries, template] = await Promise.all([serverBinaries(options.major), clusterTemplate(options)]);
  const folder = await mkdtemp(join(temporaryBase(), "migrate-postgres-"));
  const guard = await startGuard(folder, join(folder, "data/postmaster.pid"), "QUIT");
  try {
    await giveToServer(folder);
    await runProgram("cp", ["-a", join(template, "data"), folder], { cwd: folder, identity: serverIdentity });
    const authority = options.tls ? await createAuthority("Test servers") : undefined;
    await writeConfiguration(folder, options, authority);
    const program = await chooseBinaries(binaries, folder, options.extensions);
    const password = await readFile(join(template, "superuser-password"), "utf8");
    const server = new PostgresServer({ major: options.major, folder, program, guard, authority, password });
    await server.start();
    if (options.superuserPassword !== undefined) await server.changePassword(options.superuserPassword);
    return server;
  } catch (error) {
    await guard.dismiss();
    throw error;
  }
}

interface ServerParts {
  major: Major;
  folder: string;
  program: string;
  guard: Guard;
  authority: Authority | undefined;
  password: string;
}

export class PostgresServer implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly major: Major;
  port = 0;
  readonly #parts: ServerParts;
  #daemon: Daemon | undefined;
  #stopped: Promise<void> | undefined;

  constructor(parts: ServerParts) {
    this.major = parts.major;
    this.#parts = parts;
  }

  /** Process id of the postmaster. */
  get pid(): number {
    return this.#running().pid;
  }

  /** Who signed the server's certificate, and can sign clients'. Only with `tls`. */
  get authority(): Authority {
    if (this.#parts.authority === undefined) throw new Error("the server was started without tls");
    return this.#parts.authority;
  }

  get caPem(): string {
    return this.authority.caPem;
  }

  async clientCertificate(role: string): Promise<Certificate> {
    return this.authority.issueClient(role);
  }

  url({ user, password, database, host = this.host }: Login & { host?: string }): string {
    const credentials = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
    return `postgres://${credentials}@${host}:${this.port}/${encodeURIComponent(database)}`;
  }

  superuserUrl(database: string): string {
    return this.url({ user: "postgres", password: this.#parts.password, database });
  }

  /** Runs a statement, or several without parameters, as the superuser on a connection of its own; returns the last one's rows. */
  async query<Row extends QueryResultRow>(database: string, sql: string, params?: unknown[]): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.superuserUrl(database), application_name: "test superuser" });
    await client.connect();
    try {
      const results = [await client.query<Row>(sql, params)].flat();
      return results.at(-1)?.rows ?? [];
    } finally {
      await client.end();
    }
  }

  /** Makes a plain login role and an empty database that it owns, as a hosted database's customer has it; returns its URL. */
  async createOwner(owner: { role: string; database: string; password: string }): Promise<string> {
    const role = pg.escapeIdentifier(owner.role);
    const secret = pg.escapeLiteral(owner.password);
    const rights = "nosuperuser nocreatedb nocreaterole noreplication nobypassrls";
    await this.query("postgres", `create role ${role} login ${rights} password ${secret}`);
    const database = pg.escapeIdentifier(owner.database);
    await this.query("postgres", `create database ${database} owner ${role} template template0`);
    return this.url({ user: owner.role, password: owner.password, database: owner.database });
  }

  async changePassword(password: string): Promise<void> {
    await this.query("postgres", `alter role postgres password ${pg.escapeLiteral(password)}`);
    this.#parts.password = password;
  }

  /** Starts the server again on the same port. `crash: true` ends it without a checkpoint, so that it has to recover. */
  async restart({ crash = false } = {}): Promise<void> {
    await this.#running().stop(crash ? "SIGQUIT" : "SIGINT");
    await this.#launch();
  }

  /** Ends every session and the server, and removes its folder. */
  async stop(): Promise<void> {
    this.#stopped ??= this.#end("SIGINT");
    await this.#stopped;
  }

  /** As `stop`, but as a crash looks to clients. */
  async stopImmediately(): Promise<void> {
    this.#stopped ??= this.#end("SIGQUIT");
    await this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** What the server has written to its log so far. */
  async log(): Promise<string> {
    return readLog(this.#parts.folder);
  }

  /** The first start, on a free port. */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      this.port = await findFreePort();
      try {
        await this.#launch();
        return;
      } catch (error) {
        const isTaken = (await this.log()).includes("Address already in use");
        if (!isTaken || attempt === 5) throw error;
      }
    }
  }

  async #launch(): Promise<void> {
    const { folder, program } = this.#parts;
    const portFile = join(folder, "data/port.conf");
    await writeFile(portFile, `port = ${this.port}\n`);
    await giveToServer(portFile);
    const daemon = await startDaemon({ folder, program, args: ["-D", join(folder, "data")] });
    this.#daemon = daemon;
    await waitUntilReady(daemon, folder, () => isReady(folder, daemon.pid));
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#daemon?.hasExited === false) await this.#daemon.stop(signal);
    await this.#parts.guard.dismiss();
  }

  #running(): Daemon {
    if (this.#daemon === undefined) throw new Error("the server has not been started");
    return this.#daemon;
  }
}

/** The postmaster writes its state into the eighth line of its pid file, which is what pg_ctl waits for as well. */
async function isReady(folder: string, pid: number): Promise<boolean> {
  const lines = (await readFile(join(folder, "data/postmaster.pid"), "utf8").catch(() => "")).split("\n");
  return lines[0] === String(pid) && lines[7]?.trim() === "ready";
}

async function chooseBinaries(binaries: string, folder: string, choice?: ExtensionChoice): Promise<string> {
  if (choice === undefined) return join(binaries, "bin/postgres");
  return join(await withOwnExtensions(binaries, join(folder, "binaries"), choice), "bin/postgres");
}
