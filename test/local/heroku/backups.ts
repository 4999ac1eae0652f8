import { randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { startClient, type ClientDirectory } from "./client-program.ts";
import { readMajor, withSession, type DatabaseConnection } from "./connection.ts";
import { begin, finish, log, type Transfer } from "./transfers.ts";
import type { Database, Timings } from "./world.ts";

const publicPath = "/public-backups/";

type PublicUrl = { signature: string; expiresAt: number };

/** Heroku's own backups: real pg_dump archives in a folder that goes when the local Heroku closes. */
export class BackupStore implements AsyncDisposable {
  readonly #folder: string;
  readonly #publicUrls = new Map<string, PublicUrl[]>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(): Promise<BackupStore> {
    return new BackupStore(await mkdtemp(join(tmpdir(), "local-heroku-backups-")));
  }

  fileOf(transfer: Transfer): string {
    return join(this.#folder, `${transfer.uuid}.dump`);
  }

  /** A URL without credentials, good for `lifeMs`. */
  publish(transfer: Transfer, origin: string, lifeMs: number): { url: string; expiresAt: Date } {
    const given = { signature: randomBytes(16).toString("hex"), expiresAt: Date.now() + lifeMs };
    this.#publicUrls.set(transfer.uuid, [...(this.#publicUrls.get(transfer.uuid) ?? []), given]);
    const url = `${origin}${publicPath}${transfer.uuid}?signature=${given.signature}`;
    return { url, expiresAt: new Date(given.expiresAt) };
  }

  isPublic(path: string): boolean {
    return path.startsWith(publicPath);
  }

  /** GET with or without a range, and 403 in the manner of a bucket for anything that is not signed. */
  async serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const uuid = url.pathname.slice(publicPath.length);
    const signature = url.searchParams.get("signature");
    const known = this.#publicUrls.get(uuid)?.find((given) => given.signature === signature);
    if (request.method !== "GET" || known === undefined || known.expiresAt < Date.now()) {
      response.writeHead(403, { "content-type": "application/xml" }).end("<Error><Code>AccessDenied</Code></Error>");
      return;
    }
    await sendFile(join(this.#folder, `${uuid}.dump`), request.headers.range, response);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function sendFile(path: string, range: string | undefined, response: ServerResponse): Promise<void> {
  const { size } = await stat(path);
  const [, first = "0", last = String(size - 1)] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
  const start = Number(first);
  const end = Math.min(Number(last), size - 1);
  response.writeHead(range === undefined ? 200 : 206, {
    "content-length": end - start + 1,
    "content-type": "binary/octet-stream",
    ...(range !== undefined && { "content-range": `bytes ${start}-${end}/${size}` }),
  });
  await pipeline(createReadStream(path, { start, end }), response).catch(() => undefined);
}

export type CaptureJob = {
  transfer: Transfer;
  database: Database;
  file: string;
  directory: ClientDirectory;
  timings: Timings;
  signal: AbortSignal;
};

/** The whole life of a backup after it was accepted. Never throws: what goes wrong is in the transfer. */
export async function runCapture(job: CaptureJob): Promise<void> {
  const { transfer } = job;
  let succeeded = false;
  try {
    const connection = await job.database.connect();
    transfer.sourceBytes = await readSizeBytes(connection);
    begin(transfer);
    succeeded = await capture(job, connection);
  } catch (error) {
    log(transfer, `could not run the transfer: ${(error as Error).message}`);
  }
  finish(transfer, { succeeded, warnings: 0 });
}

async function capture(job: CaptureJob, connection: DatabaseConnection): Promise<boolean> {
  const { transfer } = job;
  const program = await startClient({
    directory: job.directory,
    program: "pg_dump",
    major: await readMajor(connection),
    connection,
    say: (line) => log(transfer, line),
  });
  const interrupt = (): void => void program.child.kill("SIGINT");
  job.signal.addEventListener("abort", interrupt, { once: true });
  program.child.stdin!.end();
  const file = createWriteStream(job.file);
  const timer = setInterval(() => reportProgress(transfer, file.bytesWritten), job.timings.refreshMs);
  try {
    await pipeline(program.child.stdout!, file);
    reportProgress(transfer, file.bytesWritten);
    return (await program.ended) === 0;
  } finally {
    clearInterval(timer);
    job.signal.removeEventListener("abort", interrupt);
  }
}

function reportProgress(transfer: Transfer, bytes: number): void {
  transfer.processedBytes = bytes;
  transfer.updatedAt = new Date();
}

async function readSizeBytes(connection: DatabaseConnection): Promise<number> {
  return withSession(connection, connection.superuser, async (client) => {
    const { rows } = await client.query<{ bytes: string }>(sizeQuery);
    return Number(rows[0]!.bytes);
  });
}

const sizeQuery = `select pg_database_size(current_database()) as "bytes"`;
