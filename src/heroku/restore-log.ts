import { MigrationError } from "../errors.ts";
import type { RestoreProblem } from "../report.ts";
import type { TransferLogLine } from "./transfers.ts";

export interface RestoreOutcome {
  /** Errors that pg_restore met, in order; it skips what fails and goes on. */
  problems: RestoreProblem[];
  /** pg_restore's own count of them, where it got so far. */
  ignoredErrors: number | undefined;
  /** Why it failed as a whole, where the log says it. */
  failure: RestoreFailure | undefined;
}

export interface RestoreFailure {
  code: string;
  message: string;
  hint: string;
}

type Line = Pick<TransferLogLine, "message">;

/**
 * Groups the lines of a restore: pg_restore writes where (`from TOC entry`), what (`error:`) and the statement (`Command was:`) as lines of
 * their own, and Heroku keeps each as a log entry. Only the first line of an error is kept: the others (DETAIL, CONTEXT) may show rows.
 */
export function parseRestoreLog(lines: readonly Line[]): RestoreOutcome {
  const problems: RestoreProblem[] = [];
  let entry: string | undefined;
  let ignoredErrors: number | undefined;
  for (const line of lines) {
    const text = line.message.trim();
    entry = entryIn(text) ?? entry;
    const message = /^pg_restore: error: (.*)$/u.exec(text)?.[1];
    const command = /^Command was: (.*)$/u.exec(text)?.[1];
    const last = problems.at(-1);
    if (message !== undefined) {
      problems.push({ message: tidy(message), ...(entry === undefined ? {} : { entry }), harmless: false });
      entry = undefined;
    } else if (command !== undefined && last !== undefined && last.command === undefined) last.command = command;
    ignoredErrors = countIn(text) ?? ignoredErrors;
  }
  const judged = problems.map((problem) => ({ ...problem, harmless: isHarmless(problem) }));
  return { problems: judged, ignoredErrors, failure: findFailure(lines) };
}

function entryIn(text: string): string | undefined {
  return /^pg_restore: from TOC entry (.*)$/u.exec(text)?.[1]?.trim();
}

function countIn(text: string): number | undefined {
  const count = /^pg_restore: warning: errors ignored on restore: (\d+)/u.exec(text)?.[1];
  return count === undefined ? undefined : Number(count);
}

/** A value that did not fit its type is quoted by PostgreSQL: it is a row's, so it goes. */
function tidy(message: string): string {
  return message
    .replace(/^could not execute query: ERROR:\s+/u, "")
    .replace(/(invalid input (?:syntax|value) [^:]*: ).*$/u, '$1"…"')
    .trim();
}

/** What an unprivileged owner can never do and nobody misses: the comment of an extension, and plpgsql, which is there already. */
function isHarmless({ message, entry = "", command = "" }: RestoreProblem): boolean {
  if (/\bCOMMENT\b.*\bEXTENSION\b/u.test(entry) || command.startsWith("COMMENT ON EXTENSION ")) return true;
  return /^must be owner of (?:extension|language) plpgsql\b/u.test(message);
}

/** What pg_restore is doing now, from its `--verbose` lines. */
export function currentStep(lines: readonly Line[]): string | undefined {
  const step = /^pg_restore: ((?:creating|processing data for|executing) .*)$/u;
  return lines.findLast((line) => step.test(line.message))?.message.replace(step, "$1");
}

interface Signature extends RestoreFailure {
  pattern: RegExp;
}

/** In the order of causes: a failed download makes pg_restore meet an early end, and a dead pg_restore breaks the download's pipe. */
const signatures: readonly Signature[] = [
  {
    pattern: /Expected HTTP Status 200, received:? "?40[0-9]/u,
    code: "RESTORE_URL_REFUSED",
    message: "Heroku could not fetch the archive: the store refused its URL.",
    hint: "The presigned URL had expired, or the bucket shuts the public network out. Run again: the URL is made anew.",
  },
  {
    pattern: /Expected HTTP Status 206 or 200/u,
    code: "RESTORE_URL_EXPIRED",
    message: "Heroku lost access to the archive in the middle of the restore.",
    hint: "The presigned URL or the credentials that signed it ended before the restore did: use credentials that last longer, then run again.",
  },
  {
    pattern: /unsupported version \([\d.]+\) in file header/u,
    code: "RESTORE_ARCHIVE_TOO_NEW",
    message: "Heroku's pg_restore is older than the pg_dump that wrote the archive.",
    hint: "Dump with the target's major version, or upgrade the target to the source's.",
  },
  {
    pattern: /did not find magic string in file header|does not appear to be a valid archive/u,
    code: "RESTORE_NOT_AN_ARCHIVE",
    message: "What Heroku fetched is no custom-format archive.",
    hint: "Something else answers under the URL, or the file was compressed or replaced in the bucket. Run again.",
  },
  {
    pattern: /No space left on device|could not extend file/u,
    code: "RESTORE_DISK_FULL",
    message: "The target's disk is full.",
    hint: "The data with its indexes does not fit the plan: upgrade the target's plan, then run again.",
  },
  {
    pattern: /too many connections for|remaining connection slots/u,
    code: "RESTORE_CONNECTIONS",
    message: "The target had no connection left for the restore.",
    hint: "Scale the app's processes to 0 (scale-down) and end other sessions on the target, then run again.",
  },
  {
    pattern: /server closed the connection unexpectedly|terminating connection due to|connection to server .* failed/u,
    code: "RESTORE_TARGET_LOST",
    message: "The target closed its connection in the middle of the restore.",
    hint: "It restarted, failed over or was under maintenance: see heroku pg:info, then run again.",
  },
  {
    pattern: /Expected HTTP Status|could not write to output stream: (?!.*broken pipe)/u,
    code: "RESTORE_DOWNLOAD",
    message: "Heroku could not fetch all of the archive.",
    hint: "Check that the store serves the presigned URL over public TLS with a trusted certificate, then run again.",
  },
  {
    pattern:
      /could not read from input file: end of file|unexpected end of file|found unexpected block ID|could not uncompress data/u,
    code: "RESTORE_TRUNCATED",
    message: "The archive ended early or was damaged on its way to pg_restore.",
    hint: "The download broke off, or the object was replaced: run again.",
  },
];

function findFailure(lines: readonly Line[]): RestoreFailure | undefined {
  const found = signatures.find(({ pattern }) => lines.some((line) => pattern.test(line.message)));
  return found && { code: found.code, message: found.message, hint: found.hint };
}

/** For a transfer that failed: the best explanation that its log has. */
export function restoreFailed(name: string, outcome: RestoreOutcome): MigrationError {
  const { failure, problems } = outcome;
  const [first] = problems;
  const said = first === undefined ? "its log does not say why" : first.message;
  return new MigrationError(`Heroku's restore ${name} failed: ${failure?.message ?? `${said}.`}`, {
    code: failure?.code ?? "RESTORE_FAILED",
    hint: failure?.hint ?? "Read restore.log. The target is incomplete: bring its old content back, or run again.",
  });
}
