import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { HerokuApi } from "../src/heroku/api.ts";
import {
  findConfigVar,
  listApps,
  listConfigVarNames,
  listConfigVarsHolding,
  readAccount,
  readApp,
  setMaintenance,
} from "../src/heroku/apps.ts";
import { readPublicUrl, restoreCommand } from "../src/heroku/backups.ts";
import { readDatabaseInfo, readWaitStatus, waitUntilReady } from "../src/heroku/database-info.ts";
import { promoteDatabase, resetDatabase } from "../src/heroku/databases.ts";
import { listDynos, listFormation, scaleFormation } from "../src/heroku/formation.ts";
import { type TargetDatabase, resolveDatabase } from "../src/heroku/resolve-database.ts";
import { parseRestoreLog, restoreFailed } from "../src/heroku/restore-log.ts";
import { findRestore, startBackup, startRestore } from "../src/heroku/start-transfer.ts";
import { cancelTransfer, listTransfers, readTransfer } from "../src/heroku/transfers.ts";
import { type TransferProgress, type WaitOptions, waitForTransfer } from "../src/heroku/wait-for-transfer.ts";
import { Secret } from "../src/secret.ts";
import { dumpArchive } from "./local/heroku/archives.ts";
import { withSession, type DatabaseConnection } from "./local/heroku/connection.ts";
import { answers, type FaultAction } from "./local/heroku/faults.ts";
import { type Store, startStore } from "./local/heroku/object-store.ts";
import { type LocalHeroku, startHeroku } from "./local/heroku/server.ts";
import { createTarget } from "./local/heroku/target.ts";
import { clientDirectory } from "./local/postgres/clients.ts";
import { type PostgresServer, startPostgres } from "./local/postgres/servers.ts";

const major = 17;
const token = "HRKU-11112222-3333-4444-5555-666677778888";
const app = "example-app";
const policy = { tries: 4, baseMs: 2, capMs: 10 };
const lookAgainMs = [10, 50];

let server: PostgresServer;
let clients: string;
let connect: () => DatabaseConnection;
let connectOther: () => DatabaseConnection;
let archives: { clean: Buffer; unclean: Buffer };
let store: Store;
let heroku: LocalHeroku;
let api: HerokuApi;

beforeAll(async () => {
  server = await startPostgres({ major });
  clients = await clientDirectory(major);
  connect = await createTarget(server);
  connectOther = await createTarget(server);
  store = await startStore();
  archives = {
    clean: await dumpArchive(server, clients, "create table kept as select generate_series(1, 1000) as n"),
    unclean: await dumpArchive(
      server,
      clients,
      `create table kept (n int);
       create function watch() returns event_trigger language plpgsql as 'begin end';
       create event trigger watcher on ddl_command_end execute function watch();
       create function lowered(text) returns text language internal as 'lower';`,
    ),
  };
});

afterAll(async () => {
  store.close();
  await server[Symbol.asyncDispose]();
});

beforeEach(async () => {
  store.reset();
  store.object = archives.clean;
  heroku = await startHeroku({
    token,
    apps: [
      {
        name: app,
        formation: [
          { type: "web", quantity: 1 },
          { type: "worker", quantity: 2 },
        ],
        oneOffDynos: [{ name: "run.1234", command: "rake" }],
        configVars: { OLD_URL: "postgres://u:pw@db.Provider.example:5432/a", OTHER: "1" },
      },
      { name: "other-app" },
      { name: "secret-app", access: false },
      ...Array.from({ length: 23 }, (_, index) => ({ name: `fill-${index}` })),
    ],
    databases: [
      {
        app,
        addonName: "postgresql-curved-12345",
        plan: "standard-0",
        connect,
        attachments: [
          { name: "HEROKU_POSTGRESQL_PINK" },
          { name: "READER", namespace: "credential:reader" },
          { name: "SHARED", app: "other-app" },
        ],
      },
      {
        app,
        addonName: "postgresql-round-6",
        plan: "essential-0",
        connect: connectOther,
        attachmentName: "HEROKU_POSTGRESQL_AQUA",
      },
    ],
    addons: [{ app, addonName: "redis-flat-1", plan: "heroku-redis:mini", attachmentName: "REDIS" }],
    restoreClientDirectory: clients,
    timings: { pendingMs: 20, refreshMs: 20 },
    pageSize: 10,
  });
  api = apiWith();
});

afterEach(async () => {
  await heroku.close();
});

function apiWith(changes: { apiKey?: string } = {}): HerokuApi {
  const apiKey = new Secret(changes.apiKey ?? token);
  return new HerokuApi({ apiKey, apiUrl: heroku.url, dataUrl: heroku.url }, { policy });
}

async function failureOf(promise: Promise<unknown>): Promise<Error & { code?: string; hint?: string }> {
  try {
    await promise;
  } catch (error) {
    expectNoSecret(error as Error);
    return error as Error;
  }
  throw new Error("nothing failed");
}

function expectNoSecret(error: Error): void {
  const printed = [inspect(error, { depth: 12, showHidden: true }), JSON.stringify(error), error.stack].join("\n");
  for (const secret of [
    token,
    "5ec2e7",
    "X-Amz-Signature=",
    connect().owner.password,
    Buffer.from(`:${token}`).toString("base64"),
  ])
    expect(printed).not.toContain(secret);
}

function fault(action: FaultAction, match: { method?: string; path?: RegExp }, times = 1) {
  return heroku.faults.add({ action, match, times });
}

function target(name = "DATABASE_URL"): Promise<TargetDatabase> {
  return resolveDatabase(api, app, name);
}

const restores = { method: "POST", path: /\/restores$/ };
const backupUrl = (): Secret => new Secret(store.url);

describe("the account and its apps", () => {
  test("token, app, maintenance", async () => {
    expect(await readAccount(api)).toMatchObject({ email: "owner@example.com" });
    expect(await readApp(api, app)).toMatchObject({
      name: app,
      isInMaintenance: false,
      region: "us",
      space: undefined,
    });
    expect(await setMaintenance(api, app, true)).toMatchObject({ isInMaintenance: true });
    expect(heroku.app(app).maintenance).toBe(true);
    const sent = heroku.requests.map((request) => request.scheme);
    expect(new Set(sent)).toEqual(new Set(["Bearer"]));
  });

  test("all pages of a list", async () => {
    expect((await listApps(api)).map(({ name }) => name)).toHaveLength(25);
    expect(heroku.requests.filter((request) => request.path === "/apps").length).toBeGreaterThan(2);
  });

  test("config vars by name; one value as a secret; names of those that hold a text", async () => {
    expect(await listConfigVarNames(api, app)).toContain("OLD_URL");
    expect(await listConfigVarsHolding(api, app, ["db.provider.example", ""])).toEqual(["OLD_URL"]);
    const url = await findConfigVar(api, app, "DATABASE_URL");
    expect(url?.reveal()).toContain(connect().owner.password);
    expect(inspect(url)).not.toContain("postgres");
    expect(await findConfigVar(api, app, "NOBODY")).toBeUndefined();
  });

  test("formation and dynos", async () => {
    const before = await listFormation(api, app);
    expect(Object.fromEntries(before.map(({ type, quantity }) => [type, quantity]))).toEqual({ web: 1, worker: 2 });
    const stopped = await scaleFormation(
      api,
      app,
      before.map(({ type }) => ({ type, quantity: 0 })),
    );
    expect(stopped.map(({ quantity }) => quantity)).toEqual([0, 0]);
    expect((await listDynos(api, app)).map(({ type }) => type)).toContain("run");
    await scaleFormation(api, app, before);
    expect(await listFormation(api, app)).toEqual(before);
  });
});

describe("errors", () => {
  const cases: [string, FaultAction, string, RegExp][] = [
    ["401", answers.unauthorized, "HEROKU_UNAUTHORIZED", /heroku-api-key/],
    ["403 two_factor", answers.twoFactor, "HEROKU_TWO_FACTOR", /authorizations:create/],
    ["403 forbidden", answers.forbidden, "HEROKU_FORBIDDEN", /collaborator/],
    ["403 suspended", answers.suspended, "HEROKU_SUSPENDED", /dashboard/],
    ["402", answers.delinquent, "HEROKU_DELINQUENT", /balance/],
    ["422", answers.invalidParams, "HEROKU_INVALID", /message/],
    ["429", answers.rateLimited(0), "GAVE_UP", /API calls/],
    ["503", answers.serverError(503), "GAVE_UP", /status\.heroku\.com/],
    ["an HTML page with 502", answers.html(502), "GAVE_UP", /status\.heroku\.com/],
    ["an HTML page with 200", answers.html(200), "GAVE_UP", /status\.heroku\.com/],
    ["a dropped connection", { kind: "dropBefore" }, "GAVE_UP", /HTTPS/],
    ["an answer that breaks off", { kind: "cutAnswer" }, "GAVE_UP", /status\.heroku\.com/],
  ];
  test.each(cases)("%s for ever", async (_name, action, code, hint) => {
    const armed = fault(action, { path: /^\/account$/ }, Infinity);
    const error = await failureOf(readAccount(api));
    expect(error).toMatchObject({ name: "MigrationError", code });
    expect(error.hint).toMatch(hint);
    expect(error.message).toContain("check the Heroku token");
    expect(armed.hits).toBe(code === "GAVE_UP" ? policy.tries : 1);
  });

  test.each([
    ["a burst of 503", answers.serverError(503)],
    ["a burst of HTML", answers.html()],
    ["dropped connections", { kind: "dropBefore" } as const],
    ["answers that break off", { kind: "cutAnswer" } as const],
  ])("%s is overcome", async (_name, action) => {
    fault(action, { path: /^\/account$/ }, 3);
    expect(await readAccount(api)).toMatchObject({ email: "owner@example.com" });
  });

  test("Retry-After is honoured", async () => {
    fault(answers.rateLimited(1), { path: /^\/account$/ });
    const startedAt = performance.now();
    await readAccount(api);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(995);
  });

  test("a call that hangs ends with its timeout, and is not sent behind it", async () => {
    const armed = fault({ kind: "hang" }, { path: /^\/slow$/ }, Infinity);
    const request = { method: "POST", path: "/slow", what: "wait", timeoutMs: 100 } as const;
    expect(await failureOf(api.request("platform", request))).toMatchObject({ code: "HEROKU_UNREACHABLE" });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(armed.hits).toBe(1);
  });

  test("a call ends at once with the signal's reason", async () => {
    fault({ kind: "hang" }, { path: /^\/account$/ });
    const interruption = new AbortController();
    const reason = new Error("stop");
    setTimeout(() => interruption.abort(reason), 50);
    expect(await readAccount(api, { signal: interruption.signal }).catch((error: unknown) => error)).toBe(reason);
  });

  test("a wrong token, an unknown app and a forbidden app have their own words", async () => {
    expect(await failureOf(readAccount(apiWith({ apiKey: "HRKU-wrong-wrong-wrong" })))).toMatchObject({
      code: "HEROKU_UNAUTHORIZED",
    });
    expect(await failureOf(readApp(api, "nobodys-app"))).toMatchObject({ code: "HEROKU_APP_NOT_FOUND" });
    expect(await failureOf(readApp(api, "secret-app"))).toMatchObject({ code: "HEROKU_FORBIDDEN" });
  });

  test("bodies that hold secrets are not quoted", async () => {
    const message = `bad url ${store.url} and postgres://u:${connect().owner.password}@h/d with token ${token}`;
    fault({ kind: "answer", answer: { status: 422, body: { id: "invalid_params", message } } }, restores);
    const error = await failureOf(startRestore(api, await target(), backupUrl()));
    expect(error.message).toContain("bad url http://127.0.0.1");
    expect(error.message).toContain("postgres://***@h/d");
  });
});

describe("finding the database", () => {
  test.each([
    ["DATABASE_URL", "postgresql-curved-12345"],
    ["DATABASE", "postgresql-curved-12345"],
    ["HEROKU_POSTGRESQL_PINK_URL", "postgresql-curved-12345"],
    ["postgresql-curved-12345", "postgresql-curved-12345"],
    ["HEROKU_POSTGRESQL_AQUA", "postgresql-round-6"],
    ["postgresql-round-6", "postgresql-round-6"],
  ])("%s", async (name, addonName) => {
    const found = await target(name);
    expect(found).toMatchObject({ addonName, app: { name: app }, billingApp: { name: app } });
  });

  test("prefers the database's own credential, and the name that was asked for", async () => {
    expect(await target("postgresql-curved-12345")).toMatchObject({
      attachmentName: "DATABASE",
      configVar: "DATABASE_URL",
    });
    expect(await target("HEROKU_POSTGRESQL_PINK")).toMatchObject({ attachmentName: "HEROKU_POSTGRESQL_PINK" });
  });

  test("of another app, billed by ours", async () => {
    expect(await target("other-app::SHARED")).toMatchObject({ app: { name: "other-app" }, billingApp: { name: app } });
  });

  test("names the app's databases where there is none by that name", async () => {
    const error = await failureOf(target("HEROKU_POSTGRESQL_GREEN"));
    expect(error).toMatchObject({ code: "HEROKU_DATABASE_NOT_FOUND" });
    expect(error.hint).toContain("DATABASE (postgresql-curved-12345)");
    expect(error.hint).not.toContain("redis");
  });

  test("says what it is, where it is no database", async () => {
    const error = await failureOf(target("REDIS"));
    expect(error.message).toContain("REDIS of the app example-app is heroku-redis:mini");
  });

  test("refuses to choose between two databases", async () => {
    const [first, second] = ["DATABASE", "HEROKU_POSTGRESQL_AQUA"].map((name) =>
      heroku.state.attachments.find((one) => one.name === name),
    );
    const body = [first, second].map((one) => ({
      id: one?.id,
      name: one?.name,
      app: { id: one?.app.id, name: one?.app.name },
      addon: {
        id: one?.addon.id,
        name: one?.addon.name,
        app: { id: one?.app.id, name: one?.app.name },
        plan: { name: one?.addon.plan },
      },
      config_vars: [],
    }));
    fault({ kind: "answer", answer: { status: 200, body } }, { path: /resolve$/ });
    const error = await failureOf(target("postgresql"));
    expect(error).toMatchObject({ code: "HEROKU_DATABASE_AMBIGUOUS" });
    expect(error.message).toContain("postgresql-curved-12345, postgresql-round-6");
  });

  test("says so where the app is missing", async () => {
    expect(await failureOf(resolveDatabase(api, "nobodys-app", "DATABASE_URL"))).toMatchObject({
      code: "HEROKU_APP_NOT_FOUND",
    });
  });
});

describe("the database's state", () => {
  test("of a standard plan and of an essential one", async () => {
    const standard = await readDatabaseInfo(api, await target());
    expect(standard).toMatchObject({
      isAvailable: true,
      isFollower: false,
      hasRollback: true,
      majorVersion: major,
      connectionLimit: 120,
    });
    const essential = await readDatabaseInfo(api, await target("HEROKU_POSTGRESQL_AQUA"));
    expect(essential).toMatchObject({
      hasRollback: false,
      tableLimit: 4000,
      dataLimitBytes: 1024 ** 3,
      connectionLimit: 20,
    });
    expect(JSON.stringify([standard, essential])).not.toContain("postgres://");
  });

  test("of one that is busy, and of one that is not provisioned", async () => {
    heroku.database("postgresql-curved-12345").status = "Upgrading";
    const database = await target();
    expect(await readDatabaseInfo(api, database)).toMatchObject({ isAvailable: false, status: "Upgrading" });
    expect(await readWaitStatus(api, database)).toEqual({ isWaiting: true, message: "upgrading" });
    setTimeout(() => (heroku.database("postgresql-curved-12345").status = "Available"), 100);
    await waitUntilReady(api, database, { timeoutMs: 5_000, pollMs: 20 });
    heroku.database("postgresql-curved-12345").isProvisioned = false;
    expect(await failureOf(readDatabaseInfo(api, database))).toMatchObject({ code: "HEROKU_NOT_PROVISIONED" });
  });

  test("of a follower", async () => {
    heroku.database("postgresql-curved-12345").following = "postgres://u:p@leader/d";
    expect(await readDatabaseInfo(api, await target())).toMatchObject({ isFollower: true });
  });
});

const quick: WaitOptions = { pollMs: { first: 20, most: 40 } };

describe("a restore", () => {
  async function restore(options: WaitOptions = {}, extensions: string[] = []) {
    const database = await target();
    const { transfer } = await startRestore(api, database, backupUrl(), extensions, { lookAgainMs });
    return await waitForTransfer(api, database, transfer.uuid, {
      ...quick,
      archiveBytes: store.object.length,
      ...options,
    });
  }

  test("is started, followed and read", async () => {
    const seen: TransferProgress[] = [];
    const { transfer, log } = await restore({ onProgress: (progress) => seen.push(progress) });
    expect(transfer).toMatchObject({ state: "succeeded", warnings: 0, name: "r001" });
    expect(seen.at(-1)).toMatchObject({ phase: "done", percent: 100 });
    expect(log.some((line) => line.message.includes('processing data for table "public.kept"'))).toBe(true);
    expect(parseRestoreLog(log)).toEqual({ problems: [], ignoredErrors: undefined, failure: undefined });
    expect(await countRows()).toBe(1000);
    expect(JSON.stringify(transfer)).not.toMatch(/url|http/iu);
  });

  test("with skipped errors shows each", async () => {
    store.object = archives.unclean;
    const { transfer, log } = await restore();
    const outcome = parseRestoreLog(log);
    expect(transfer.state).toBe("succeeded");
    expect(outcome.ignoredErrors).toBe(2);
    expect(outcome.problems).toEqual([
      {
        message: "permission denied for language internal",
        entry: expect.stringContaining("FUNCTION lowered(text)"),
        command: expect.stringMatching(/^CREATE FUNCTION public\.lowered/u),
        harmless: false,
      },
      {
        message: 'permission denied to create event trigger "watcher"',
        entry: expect.stringContaining("EVENT TRIGGER watcher"),
        command: expect.stringMatching(/^CREATE EVENT TRIGGER watcher/u),
        harmless: false,
      },
    ]);
    expect(transfer.warnings).toBe(outcome.ignoredErrors);
  });

  test.each<[string, () => void, string]>([
    ["whose URL has expired", () => (store.expiresAfter = 0), "RESTORE_URL_REFUSED"],
    [
      "of what is no archive",
      () => (store.object = Buffer.from("-- plain SQL\n".repeat(1000))),
      "RESTORE_NOT_AN_ARCHIVE",
    ],
    [
      "of a truncated archive",
      () => (store.object = archives.clean.subarray(0, archives.clean.length - 900)),
      "RESTORE_TRUNCATED",
    ],
    ["of an archive from the future", () => (store.object = newerVersion(archives.clean)), "RESTORE_ARCHIVE_TOO_NEW"],
  ])("%s fails with the reason", async (_name, spoil, code) => {
    spoil();
    const { transfer, log } = await restore();
    expect(transfer.state).toBe("failed");
    expect(restoreFailed(transfer.name, parseRestoreLog(log))).toMatchObject({ code });
  });

  test.each<[string, FaultAction, boolean, number]>([
    ["dropped after it was accepted", { kind: "dropAfter" }, true, 1],
    ["with an answer that breaks off", { kind: "cutAnswer" }, true, 1],
    ["refused for the moment", answers.rateLimited(0), false, 2],
  ])("%s begins exactly once", async (_name, action, adopted, posts) => {
    fault(action, restores);
    const database = await target();
    const sent: number[] = [];
    const started = await startRestore(api, database, backupUrl(), [], {
      lookAgainMs,
      onSending: (number) => void sent.push(number),
    });
    expect(started.adopted).toBe(adopted);
    expect(sent).toEqual([0]);
    expect(heroku.requests.filter(({ method, path }) => method === "POST" && restores.path.test(path))).toHaveLength(
      posts,
    );
    const { transfer } = await waitForTransfer(api, database, started.transfer.uuid, quick);
    expect(transfer.state).toBe("succeeded");
    expect(heroku.state.transfers).toHaveLength(1);
  });

  test.each<[string, FaultAction]>([
    ["a web page", answers.html(503)],
    ["a 500", answers.serverError(500)],
  ])("answered with %s is not sent again: it may have begun behind the router", async (_name, action) => {
    const armed = fault(action, restores, Infinity);
    const error = await failureOf(startRestore(api, await target(), backupUrl(), [], { lookAgainMs }));
    expect(error).toMatchObject({ code: "RESTORE_UNCERTAIN", hint: expect.stringContaining("heroku pg:backups") });
    expect(armed.hits).toBe(1);
  });

  test("dropped before it was accepted is not sent again, and says that nobody knows", async () => {
    const armed = fault({ kind: "dropBefore" }, restores, Infinity);
    const error = await failureOf(startRestore(api, await target(), backupUrl(), [], { lookAgainMs }));
    expect(error).toMatchObject({ code: "RESTORE_UNCERTAIN", hint: expect.stringContaining("heroku pg:backups") });
    expect(armed.hits).toBe(1);
  });

  test("is uncertain too where the list cannot be had", async () => {
    const database = await target();
    heroku.faults.add({
      action: answers.serverError(),
      match: { method: "GET", path: /\/transfers$/ },
      times: Infinity,
      after: 1,
    });
    fault({ kind: "dropAfter" }, restores);
    expect(await failureOf(startRestore(api, database, backupUrl(), [], { lookAgainMs }))).toMatchObject({
      code: "RESTORE_UNCERTAIN",
    });
  });

  test("of somebody else is not taken for ours", async () => {
    const database = await target();
    fault({ kind: "dropBefore" }, restores);
    const running = startRestore(api, database, backupUrl(), [], { lookAgainMs: [200] });
    setTimeout(() => heroku.addRunningTransfer("postgresql-curved-12345"), 50);
    expect(await failureOf(running)).toMatchObject({ code: "RESTORE_UNCERTAIN" });
  });

  test("that an interrupted run has begun is found again", async () => {
    const database = await target();
    heroku.addRunningTransfer("postgresql-curved-12345");
    const { transfer } = await startRestore(api, database, backupUrl());
    const signedAnew = new Secret(store.url.replace("5ec2e7", "0ther5"));
    expect(await findRestore(api, database, 1, signedAnew)).toMatchObject({ uuid: transfer.uuid });
    expect(await findRestore(api, database, 2, signedAnew)).toBeUndefined();
    const listed = await listTransfers(api, database);
    expect(listed).toHaveLength(2);
    expect(JSON.stringify(listed)).not.toContain("5ec2e7");
  });

  test("that nobody begins is given up", async () => {
    heroku.faults.restore = { neverStarts: true };
    const error = await failureOf(restore({ pendingMs: 150 }));
    expect(error).toMatchObject({
      code: "TRANSFER_PENDING",
      hint: expect.stringContaining("heroku pg:backups:cancel r001 --app example-app"),
    });
  });

  test("that shows no life is given up", async () => {
    heroku.faults.restore = { stuckAfterBytes: 100 };
    expect(await failureOf(restore({ stallMs: 400 }))).toMatchObject({ code: "TRANSFER_STALLED" });
  });

  test("that takes too long is left running", async () => {
    heroku.faults.restore = { bytesPerSecond: 100 };
    expect(await failureOf(restore({ deadline: Date.now() + 300 }))).toMatchObject({ code: "TRANSFER_DEADLINE" });
    expect(heroku.state.transfers[0]?.canceledAt).toBeNull();
  });

  test("that somebody cancels is an error of its own", async () => {
    heroku.faults.restore = { canceledAfterBytes: 200 };
    expect(await failureOf(restore())).toMatchObject({ code: "TRANSFER_CANCELED" });
  });

  test("is canceled on demand; one that has ended is not", async () => {
    heroku.faults.restore = { bytesPerSecond: 100 };
    const database = await target();
    const { transfer } = await startRestore(api, database, backupUrl());
    expect(await cancelTransfer(api, database, transfer.uuid)).toBe(true);
    await heroku.idle();
    expect(await cancelTransfer(api, database, transfer.number)).toBe(false);
    expect((await readTransfer(api, database, transfer.number)).transfer.state).toBe("canceled");
  });

  test.each<[string, FaultAction, number]>([
    ["500", answers.serverError(500), 20],
    ["web pages", answers.html(), 20],
    ["429", answers.rateLimited(0), 20],
    ["dropped connections", { kind: "dropBefore" }, 20],
    ["404", answers.notFound, 4],
  ])("survives %s while it is looked at", async (_name, action, times) => {
    fault(action, { method: "GET", path: /\/transfers\/[^/]+$/ }, times);
    expect((await restore()).transfer.state).toBe("succeeded");
  });

  test("that cannot be looked at any more may still run, and says how to look", async () => {
    fault(answers.notFound, { method: "GET", path: /\/transfers\/[^/]+$/ }, Infinity);
    const error = await failureOf(restore());
    expect(error).toMatchObject({
      code: "TRANSFER_UNOBSERVED",
      hint: expect.stringContaining("heroku pg:backups:info"),
    });
  });

  test("an interruption leaves it running", async () => {
    heroku.faults.restore = { bytesPerSecond: 100 };
    const interruption = new AbortController();
    const reason = new Error("stop");
    setTimeout(() => interruption.abort(reason), 200);
    expect(await restore({ signal: interruption.signal }).catch((error: unknown) => error)).toBe(reason);
    expect(heroku.state.transfers[0]).toMatchObject({ canceledAt: null, finishedAt: null });
  });

  async function countRows(): Promise<number> {
    return await withSession(connect(), connect().superuser, async (client) => {
      const { rows } = await client.query<{ count: number }>("select count(*)::integer as count from kept");
      return rows[0]?.count ?? 0;
    });
  }
});

/** The header's minor version, one further than any pg_restore knows. */
function newerVersion(archive: Buffer): Buffer {
  const copy = Buffer.from(archive);
  copy[6] = 99;
  return copy;
}

describe("the rest", () => {
  test("a safety backup, its URL and the command that brings it back", async () => {
    const database = await target();
    fault({ kind: "dropAfter" }, { method: "POST", path: /\/backups$/ });
    const { transfer, adopted } = await startBackup(api, database, { lookAgainMs });
    expect(adopted).toBe(true);
    const ended = await waitForTransfer(api, database, transfer.uuid, quick);
    expect(ended.transfer).toMatchObject({ state: "succeeded", name: "b001" });
    const { url, expiresAt } = await readPublicUrl(api, database, ended.transfer.number);
    expect((await fetch(url.reveal())).status).toBe(200);
    expect(expiresAt?.getTime()).toBeGreaterThan(Date.now());
    expect(restoreCommand(database, ended.transfer.name)).toBe(
      "heroku pg:backups:restore b001 DATABASE --app example-app --confirm example-app",
    );
  });

  test("reset", async () => {
    await withSession(connect(), connect().owner, (client) => client.query("create table if not exists gone (n int)"));
    await resetDatabase(api, await target());
    const found = await withSession(connect(), connect().superuser, (client) =>
      client.query("select to_regclass('public.gone') as gone"),
    );
    expect(found.rows[0]).toEqual({ gone: null });
  });

  test("promote gives the old database a name where it would keep only a weaker credential's", async () => {
    heroku.state.attachments = heroku.state.attachments.filter(({ name }) => name !== "HEROKU_POSTGRESQL_PINK");
    fault({ kind: "dropAfter" }, { method: "POST", path: /^\/addon-attachments$/ });
    const { oldName } = await promoteDatabase(api, await target("HEROKU_POSTGRESQL_AQUA"));
    expect(oldName).toMatch(/^HEROKU_POSTGRESQL_[A-Z]+$/u);
    expect(await target(oldName)).toMatchObject({ addonName: "postgresql-curved-12345" });
    expect(heroku.state.attachments.filter(({ addon }) => addon.name === "postgresql-curved-12345")).toHaveLength(3);
  });

  test("promote keeps a name for the old database, and does nothing twice", async () => {
    fault({ kind: "dropAfter" }, { method: "POST", path: /^\/addon-attachments$/ });
    const aqua = await target("HEROKU_POSTGRESQL_AQUA");
    expect(await promoteDatabase(api, aqua)).toEqual({ changed: true, oldName: "HEROKU_POSTGRESQL_PINK" });
    expect(await target()).toMatchObject({ addonName: "postgresql-round-6" });
    expect(await promoteDatabase(api, aqua)).toEqual({ changed: false, oldName: undefined });
    expect(await target("HEROKU_POSTGRESQL_PINK")).toMatchObject({ addonName: "postgresql-curved-12345" });
  });
});
