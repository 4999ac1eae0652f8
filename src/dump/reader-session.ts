import { MigrationError, describeError } from "../errors.ts";
import { DatabaseUrl, type SslMode } from "../postgres/database-url.ts";
import { type Session, quoteLiteral } from "../postgres/session.ts";
import { joinSnapshot, rejoinSnapshot, sqlStateOf } from "../postgres/snapshot.ts";
import { isTransient, withRetries } from "../retry.ts";
import { Secret } from "../secret.ts";
import { lockTablesAhead } from "./locks.ts";
import type { ReaderSettings } from "./messages.ts";
import type { ReadItem } from "./tasks.ts";

/** Locks are kept to a transaction's end, in a table that all sessions share and whose size is fixed at the server's start. */
const itemsPerTransaction = 200;

interface ReaderSessionEvents {
  /** The connection was lost; what was not handed over is read again. */
  onRetry: (message: string) => void;
  /** Somebody's lock is waited for. */
  onWait: (message: string) => void;
}

/** A reader's session inside the dump's snapshot: joined when first needed, and again whenever it is lost. */
export class ReaderSession {
  readonly #settings: ReaderSettings;
  readonly #url: DatabaseUrl;
  readonly #events: ReaderSessionEvents;
  #session: Session | undefined;
  #itemsRead = 0;
  #hasLockedAhead = false;

  constructor(settings: ReaderSettings, events: ReaderSessionEvents) {
    this.#settings = settings;
    this.#url = databaseUrl(settings);
    this.#events = events;
  }

  /**
   * Runs `read` until it gets through: after a lost connection on a new one, after a lock was refused in a new
   * transaction. `left` says which items are still to be read.
   */
  async read(left: () => readonly ReadItem[], read: (session: Session) => Promise<void>): Promise<void> {
    const startedAt = Date.now();
    for (;;) {
      try {
        await this.#readConnected(left, read);
        return;
      } catch (error) {
        const [item] = left();
        if (item?.kind !== "copy" || sqlStateOf(error) !== "55P03") throw error;
        await this.#waitForLock(item, Date.now() - startedAt);
      }
    }
  }

  async close(): Promise<void> {
    await this.#session?.close();
  }

  async #readConnected(left: () => readonly ReadItem[], read: (session: Session) => Promise<void>): Promise<void> {
    const attempt = async (tryNumber: number): Promise<void> => {
      if (tryNumber > 1) this.#drop();
      await read(await this.#joined(left().length));
    };
    await withRetries(attempt, {
      what: "reading a slice of the source",
      isRetryable: (error) => isTransient(error) && !isSnapshotLost(error),
    });
  }

  async #joined(itemCount: number): Promise<Session> {
    const { snapshotId } = this.#settings;
    if (this.#session?.isLost === true) this.#drop();
    if (this.#session === undefined) {
      this.#session = await this.#join();
    } else if (this.#itemsRead >= itemsPerTransaction && !this.#hasLockedAhead) {
      await rejoinSnapshot(this.#session, snapshotId);
      this.#itemsRead = 0;
    }
    this.#itemsRead += itemCount;
    return this.#session;
  }

  /**
   * No statement waits for a lock for ever: behind somebody's waiting ACCESS EXCLUSIVE request our own request queues up;
   * theirs waits for the snapshot's holder, and the holder for us, which the server does not see as a deadlock.
   */
  async #join(): Promise<Session> {
    const { snapshotId, encoding, lockTimeoutMs, tablesToLock } = this.#settings;
    const settings = [`client_encoding = ${quoteLiteral(encoding)}`, `lock_timeout = ${lockTimeoutMs}`];
    const session = await joinSnapshot(this.#url, snapshotId, {
      applicationName: this.#settings.applicationName,
      settings,
    });
    this.#itemsRead = 0;
    try {
      await lockTablesAhead(session, tablesToLock, encoding);
      this.#hasLockedAhead = tablesToLock.length > 0;
    } catch (error) {
      if (sqlStateOf(error) !== "55P03") throw error;
      // Somebody was quicker on one of them: then locks are taken table by table.
      this.#hasLockedAhead = false;
      await rejoinSnapshot(session, snapshotId);
    }
    return session;
  }

  #drop(): void {
    this.#session?.destroy();
    this.#session = undefined;
    this.#events.onRetry("A reader lost its connection and joins the snapshot again.");
  }

  /** The refused statement has ended the transaction. */
  async #waitForLock(item: ReadItem & { kind: "copy" }, waitedMs: number): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    await session.execute("rollback");
    this.#hasLockedAhead = false;
    this.#itemsRead = 0;
    const waiting = await listExclusiveRequests(session, item.oid);
    if (waiting.length > 0 && waitedMs >= this.#settings.lockPatienceMs) throw blockedError(item.table, waiting);
    this.#events.onWait(describeWait(item.table, waiting));
    await rejoinSnapshot(session, this.#settings.snapshotId);
  }
}

const listExclusiveRequestsSql = `
  select l.pid from pg_catalog.pg_locks l
  where l.relation = $1::oid and l.mode = 'AccessExclusiveLock' and not l.granted
    and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
  order by l.pid`;

/** Sessions that wait to lock the table against everybody. None: one of its indexes is being rebuilt, which ends by itself. */
async function listExclusiveRequests(session: Session, oid: number): Promise<number[]> {
  const rows = await session.rows<{ pid: number }>(listExclusiveRequestsSql, [oid]);
  return rows.map((row) => row.pid);
}

function describeWait(table: string, pids: readonly number[]): string {
  if (pids.length === 0) return `Reading ${table} waits for a lock on it or on one of its indexes.`;
  return `Reading ${table} waits behind ${nameSessions(pids)}, which ${pids.length === 1 ? "wants" : "want"} to change or truncate it and cannot before the dump ends.`;
}

function blockedError(table: string, pids: readonly number[]): MigrationError {
  return new MigrationError(
    `${nameSessions(pids)} waited to change or truncate ${table} while it was being dumped, and nobody can read a table behind such a request.`,
    {
      code: "LOCK_BLOCKED",
      hint: `Cancel it in the source (${pids.map((pid) => `select pg_cancel_backend(${pid});`).join(" ")}), change no tables during the migration, and run again. The target has not been touched.`,
    },
  );
}

function nameSessions(pids: readonly number[]): string {
  return `session${pids.length === 1 ? "" : "s"} ${pids.join(", ")}`;
}

/** `invalid snapshot identifier` and `… does not exist`: the session that held it is gone. */
function isSnapshotLost(error: unknown): boolean {
  return /snapshot/u.test(describeError(error));
}

function databaseUrl(settings: ReaderSettings): DatabaseUrl {
  const { ca, clientCertificate, clientKey } = settings;
  return new DatabaseUrl({
    host: settings.host,
    port: settings.port,
    user: settings.user,
    password: new Secret(settings.password),
    database: settings.database,
    sslMode: settings.sslMode as SslMode,
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(clientCertificate === undefined ? {} : { clientCertificate }),
      ...(clientKey === undefined ? {} : { clientKey: new Secret(clientKey) }),
    },
  });
}
