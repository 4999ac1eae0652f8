import type { Session } from "../postgres/session.ts";
import type { ConnectionRow } from "../report.ts";

/** Names of other users' clients are hidden from those without pg_read_all_stats. */
const query = `
  select case when a.backend_start is null then '(hidden: grant pg_read_all_stats)'
              else coalesce(nullif(a.application_name, ''), '(no name)') end as application,
         coalesce(a.usename::text, '(hidden)') as user,
         coalesce(host(a.client_addr), case when a.backend_start is null then '(hidden)' else 'local' end) as address,
         coalesce(s.ssl, false) as tls,
         count(*)::int as count,
         coalesce(to_char(min(a.backend_start) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '') as since
    from pg_stat_activity a
    left join pg_stat_ssl s on s.pid = a.pid
   where a.datname = current_database() and coalesce(a.backend_type, 'client backend') = 'client backend'
     and coalesce(a.application_name, '') not like 'migrate-to-heroku-postgres%'
   group by 1, 2, 3, 4`;

/** Who is connected to the database at this moment, without ourselves. */
export async function listConnections(session: Session): Promise<ConnectionRow[]> {
  return await session.rows<ConnectionRow>(query);
}

/** What several looks saw: each client once, with the most connections it had at a time and its earliest start. */
export function mergeConnections(samples: readonly ConnectionRow[][]): ConnectionRow[] {
  const merged = new Map<string, ConnectionRow>();
  for (const row of samples.flat()) {
    const key = JSON.stringify([row.application, row.user, row.address, row.tls]);
    const seen = merged.get(key);
    merged.set(
      key,
      seen === undefined
        ? row
        : { ...row, count: Math.max(seen.count, row.count), since: earlier(seen.since, row.since) },
    );
  }
  return [...merged.values()].toSorted((a, b) => b.count - a.count || (a.application < b.application ? -1 : 1));
}

function earlier(first: string, second: string): string {
  if (first === "" || second === "") return first || second;
  return first < second ? first : second;
}
