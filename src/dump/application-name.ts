/** What a database administrator sees in pg_stat_activity. */
export function applicationNameOf(what: string): string {
  return `migrate-to-heroku-postgres ${what}`;
}
