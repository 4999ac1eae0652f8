import { MigrationError } from "../errors.ts";
import type { DatabaseUrl } from "../postgres/database-url.ts";
import { Session } from "../postgres/session.ts";
import type { Limits } from "./facts.ts";

export const gateApplicationName = "migrate-to-heroku-postgres preflight";

/**
 * Makes a session harmless: nothing can be written, nothing waits long for a lock or runs long, no user's function is
 * found by a bare name, and rows are never hidden in silence.
 */
export async function guardSession(session: Session, limits: Limits): Promise<void> {
  await session.execute(`
    set default_transaction_read_only = on;
    set statement_timeout = ${limits.statementTimeoutMs};
    set lock_timeout = ${limits.lockTimeoutMs};
    set idle_in_transaction_session_timeout = 60000;
    set search_path = pg_catalog;
    set row_security = off;
    set default_transaction_isolation = 'read committed';
    set client_min_messages = warning;
    set jit = off;
    set max_parallel_workers_per_gather = 0;
    set datestyle = 'ISO, YMD';
    set intervalstyle = 'postgres';
    set extra_float_digits = 1;
    set bytea_output = 'hex'`);
}

export interface OpenOptions {
  limits: Limits;
  side: "source" | "target";
  signal: AbortSignal;
}

/** A guarded session. It is closed when the signal fires, so that nothing keeps a cancelled gate waiting. */
export async function openGuarded(url: DatabaseUrl, options: OpenOptions): Promise<Session> {
  const session = await openDirect(url, options);
  try {
    await guardSession(session, options.limits);
  } catch (error) {
    session.destroy();
    throw error;
  }
  return session;
}

/**
 * A session as the server makes it, its settings untouched, and certainly not through a pooler: what is set in a pooled
 * session stays on a server connection that the live application then uses.
 *
 * @throws MigrationError with the code SOURCE_IS_POOLER, before anything was set
 */
export async function openDirect(url: DatabaseUrl, options: OpenOptions): Promise<Session> {
  const { signal, side } = options;
  const session = await Session.open(url, { applicationName: gateApplicationName, signal, side });
  signal.addEventListener("abort", () => session.destroy(), { once: true });
  try {
    if (await isDirect(session)) return session;
    throw new MigrationError(
      `${url.location} is a connection pooler: the process that answers is not the one that was announced.`,
      { code: poolerCode },
    );
  } catch (error) {
    session.destroy();
    throw error;
  }
}

export const poolerCode = "SOURCE_IS_POOLER";

/**
 * On a direct connection the process id announced at start-up is that of the backend which answers; a pooler announces
 * one of its own. Tunnels and TCP proxies leave both equal.
 */
async function isDirect(session: Session): Promise<boolean> {
  return (await session.value<number>("select pg_catalog.pg_backend_pid()")) === session.announcedProcessId;
}
