import { describe, expect, test } from "vitest";
import { currentStep, parseRestoreLog, restoreFailed } from "./restore-log.ts";

function lines(text: string): { message: string }[] {
  return text
    .trim()
    .split("\n")
    .map((message) => ({ message }));
}

/** As pg_restore 17 writes it to standard error, one log entry per line. */
const skipped = lines(`
pg_restore: connecting to database for restore
pg_restore: creating EXTENSION "pg_trgm"
pg_restore: creating COMMENT "EXTENSION pg_trgm"
pg_restore: while PROCESSING TOC:
pg_restore: from TOC entry 3541; 0 0 COMMENT EXTENSION pg_trgm
pg_restore: error: could not execute query: ERROR:  must be owner of extension pg_trgm
Command was: COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement';


pg_restore: creating SERVER "reports"
pg_restore: from TOC entry 2231; 1417 16500 SERVER reports admin
pg_restore: error: could not execute query: ERROR:  foreign-data wrapper "postgres_fdw" does not exist
Command was: CREATE SERVER reports FOREIGN DATA WRAPPER postgres_fdw OPTIONS (
    host 'a'
);

pg_restore: processing data for table "public.orders"
pg_restore: from TOC entry 3530; 0 16391 TABLE DATA orders admin
pg_restore: error: COPY failed for table "orders": ERROR:  invalid input syntax for type integer: "4111 1111 1111 1111"
CONTEXT:  COPY orders, line 1, column id: "4111 1111 1111 1111"
pg_restore: error: could not execute query: ERROR:  must be owner of extension plpgsql
pg_restore: warning: errors ignored on restore: 4
`);

describe("parseRestoreLog", () => {
  test("puts where, what and the statement of each error together", () => {
    const { problems, ignoredErrors, failure } = parseRestoreLog(skipped);
    expect(ignoredErrors).toBe(4);
    expect(failure).toBeUndefined();
    expect(problems).toEqual([
      {
        message: "must be owner of extension pg_trgm",
        entry: "3541; 0 0 COMMENT EXTENSION pg_trgm",
        command: "COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement';",
        harmless: true,
      },
      {
        message: 'foreign-data wrapper "postgres_fdw" does not exist',
        entry: "2231; 1417 16500 SERVER reports admin",
        command: "CREATE SERVER reports FOREIGN DATA WRAPPER postgres_fdw OPTIONS (",
        harmless: false,
      },
      {
        message: 'COPY failed for table "orders": ERROR:  invalid input syntax for type integer: "…"',
        entry: "3530; 0 16391 TABLE DATA orders admin",
        harmless: false,
      },
      { message: "must be owner of extension plpgsql", harmless: true },
    ]);
  });

  test("never keeps a row's value", () => {
    expect(JSON.stringify(parseRestoreLog(skipped))).not.toContain("4111");
  });

  test("owning another object than an extension is not harmless", () => {
    const log = lines("pg_restore: error: could not execute query: ERROR:  must be owner of schema public");
    expect(parseRestoreLog(log).problems[0]?.harmless).toBe(false);
  });

  test.each([
    [
      `2021/05/27 10:29:02 aborting: could not write to output stream: Expected HTTP Status 200, received: "400 Bad Request"
pg_restore: error: could not read from input file: end of file
waiting for restore to complete
pg_restore finished with errors
waiting for download to complete
download finished with errors
please check the source URL and ensure it is publicly accessible`,
      "RESTORE_URL_REFUSED",
    ],
    [
      'aborting: could not write to output stream: Expected HTTP Status 200, received: "403 Forbidden"',
      "RESTORE_URL_REFUSED",
    ],
    [
      "Expected HTTP Status 206 or 200, received: 403\npg_restore: error: could not read from input file: end of file",
      "RESTORE_URL_EXPIRED",
    ],
    ['Expected HTTP Status 200, received: "503 Slow Down"', "RESTORE_DOWNLOAD"],
    [
      "pg_restore: error: unsupported version (1.16) in file header\ndownload finished with errors",
      "RESTORE_ARCHIVE_TOO_NEW",
    ],
    [
      "aborting: could not write to output stream: write |1: broken pipe\npg_restore: error: unsupported version (1.16) in file header",
      "RESTORE_ARCHIVE_TOO_NEW",
    ],
    ["pg_restore: error: did not find magic string in file header", "RESTORE_NOT_AN_ARCHIVE"],
    ["pg_restore: error: could not read from input file: end of file", "RESTORE_TRUNCATED"],
    [
      'pg_restore: error: COPY failed for table "a": ERROR:  could not extend file "base/1/2": No space left on device',
      "RESTORE_DISK_FULL",
    ],
    ['FATAL:  too many connections for role "u1"', "RESTORE_CONNECTIONS"],
    ["pg_restore: error: server closed the connection unexpectedly", "RESTORE_TARGET_LOST"],
  ])("explains %j as %s", (text, code) => {
    const outcome = parseRestoreLog(lines(text));
    expect(outcome.failure?.code).toBe(code);
    expect(restoreFailed("r007", outcome)).toMatchObject({ code, message: expect.stringContaining("r007") });
  });

  test("a failure that nobody knows shows pg_restore's first error", () => {
    const failed = restoreFailed("r007", parseRestoreLog(lines("pg_restore: error: something new")));
    expect(failed).toMatchObject({ code: "RESTORE_FAILED", message: "Heroku's restore r007 failed: something new." });
  });
});

test("currentStep is the last thing begun", () => {
  expect(currentStep(skipped)).toBe('processing data for table "public.orders"');
  expect(currentStep(lines('pg_restore: creating INDEX "public.orders_idx"\nother'))).toBe(
    'creating INDEX "public.orders_idx"',
  );
  expect(currentStep([])).toBeUndefined();
});
