import { createHash } from "node:crypto";

/** PostgreSQL cuts longer names off (NAMEDATALEN − 1). */
const longestName = 63;
const longestTag = 28;

/** A word for one run that fits into every session's name. */
export function sessionTag(runId: string): string {
  if (runId.length <= longestTag && /^[\w-]+$/u.test(runId)) return runId;
  return createHash("sha256").update(runId).digest("hex").slice(0, 16);
}

/** What a database administrator sees in pg_stat_activity, and what cleanup finds this run's sessions by. */
export function applicationNameOf(what: string, runId: string): string {
  const tag = sessionTag(runId);
  return `${`migrate-to-heroku-postgres ${what}`.slice(0, longestName - tag.length - 1)} ${tag}`;
}
