import type { DatabaseUrl } from "./postgres/database-url.ts";
import { withSession } from "./postgres/session.ts";

const endSessionsSql = `
  select count(pg_catalog.pg_terminate_backend(pid))::int as count from pg_catalog.pg_stat_activity
  where application_name like 'migrate-to-heroku-postgres %'
    and pg_catalog.right(application_name, pg_catalog.length($1) + 1) = ' ' || $1
    and pid <> pg_catalog.pg_backend_pid()`;

/**
 * Ends what is left of a dead run's sessions: a reader whose runner is gone may hold its snapshot until the server notices,
 * and vacuum waits for it.
 *
 * @returns how many there were
 */
export async function endSessions(source: DatabaseUrl, tag: string, signal?: AbortSignal): Promise<number> {
  const options = {
    applicationName: "migrate-to-heroku-postgres cleanup",
    side: "source",
    connectTimeoutMs: 8000,
    ...(signal === undefined ? {} : { signal }),
  } as const;
  return await withSession(source, options, (session) => session.value<number>(endSessionsSql, [tag]));
}
