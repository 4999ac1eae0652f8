import { setTimeout as sleep } from "node:timers/promises";
import { type FaultAction, type RestoreFaults, answers } from "../../local/heroku/faults.ts";
import type { FaultCase } from "../fault-case.ts";
import { impatient } from "./source.ts";

type Rest = Partial<FaultCase> & Pick<FaultCase, "expect">;

interface Where {
  method?: string;
  path: RegExp;
  times?: number;
  after?: number;
}

function heroku(
  fault: string,
  action: FaultAction,
  { path, method, times = 1, after = 0 }: Where,
  rest: Rest,
): FaultCase {
  return {
    area: "heroku",
    fault,
    arrange: ({ world }) =>
      void world.heroku.faults.add({
        match: { path, ...(method === undefined ? {} : { method }) },
        action,
        times,
        after,
      }),
    ...rest,
  };
}

function restoring(fault: string, faults: RestoreFaults, rest: Rest): FaultCase {
  return {
    area: "heroku",
    fault,
    arrange: ({ world }) => void (world.heroku.faults.restore = faults),
    between: ({ world }) => void (world.heroku.faults.restore = {}),
    ...rest,
  };
}

const start = { method: "POST", path: /\/restores$/u };
const look = { method: "GET", path: /\/transfers\/[^/]+$/u };
const any = { path: /./u };
const stopped = { expect: "failed", target: "untouched" } as const;

export const herokuFaults: FaultCase[] = [
  heroku(
    "every call is answered 401",
    answers.unauthorized,
    { ...any, times: Infinity },
    { ...stopped, says: /401|heroku-api-key/u },
  ),
  heroku(
    "every call wants a second factor (403)",
    answers.twoFactor,
    { ...any, times: Infinity },
    { ...stopped, says: /second factor|two_factor/u },
  ),
  heroku(
    "the app is not found (404)",
    answers.notFound,
    { ...any, times: Infinity },
    { ...stopped, says: /404|not found|no database/iu },
  ),
  heroku(
    "five calls in a row are answered 503",
    answers.serverError(503),
    { ...any, times: 5 },
    { expect: "recovered" },
  ),
  heroku(
    "two calls are answered with the router's web page",
    answers.html(),
    { ...any, times: 2 },
    { expect: "recovered" },
  ),
  heroku(
    "the rate limit is reached (429 with Retry-After)",
    answers.rateLimited(1),
    { ...any, after: 6 },
    { expect: "recovered" },
  ),
  heroku(
    "a call's connection is dropped",
    { kind: "dropBefore" },
    { ...any, after: 3, times: 2 },
    { expect: "recovered" },
  ),
  heroku("an answer breaks off", { kind: "cutAnswer" }, { ...any, after: 4 }, { expect: "recovered" }),
  heroku(
    "scaling down is forbidden (403)",
    answers.forbidden,
    { method: "PATCH", path: /formation/u },
    { ...stopped, says: /403|forbidden/iu },
  ),
  heroku("starting the restore is refused (422)", answers.invalidParams, start, { ...stopped, says: /422|invalid/iu }),
  heroku("starting the restore is refused for the moment (429)", answers.rateLimited(0), start, {
    expect: "recovered",
  }),
  heroku("starting the restore is answered 503, and nothing began", answers.serverError(503), start, {
    expect: "failed",
    target: "untouched",
    says: /got lost/u,
  }),
  heroku("the restore is accepted and its answer lost", { kind: "dropAfter" }, start, { expect: "recovered" }),
  heroku("the restore is accepted and its answer breaks off", { kind: "cutAnswer" }, start, { expect: "recovered" }),
  heroku("the connection is dropped before the restore is accepted", { kind: "dropBefore" }, start, {
    expect: "failed",
    target: "untouched",
    says: /got lost/u,
  }),
  heroku(
    "looking at the transfer fails ten times (502)",
    answers.serverError(502),
    { ...look, times: 10 },
    { expect: "recovered" },
  ),
  heroku(
    "looking at the transfer is answered 404, for ever",
    answers.notFound,
    { ...look, times: Infinity },
    {
      expect: "failed",
      says: /could not be asked any more/u,
      target: "any",
    },
  ),
  restoring(
    "the restore stays pending, for ever",
    { neverStarts: true },
    {
      options: impatient,
      expect: "failed",
      says: /has not begun|no sign of life/u,
      target: "any",
      restores: 2,
      between: ({ world }) => {
        world.heroku.faults.restore = {};
        for (const transfer of world.heroku.state.transfers) world.heroku.cancel(transfer);
      },
    },
  ),
  restoring(
    "the restore's worker dies",
    { stuckAfterBytes: 2_000_000 },
    {
      options: impatient,
      expect: "failed",
      says: /no sign of life/u,
      target: "any",
      restores: 2,
      between: ({ world }) => {
        world.heroku.faults.restore = {};
        for (const transfer of world.heroku.state.transfers) world.heroku.cancel(transfer);
      },
    },
  ),
  restoring(
    "the restore fails with a log",
    { failsAfterBytes: 2_000_000, failureLog: ["pg_restore: error: could not read from input file: end of file"] },
    {
      expect: "failed",
      says: /wiped by the restore and may be incomplete.*addons:create heroku-postgresql:standard-0 --app example-app -- --rollback/su,
      target: "any",
      restores: 2,
    },
  ),
  restoring(
    "somebody cancels the restore",
    { canceledAfterBytes: 2_000_000 },
    {
      expect: "failed",
      says: /was canceled at Heroku/u,
      target: "any",
      restores: 2,
    },
  ),
  {
    area: "heroku",
    fault: "the restore fails after a safety backup: the message says how to go back",
    options: { inputs: { "safety-backup": "always" } },
    arrange: ({ world }) => void (world.heroku.faults.restore = { failsAfterBytes: 1000 }),
    between: ({ world }) => void (world.heroku.faults.restore = {}),
    expect: "failed",
    says: /comes back with: heroku pg:backups:restore b001 DATABASE --app example-app --confirm example-app/u,
    target: "any",
    restores: 2,
    inspect: ({ world }) => {
      const backups = world.heroku.state.transfers.filter(({ toType }) => toType !== "pg_restore").length;
      return backups === 1 ? [] : [`${backups} safety backups were made, not 1`];
    },
  },
  {
    area: "heroku",
    fault: "the safety backup's answer is lost",
    options: { inputs: { "safety-backup": "always" } },
    arrange: ({ world }) =>
      void world.heroku.faults.add({ match: { method: "POST", path: /\/backups$/u }, action: { kind: "dropAfter" } }),
    expect: "recovered",
    inspect: ({ world }) => {
      const backups = world.heroku.state.transfers.filter(({ toType }) => toType !== "pg_restore").length;
      return backups === 1 ? [] : [`${backups} safety backups were made, not 1`];
    },
  },
  {
    area: "heroku",
    fault: "somebody else's restore of the target is running",
    arrange: ({ world }) => void world.heroku.addRunningTransfer("postgresql-curved-12345"),
    expect: "blocked",
    says: /another transfer/u,
    target: "untouched",
    between: async ({ world }) => {
      for (const transfer of world.heroku.state.transfers) world.heroku.cancel(transfer);
      await sleep(100);
      for (const transfer of world.heroku.state.transfers) transfer.finishedAt ??= new Date();
      world.heroku.state.transfers.length = 0;
    },
  },
  heroku(
    "putting the app back is answered 503 twice",
    answers.serverError(503),
    { method: "PATCH", path: /example-app$/u, after: 1, times: 2 },
    {
      expect: "recovered",
    },
  ),
];
