import { MigrationError } from "./errors.ts";
import { listNames } from "./format.ts";
import { type Log, silentLog } from "./log.ts";
import type { DatabaseUrl } from "./postgres/database-url.ts";
import { type Session, type SessionOptions, quoteIdentifier, quoteLiteral, withSession } from "./postgres/session.ts";
import { sqlStateOf } from "./postgres/snapshot.ts";
import { sleep } from "./workers.ts";

/** Sessions that began before the freeze: they keep the value they began with. */
export interface WritingSessions {
  application: string;
  user: string;
  count: number;
}

export interface Freeze {
  /** The database's own setting before; null where it had none. */
  was: string | null;
  /** Sessions that may still write. */
  sessions: WritingSessions[];
  ended: number;
  /** What a freeze by default setting does not stop, in sentences. */
  limits: string[];
}

export interface FreezeOptions {
  signal?: AbortSignal;
  log?: Log;
  /** Called before anything is changed: what must be remembered to undo it. */
  onBefore?: (was: string | null) => Promise<void>;
}

const applicationName = "migrate-to-heroku-postgres freeze";

const settingSql = `
  select (select substr(setting, length('default_transaction_read_only=') + 1)
    from pg_catalog.pg_db_role_setting s cross join pg_catalog.unnest(s.setconfig) as setting
    where s.setdatabase = d.oid and s.setrole = 0 and setting like 'default_transaction_read_only=%') as was
  from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()`;

/**
 * Makes new transactions of the source database read-only by default. Sessions that are open keep writing until they end;
 * `database-and-sessions` ends those that this role may end. Works on a database that is read-only already.
 *
 * @throws MigrationError when the role does not own the database
 */
export async function freezeSource(
  url: DatabaseUrl,
  mode: "database" | "database-and-sessions",
  options: FreezeOptions = {},
): Promise<Freeze> {
  return await withSession(url, sessionOptions(options.signal), async (session) => {
    const was = await session.value<string | null>(settingSql);
    if (was === "on") warnOfEarlierFreeze(url, options.log ?? silentLog);
    await options.onBefore?.(was);
    await setReadOnly(session, url, "on");
    const ended = mode === "database-and-sessions" ? await endSessions(session, options) : 0;
    const sessions = await session.rows<WritingSessions>(sessionsSql);
    return { was, sessions, ended, limits: await listLimits(session) };
  });
}

/** Puts the setting back as it was. Calling it again does no harm. */
export async function unfreezeSource(url: DatabaseUrl, was: string | null, signal?: AbortSignal): Promise<void> {
  await withSession(url, sessionOptions(signal), (session) => setReadOnly(session, url, was));
}

/** Nobody can tell whether the owner wanted it so, or a run that died left it behind. */
function warnOfEarlierFreeze(url: DatabaseUrl, log: Log): void {
  log.warning(
    `The source is read-only by default already and will be left so. If an earlier run left it behind: alter database ${quoteIdentifier(url.database)} reset default_transaction_read_only`,
  );
}

function sessionOptions(signal: AbortSignal | undefined): SessionOptions {
  return { applicationName, side: "source", ...(signal === undefined ? {} : { signal }) };
}

/** Our own transaction says `read write`, because the setting that it changes may be its own default. */
async function setReadOnly(session: Session, url: DatabaseUrl, value: string | null): Promise<void> {
  const change =
    value === null
      ? "reset default_transaction_read_only"
      : `set default_transaction_read_only = ${quoteLiteral(value)}`;
  const statement = `alter database ${quoteIdentifier(url.database)} ${change}`;
  try {
    await session.execute(`begin read write; ${statement}; commit`);
  } catch (error) {
    throw settingError(error, url, statement);
  }
}

function settingError(error: unknown, url: DatabaseUrl, statement: string): unknown {
  const isRefused = sqlStateOf(error) === "42501";
  const isStandby = sqlStateOf(error) === "25006";
  if (!isRefused && !isStandby) return error;
  const reason = isStandby ? "it is a standby" : `${url.user} does not own it`;
  return new MigrationError(
    `default_transaction_read_only of the source ${url.location} could not be changed: ${reason}.`,
    {
      code: "FREEZE_REFUSED",
      hint: `Run as its owner${isStandby ? ", on the primary" : ""}: ${statement}; or stop every writer yourself and set freeze-source to off.`,
      cause: error,
    },
  );
}

/** Only a monitoring role sees the type of other roles' sessions; the server's own have no user. */
const isOther = `
  a.datname = pg_catalog.current_database() and a.usesysid is not null and coalesce(a.backend_type, 'client backend') = 'client backend' and a.pid <> pg_catalog.pg_backend_pid()
  and coalesce(a.application_name, '') not like 'migrate-to-heroku-postgres%'`;

const sessionsSql = `
  select coalesce(a.application_name, '') as application, coalesce(a.usename, '') as "user", count(*)::int as count
  from pg_catalog.pg_stat_activity a where ${isOther}
  group by 1, 2 order by 3 desc, 1, 2`;

/** A superuser's session only a superuser may end; another role's only who has that role's rights, or pg_signal_backend. */
const endableSql = `
  select a.pid from pg_catalog.pg_stat_activity a
  join pg_catalog.pg_roles r on r.oid = a.usesysid
  where ${isOther} and not r.rolsuper
    and (pg_catalog.pg_has_role(a.usesysid, 'usage') or pg_catalog.pg_has_role('pg_signal_backend', 'usage'))`;

const patienceMs = 5000;

/** Gives how many are gone. A session that comes back meanwhile begins with the new setting and does not count. */
async function endSessions(session: Session, { signal, log = silentLog }: FreezeOptions): Promise<number> {
  const pids = (await session.rows<{ pid: number }>(endableSql)).map(({ pid }) => pid);
  for (const pid of pids) await endSession(session, pid, log);
  const remain = (): Promise<number> =>
    session.value<number>("select count(*)::int from pg_catalog.pg_stat_activity where pid = any ($1)", [pids]);
  let left = await remain();
  for (const deadline = Date.now() + patienceMs; left > 0 && Date.now() < deadline; left = await remain())
    await sleep(50, signal);
  return pids.length - left;
}

async function endSession(session: Session, pid: number, log: Log): Promise<void> {
  try {
    await session.rows("select pg_catalog.pg_terminate_backend($1)", [pid]);
  } catch (error) {
    if (sqlStateOf(error) === undefined) throw error;
    log.warning(`A session of the source could not be ended: ${(error as Error).message}`);
  }
}

/** A role's own setting wins over the database's (PostgreSQL manual, alter role). */
const overridingRolesSql = `
  select distinct r.rolname as role
  from pg_catalog.pg_db_role_setting s
  join pg_catalog.pg_roles r on r.oid = s.setrole
  join pg_catalog.pg_database d on d.datname = pg_catalog.current_database() and s.setdatabase in (0, d.oid)
  cross join pg_catalog.unnest(s.setconfig) as setting
  where setting ~ '^default_transaction_read_only=(off|false|no|0)$'
  order by 1`;

async function listLimits(session: Session): Promise<string[]> {
  const roles = (await session.rows<{ role: string }>(overridingRolesSql)).map(({ role }) => role);
  const always = "A session that sets its transactions to read write by itself is not stopped.";
  if (roles.length === 0) return [always];
  return [`Roles with a setting of their own may still write: ${listNames(roles)}.`, always];
}
