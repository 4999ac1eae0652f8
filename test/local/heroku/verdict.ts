/** What pg_restore's lines amount to. */
export type RestoreLog = {
  /** From "errors ignored on restore: N"; undefined when pg_restore never said it. */
  ignoredErrors: number | undefined;
  /** Of those, the ones that Heroku expects of every restore. */
  harmlessErrors: number;
};

export type Verdict = { succeeded: boolean; warnings: number };

const ignoredLine = /^(?:pg_restore: warning|WARNING): errors ignored on restore: (\d+)/;
/** No owner of a database may comment on its extensions, and plpgsql is always there. */
const harmlessLine =
  /^\s*Command was: (?:COMMENT ON EXTENSION |CREATE (?:OR REPLACE )?(?:TRUSTED )?(?:PROCEDURAL )?LANGUAGE plpgsql\b)/;

export function readRestoreLine(found: RestoreLog, line: string): void {
  const ignored = ignoredLine.exec(line)?.[1];
  if (ignored !== undefined) found.ignoredErrors = Number(ignored);
  if (harmlessLine.test(line)) found.harmlessErrors += 1;
}

/**
 * pg_restore exits with 1 for a single skipped error as for a ruined archive. Where it counted the errors it skipped, the
 * transfer succeeds and carries the count as `warnings`, or none when all of them were to be expected.
 */
export function judge(exitCode: number | null, isDownloaded: boolean, found: RestoreLog): Verdict {
  if (!isDownloaded) return { succeeded: false, warnings: 0 };
  if (exitCode === 0) return { succeeded: true, warnings: 0 };
  if (exitCode !== 1 || found.ignoredErrors === undefined) return { succeeded: false, warnings: 0 };
  const isHarmless = found.ignoredErrors === found.harmlessErrors;
  return { succeeded: true, warnings: isHarmless ? 0 : found.ignoredErrors };
}
