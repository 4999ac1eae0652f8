import { formatSeconds, listNames } from "./format.ts";
import type { DatabaseUrl } from "./postgres/database-url.ts";
import { withSession } from "./postgres/session.ts";

/** One of our sessions as the server sees it. */
export interface WaitingSession {
  application: string;
  state: string | null;
  waitType: string | null;
  waitEvent: string | null;
  /** In this state. */
  seconds: number;
  blockers: { pid: number; application: string | null; state: string | null; seconds: number }[];
}

const sessionsSql = `
  select a.application_name as application, a.state, a.wait_event_type as "waitType", a.wait_event as "waitEvent",
    greatest(0, extract(epoch from pg_catalog.clock_timestamp() - a.state_change))::float8 as seconds,
    (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('pid', b.pid, 'application', b.application_name,
        'state', b.state, 'seconds', greatest(0, extract(epoch from pg_catalog.clock_timestamp() - b.xact_start))::float8)), '[]')
      from pg_catalog.pg_stat_activity b where b.pid = any (pg_catalog.pg_blocking_pids(a.pid))) as blockers
  from pg_catalog.pg_stat_activity a
  where a.application_name like 'migrate-to-heroku-postgres %'
    and pg_catalog.right(a.application_name, pg_catalog.length($1) + 1) = ' ' || $1
    and a.pid <> pg_catalog.pg_backend_pid()
  order by a.application_name`;

const connectTimeoutMs = 8000;

/** What the source's server says that our sessions wait for, in one sentence or a few. */
export async function diagnoseSource(source: DatabaseUrl, tag: string): Promise<string> {
  const options = {
    applicationName: "migrate-to-heroku-postgres diagnosis",
    side: "source",
    connectTimeoutMs,
  } as const;
  const sessions = await withSession(source, options, async (session) => {
    await session.execute(`set statement_timeout = ${connectTimeoutMs}`);
    return await session.rows<WaitingSession>(sessionsSql, [tag]);
  });
  return describeWaits(sessions);
}

export function describeWaits(sessions: readonly WaitingSession[]): string {
  if (sessions.length === 0) return "The source's server knows no session of this run any more.";
  const waits = sessions.map((session) => `${nameOf(session)} ${describeWait(session)}`);
  return `On the source: ${waits.join("; ")}.`;
}

function nameOf({ application }: WaitingSession): string {
  return application.replace(/^migrate-to-heroku-postgres (\S+).*$/u, "$1");
}

function describeWait({ state, waitType, waitEvent, seconds, blockers }: WaitingSession): string {
  const since = `for ${formatSeconds(seconds)}`;
  if (blockers.length > 0) {
    const who = blockers.map(
      (blocker) =>
        `process ${blocker.pid} (${blocker.application || "unnamed"}, ${blocker.state ?? "unknown"}, its transaction ${formatSeconds(blocker.seconds)} old)`,
    );
    return `is blocked ${since} by ${listNames(who)}`;
  }
  const wait = [waitType, waitEvent].filter((part) => part !== null).join("/");
  if (waitEvent === "ClientWrite")
    return `has rows to send ${since}, and this side does not take them: the network, the runner or the bucket is slow (${wait})`;
  if (state === "active") return wait === "" ? `computes ${since}` : `waits ${since} (${wait})`;
  return `is ${state ?? "in an unknown state"} ${since}${wait === "" ? "" : ` (${wait})`}`;
}
