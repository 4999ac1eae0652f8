import { expect, test } from "vitest";
import { groupRestoreLog } from "./restore-steps.ts";

function log(...messages: string[]): { at: string; message: string }[] {
  return messages.map((message, index) => ({
    at: new Date(Date.UTC(2026, 9, 3) + index * 1000).toISOString(),
    message,
  }));
}

test("mixed definitions are one phase, data and indexes one each", () => {
  const phases = groupRestoreLog(
    log(
      "pg_restore: connecting to database for restore",
      'pg_restore: creating TABLE "public.a"',
      'pg_restore: creating SEQUENCE "public.a_id_seq"',
      'pg_restore: creating COMMENT "public.TABLE a"',
      'pg_restore: creating TABLE "public.b"',
      'pg_restore: processing data for table "public.a"',
      'pg_restore: processing data for table "public.b"',
      "pg_restore: executing SEQUENCE SET a_id_seq",
      'pg_restore: creating INDEX "public.a_idx"',
      'pg_restore: creating COMMENT "public.INDEX a_idx"',
      'pg_restore: creating FK CONSTRAINT "public.b b_fkey"',
    ),
  );
  expect(phases.map(({ kind, steps, seconds }) => [kind, steps.length, seconds])).toEqual([
    ["", 1, 1],
    ["DEFINITIONS", 4, 4],
    ["TABLE DATA", 2, 2],
    ["SEQUENCE SET", 1, 1],
    ["INDEX", 2, 2],
    ["FK CONSTRAINT", 1, 0],
  ]);
});

test("a skipped error stays with its object, all lines together", () => {
  const phases = groupRestoreLog(
    log(
      'pg_restore: creating TABLE "public.carts"',
      "pg_restore: while PROCESSING TOC:",
      "pg_restore: from TOC entry 214; 1259 16411 TABLE carts shop_owner",
      'pg_restore: error: could not execute query: ERROR:  type "public.hstore" does not exist',
      "Command was: CREATE TABLE public.carts (",
      "    id bigint",
      'pg_restore: creating TABLE "public.orders"',
    ),
  );
  const steps = phases.flatMap((phase) => phase.steps);
  expect(steps.map(({ name, isProblem, lines }) => [name, isProblem, lines.length])).toContainEqual(["carts", true, 4]);
  expect(steps.at(-1)?.name).toBe("public.orders");
  expect(phases.reduce((sum, { problems }) => sum + problems, 0)).toBe(1);
});

test("names with quotes, spaces and line breaks are kept whole", () => {
  const [phase] = groupRestoreLog(log('pg_restore: creating TABLE "public.odd "name" here"'));
  expect(phase?.steps[0]?.name).toBe('public.odd "name" here');
});

test("every line is somewhere, once", () => {
  const messages = [
    "a",
    'pg_restore: creating TYPE "public.t"',
    "b",
    " c",
    "Command was: d",
    "download finished with errors",
  ];
  const lines = groupRestoreLog(log(...messages)).flatMap(({ steps }) => steps.flatMap((step) => step.lines));
  expect(lines).toEqual(messages);
});

test("unreadable times count as nothing", () => {
  const [phase] = groupRestoreLog([
    { at: "?", message: "a" },
    { at: "2026", message: "b" },
  ]);
  expect(phase?.seconds).toBe(0);
});
