import { MigrationError, describeError } from "../errors.ts";
import { withRetries } from "../retry.ts";
import type { DatabaseUrl } from "./database-url.ts";
import { Session, type SessionOptions, qualifiedName, quoteLiteral } from "./session.ts";

/** A table whose rows a dump reads. */
export interface SourceTable {
  oid: number;
  schema: string;
  table: string;
  /** `r` table, `p` partitioned table. */
  kind: "r" | "p";
}

/** An exported MVCC snapshot, importable by other sessions of the same database while its holder lives. */
export interface Snapshot {
  id: string;
  takenAt: Date;
  /** WAL position when it was taken; null where the role may not see it. */
  lsn: string | null;
  /** Tables that the holder has locked against truncation and redefinition. */
  tables: readonly SourceTable[];
  /** The holder's session: inside the snapshot, idle between the calls. */
  holder: Session;
}

/**
 * Timeouts off for a session that waits inside a transaction, and what pg_dump pins so that values print exactly
 * (pg_dump.c, setup_connection). `transaction_timeout` exists from 17 on, `idle_session_timeout` from 14 on.
 */
const dumpSettings = [
  "statement_timeout = 0",
  "lock_timeout = 0",
  "idle_in_transaction_session_timeout = 0",
  "row_security = off",
  "synchronize_seqscans = off",
  "extra_float_digits = 3",
  "datestyle = 'ISO'",
  "intervalstyle = 'postgres'",
  "search_path = ''",
  "jit = off",
  "max_parallel_workers_per_gather = 0",
];

export async function applyDumpSettings(session: Session): Promise<void> {
  const major = await session.value<number>("select current_setting('server_version_num')::int / 10000");
  const newer = [
    ...(major >= 14 ? ["idle_session_timeout = 0"] : []),
    ...(major >= 17 ? ["transaction_timeout = 0"] : []),
  ];
  await session.execute([...dumpSettings, ...newer].map((setting) => `set ${setting}`).join(";\n"));
}

const listTablesSql = `
  select c.oid::int8 as oid, n.nspname as schema, c.relname as table, c.relkind::text as kind
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p')
    and c.relpersistence <> 't'
    and n.nspname not in ('pg_catalog', 'information_schema')
    and n.nspname not like 'pg\\_toast%'
    and n.nspname <> all ($1)
    and not exists (
      select from pg_catalog.pg_depend d
      join pg_catalog.pg_extension e on e.oid = d.refobjid
      where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
        and d.refclassid = 'pg_catalog.pg_extension'::regclass
        and (e.extname = any ($2) or not c.oid = any (coalesce(e.extconfig, '{}'))))
  order by c.oid`;

/** Tables whose rows a dump carries: user tables, and the configuration tables of extensions. */
export async function listSourceTables(
  session: Session,
  { excludeSchemas, excludeExtensions = [] }: Pick<SnapshotOptions, "excludeSchemas" | "excludeExtensions">,
): Promise<SourceTable[]> {
  return await session.rows<SourceTable>(listTablesSql, [excludeSchemas, excludeExtensions]);
}

interface SnapshotOptions extends SessionOptions {
  excludeSchemas: readonly string[];
  /** Their tables may not even be readable. */
  excludeExtensions?: readonly string[];
  /** How long to wait for a table that somebody redefines. */
  lockTimeoutMs?: number;
}

const defaultLockTimeoutMs = 60_000;
const attemptsAgainstNewTables = 5;

/**
 * Locks every table, then takes the snapshot, and holds both while `use` runs. The other way round a TRUNCATE in the gap
 * would read as an empty table, without an error.
 */
export async function withSnapshot<T>(
  url: DatabaseUrl,
  options: SnapshotOptions,
  use: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  await using holder = await openHolder(url, options);
  for (let attempt = 1; attempt <= attemptsAgainstNewTables; attempt += 1) {
    const snapshot = await takeSnapshot(holder, options);
    if (snapshot !== undefined) return await use(snapshot);
    await holder.execute("rollback");
  }
  throw new MigrationError("Tables kept being created or dropped while the snapshot was taken.", {
    code: "SCHEMA_CHANGING",
    hint: "Stop what creates and drops tables in the source, then run again.",
  });
}

async function openHolder(url: DatabaseUrl, options: SnapshotOptions): Promise<Session> {
  return await withRetries(
    async () => {
      const holder = await Session.open(url, options);
      try {
        await applyDumpSettings(holder);
        return holder;
      } catch (error) {
        holder.destroy();
        throw error;
      }
    },
    { what: "connecting to the source", ...(options.signal === undefined ? {} : { signal: options.signal }) },
  );
}

/** Undefined when a table came or went between the listing and the snapshot. */
async function takeSnapshot(holder: Session, options: SnapshotOptions): Promise<Snapshot | undefined> {
  const tables = await listSourceTables(holder, options);
  await holder.execute("begin isolation level repeatable read, read only");
  const locked = await lockTables(holder, tables, options.lockTimeoutMs ?? defaultLockTimeoutMs);
  if (!locked) return undefined;
  const { id } = await holder.row<{ id: string }>("select pg_catalog.pg_export_snapshot() as id");
  const seen = await listSourceTables(holder, options);
  const lockedOids = new Set(tables.map((table) => table.oid));
  if (seen.length !== tables.length || seen.some((table) => !lockedOids.has(table.oid))) return undefined;
  return { id, takenAt: new Date(), lsn: await readWalPosition(holder), tables: seen, holder };
}

/** Many names in one statement: a round trip per table would cost seconds on thousands of them. */
const tablesPerLock = 200;

async function lockTables(holder: Session, tables: readonly SourceTable[], lockTimeoutMs: number): Promise<boolean> {
  await holder.execute(`set local lock_timeout = ${lockTimeoutMs}`);
  try {
    for (let start = 0; start < tables.length; start += tablesPerLock) {
      const names = tables
        .slice(start, start + tablesPerLock)
        .map((table) => `only ${qualifiedName(table.schema, table.table)}`);
      await holder.execute(`lock table ${names.join(", ")} in access share mode`);
    }
  } catch (error) {
    if (sqlStateOf(error) === "42P01") return false;
    throw lockError(error);
  }
  await holder.execute("set local lock_timeout = 0");
  return true;
}

function lockError(error: unknown): unknown {
  if (sqlStateOf(error) === "42501") {
    return new MigrationError(`The source user may not read everything: ${describeError(error)}.`, {
      code: "PERMISSION_MISSING",
      hint: "Grant SELECT on what the message names (the preflight lists every statement), or exclude its schema, then run again.",
      cause: error,
    });
  }
  if (sqlStateOf(error) !== "55P03") return error;
  return new MigrationError(
    "A table of the source stayed locked by somebody else while the snapshot was to be taken.",
    {
      code: "LOCK_TIMEOUT",
      hint: "Find the session in pg_locks (the preflight lists it), let it finish or end it, then run again.",
      cause: error,
    },
  );
}

export function sqlStateOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && /^[0-9A-Z]{5}$/u.test(code) ? code : undefined;
}

const walPositionSql = `
  select (case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn()
               else pg_catalog.pg_current_wal_lsn() end)::text`;

/** Where the server's log stands now, asked inside a transaction; null where the role may not ask. */
export async function readWalPosition(session: Session): Promise<string | null> {
  await session.execute("savepoint wal_position");
  try {
    return await session.value<string | null>(walPositionSql);
  } catch (error) {
    if (sqlStateOf(error) === undefined) throw error;
    await session.execute("rollback to savepoint wal_position");
    return null;
  } finally {
    if (!session.isLost) await session.execute("release savepoint wal_position");
  }
}

interface JoinOptions extends SessionOptions {
  /** Over those of every dump, e.g. `lock_timeout = 5000`. */
  settings?: readonly string[];
}

/** A session inside an exported snapshot, in a read-only transaction. */
export async function joinSnapshot(url: DatabaseUrl, snapshotId: string, options: JoinOptions): Promise<Session> {
  const session = await Session.open(url, options);
  try {
    await applyDumpSettings(session);
    // Before the transaction, or its rollback would take them back.
    for (const setting of options.settings ?? []) await session.execute(`set ${setting}`);
    await session.execute(joinSql(snapshotId));
    return session;
  } catch (error) {
    session.destroy();
    throw error;
  }
}

/** Ends a session's transaction, and with it its locks, and joins the snapshot again in a new one. */
export async function rejoinSnapshot(session: Session, snapshotId: string): Promise<void> {
  await session.execute(`rollback; ${joinSql(snapshotId)}`);
}

function joinSql(snapshotId: string): string {
  return `begin isolation level repeatable read, read only; set transaction snapshot ${quoteLiteral(snapshotId)}`;
}
