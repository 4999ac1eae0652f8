import type { Readable } from "node:stream";
import pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import { describeError } from "../errors.ts";
import { connectionError } from "./connection-error.ts";
import { CopyOut } from "./copy-out.ts";
import type { DatabaseUrl } from "./database-url.ts";
import { tlsOptions } from "./tls.ts";

export interface SessionOptions {
  /** Shown in pg_stat_activity, so that a database administrator knows who this is. At most 63 bytes. */
  applicationName: string;
  connectTimeoutMs?: number;
  /** Cuts the connection, while it is made and afterwards. */
  signal?: AbortSignal;
  /** What the server calls this side in messages: `the source` or `the target`. */
  side?: "source" | "target";
}

/** Bytes of COPY data; `rowCount` is the server's own count, known at the end. */
export type CopyStream = Readable & { readonly rowCount: number };

export const defaultConnectTimeoutMs = 15_000;

/** int8 as a number: counts and sizes stay below 2^53, and a larger one must not be rounded in silence. */
function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`an int8 beyond 2^53 must be selected as text`);
  return value;
}

const textTypes = new Set<number>([pg.types.builtins.TIMESTAMPTZ, pg.types.builtins.TIMESTAMP, pg.types.builtins.DATE]);

const int8Oid: number = pg.types.builtins.INT8;

/** Values come as text: the driver decodes those of binary format as text as well, which spoils bytea. */
function findParser(oid: number): (value: never) => unknown {
  if (oid === int8Oid) return parseInt8;
  return textTypes.has(oid) ? (text: string) => text : pg.types.getTypeParser(oid, "text");
}

const types: pg.CustomTypesConfig = { getTypeParser: findParser as pg.CustomTypesConfig["getTypeParser"] };

/**
 * One connection to PostgreSQL. Rows come as objects keyed by column name: int8 as number, numeric, timestamps and
 * everything unusual as text.
 */
export class Session implements AsyncDisposable {
  readonly url: DatabaseUrl;
  readonly #client: pg.Client;
  #lost: Error | undefined;

  private constructor(url: DatabaseUrl, client: pg.Client) {
    this.url = url;
    this.#client = client;
    // Without a listener an idle connection's end would be an uncaught exception; the next query reports it.
    client.on("error", (error) => {
      this.#lost = error;
    });
  }

  /** @throws MigrationError that tells name resolution, network, TLS, password, role and database apart */
  static async open(url: DatabaseUrl, options: SessionOptions): Promise<Session> {
    const attempt = (ssl: ReturnType<typeof tlsOptions>): Promise<Session> => Session.#connect(url, options, ssl);
    try {
      return await attempt(tlsOptions(url));
    } catch (error) {
      options.signal?.throwIfAborted();
      const hasNoTls = url.sslMode === "prefer" && describeError(error).includes("does not support SSL");
      if (!hasNoTls) throw connectionError(error, url, options.side ?? "source");
      return await attempt(false).catch((second: unknown) => {
        throw connectionError(second, url, options.side ?? "source");
      });
    }
  }

  static async #connect(
    url: DatabaseUrl,
    options: SessionOptions,
    ssl: ReturnType<typeof tlsOptions>,
  ): Promise<Session> {
    const client = new pg.Client({
      host: url.host,
      port: url.port,
      user: url.user,
      password: url.password.reveal(),
      database: url.database,
      ssl,
      types,
      keepAlive: true,
      connectionTimeoutMillis: options.connectTimeoutMs ?? defaultConnectTimeoutMs,
      application_name: options.applicationName,
      client_encoding: "UTF8",
    });
    const session = new Session(url, client);
    const stop = (): void => {
      client.connection.stream.destroy();
    };
    options.signal?.addEventListener("abort", stop, { once: true });
    try {
      options.signal?.throwIfAborted();
      await client.connect();
    } catch (error) {
      options.signal?.removeEventListener("abort", stop);
      stop();
      throw error;
    }
    // As long as it lives: a server that has fallen silent would hold a stopped run for ever.
    client.once("end", () => options.signal?.removeEventListener("abort", stop));
    return session;
  }

  /** The process id that the server announced at start-up. A pooler announces its own (compare `select pg_backend_pid()`). */
  get announcedProcessId(): number {
    return (this.#client as unknown as { processID: number }).processID;
  }

  /** Calls back once when the server or the network ends the connection. */
  onLost(listener: (error: Error) => void): void {
    if (this.#lost) listener(this.#lost);
    else this.#client.once("error", listener);
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  async rows<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    if (this.#lost) throw this.#lost;
    const result = await this.#client.query<Row & pg.QueryResultRow>(sql, [...parameters]);
    return result.rows;
  }

  async row<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row> {
    const [first] = await this.rows<Row>(sql, parameters);
    if (first === undefined) throw new Error("the query gave no row");
    return first;
  }

  /** The first column of the first row. */
  async value<Value>(sql: string, parameters: readonly unknown[] = []): Promise<Value> {
    const first = await this.row<Record<string, Value>>(sql, parameters);
    return Object.values(first)[0] as Value;
  }

  /** One or more statements without parameters, in the simple protocol: several are one transaction unless they say otherwise. */
  async execute(sql: string): Promise<void> {
    if (this.#lost) throw this.#lost;
    await this.#client.query(sql);
  }

  /** The bytes of a `copy … to stdout`. Destroying the stream does not stop the server: close the session for that. */
  copyTo(sql: string): CopyStream {
    return this.#client.query(copyTo(sql));
  }

  /** The same for large tables: the text goes into the caller's own buffers, without an object for each row. */
  copyOut(...statements: readonly string[]): CopyOut {
    if (this.#lost) throw this.#lost;
    return this.#client.query(new CopyOut(statements));
  }

  /** The server's notices, as they arrive. */
  onNotice(listener: (message: string) => void): void {
    this.#client.on("notice", (notice) => listener(notice.message ?? ""));
  }

  /** Ends politely; after two seconds, or when a statement still runs, by closing the socket. */
  async close(): Promise<void> {
    const ended = this.#client.end().catch(() => undefined);
    const timer = setTimeout(() => this.destroy(), 2000);
    await ended;
    clearTimeout(timer);
  }

  /** Closes the socket at once. The server notices at its next write. */
  destroy(): void {
    this.#client.connection.stream.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Opens a session, hands it to `use`, and closes it whatever happens. */
export async function withSession<T>(
  url: DatabaseUrl,
  options: SessionOptions,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  await using session = await Session.open(url, options);
  return await use(session);
}

/** `"a""b"`: an identifier for SQL text. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The same identifier in ASCII alone (`U&"caf\\00e9"`), for a session whose client encoding is not UTF-8. */
export function asciiIdentifier(name: string): string {
  const quoted = name.replaceAll('"', '""');
  // eslint-disable-next-line no-control-regex -- ASCII is what is asked for
  if (!/[^\u0000-\u007f]/u.test(name)) return `"${quoted}"`;
  const escaped = Array.from(quoted.replaceAll("\\", "\\\\"), (character) => {
    const point = character.codePointAt(0) ?? 0;
    if (point < 0x80) return character;
    return point > 0xffff ? `\\+${point.toString(16).padStart(6, "0")}` : `\\${point.toString(16).padStart(4, "0")}`;
  });
  return `U&"${escaped.join("")}"`;
}

/** `'it''s'`: a literal for SQL text, safe whatever standard_conforming_strings says. */
export function quoteLiteral(value: string): string {
  const quoted = `'${value.replaceAll("'", "''")}'`;
  return value.includes("\\") ? `E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}

export function qualifiedName(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}
