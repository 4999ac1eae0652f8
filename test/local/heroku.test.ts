import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Bucket } from "./bucket/bucket.ts";
import { BUCKET, createClient, startTestBucket } from "./bucket/fixture.ts";
import { dumpArchive } from "./heroku/archives.ts";
import { withSession, type DatabaseConnection } from "./heroku/connection.ts";
import { answers } from "./heroku/faults.ts";
import { startStore, type Store } from "./heroku/object-store.ts";
import { startHeroku, type LocalHeroku } from "./heroku/server.ts";
import { createTarget } from "./heroku/target.ts";
import { judge, readRestoreLine, type RestoreLog } from "./heroku/verdict.ts";
import { clientDirectory } from "./postgres/clients.ts";
import { startPostgres, type PostgresServer } from "./postgres/servers.ts";

type HerokuClient = { get(path: string): Promise<unknown> };
const Heroku = createRequire(import.meta.url)("heroku-client") as new (options: {
  token: string;
  host: string;
}) => HerokuClient;

const token = "HRKU-0123456789";

let server: PostgresServer;
let heroku: LocalHeroku;
let store: Store;
let clients: string;
let connect: () => DatabaseConnection;

beforeAll(async () => {
  server = await startPostgres({ major: 15, extensions: {} });
  clients = await clientDirectory(15);
  store = await startStore();
  connect = await createTarget(server);
  const essential = await createTarget(server);
  heroku = await startHeroku({
    token,
    account: { email: "owner@example.com" },
    apps: [
      {
        name: "example-app",
        formation: [
          { type: "web", quantity: 2 },
          { type: "worker", quantity: 1, size: "Standard-2X" },
        ],
        configVars: { SECRET_KEY: "from the user" },
        oneOffDynos: [{ name: "run.4242", command: "rake jobs" }],
      },
      { name: "other-app" },
      { name: "somebody-elses", access: false },
      { name: "third-app" },
    ],
    databases: [
      {
        app: "example-app",
        addonName: "postgresql-curved-12345",
        plan: "standard-0",
        attachments: [
          { name: "HEROKU_POSTGRESQL_PINK" },
          { name: "READER", namespace: "credential:reader" },
          { name: "SHARED", app: "other-app" },
        ],
        connect,
        hasOwnExtensionFiles: true,
      },
      {
        app: "example-app",
        addonName: "postgresql-round-6",
        plan: "essential-0",
        attachmentName: "ESSENTIAL",
        connect: essential,
        info: { Warning: ["a line of the test's own"], "Fork/Follow": null },
      },
    ],
    addons: [{ app: "example-app", addonName: "redis-solid-1", plan: "heroku-redis:mini", attachmentName: "REDIS" }],
    restoreClientDirectory: clients,
    timings: { pendingMs: 50, refreshMs: 100 },
    pageSize: 2,
  });
});
afterAll(async () => {
  await heroku?.close();
  store?.close();
  await server?.stop();
});
beforeEach(async () => {
  await heroku.idle();
  heroku.faults.clear();
  heroku.state.transfers.length = 0;
  store.reset();
});

type WireTransfer = {
  uuid: string;
  num: number;
  to_url: string;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  canceled_at: string | null;
  processed_bytes: number;
  succeeded: boolean | null;
  warnings: number;
  logs: { created_at: string; level: string; message: string }[];
};

/** What the tests read out of answers by name; everything else they compare whole. */
type Wire = WireTransfer & {
  id: string;
  email: string;
  name: string;
  url: string;
  namespace: string | null;
  maintenance: boolean;
  app: { name: string };
  addon: { name: string; app: { name: string }; plan: { name: string } };
  config_vars: string[];
  plan: unknown;
  num_bytes: number;
  database_user: string;
  info: { name: string; values: string[] }[];
  "waiting?": boolean;
  DATABASE_URL: string;
  HEROKU_POSTGRESQL_PINK_URL: string;
  NEW: string;
};

type Reply = { status: number; body: Wire & Wire[]; headers: Headers; text: string };

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const response = await fetch(heroku.url + path, {
    method,
    headers: {
      accept: "application/vnd.heroku+json; version=3",
      authorization: `Bearer ${token}`,
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type") === "application/json";
  const parsed: unknown = isJson ? JSON.parse(text) : undefined;
  return { status: response.status, headers: response.headers, text, body: parsed as Reply["body"] };
}

function databaseId(name = "postgresql-curved-12345"): string {
  return heroku.database(name).addon.id;
}

function transferPath(uuid: string, app = "example-app"): string {
  return `/client/v11/apps/${app}/transfers/${uuid}`;
}

async function startRestore(url: string, more: Record<string, unknown> = {}): Promise<WireTransfer> {
  const { body, status } = await call("POST", `/client/v11/databases/${databaseId()}/restores`, {
    backup_url: url,
    ...more,
  });
  expect(status).toBe(201);
  return body;
}

async function waitUntil<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(20)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error("waited for 30 s in vain");
}

async function waitForEnd(uuid: string): Promise<WireTransfer> {
  return waitUntil(async () => {
    const { body } = await call("GET", `${transferPath(uuid)}?verbose=true`);
    return body.finished_at === null ? undefined : body;
  });
}

async function waitForBytes(uuid: string, bytes: number): Promise<WireTransfer> {
  return waitUntil(async () => {
    const { body } = await call("GET", transferPath(uuid));
    return body.processed_bytes >= bytes ? body : undefined;
  });
}

function messages(transfer: WireTransfer): string[] {
  return transfer.logs.map(({ message }) => message);
}

async function query<Row>(sql: string, connection = connect()): Promise<Row[]> {
  return withSession(connection, connection.superuser, async (client) => {
    const { rows } = await client.query(sql);
    return rows as Row[];
  });
}

async function asOwner(sql: string): Promise<void> {
  await withSession(connect(), connect().owner, (client) => client.query(sql));
}

async function dump(sql: string, args: string[] = []): Promise<Buffer> {
  return dumpArchive(server, clients, sql, args);
}

describe("the doors", () => {
  test("a wrong token is refused, Bearer and Basic are taken", async () => {
    const wrong = await call("GET", "/account", undefined, { authorization: "Bearer nonsense" });
    expect(wrong).toMatchObject({ status: 401, body: { id: "unauthorized" } });
    expect((await call("GET", "/account")).body.email).toBe("owner@example.com");
    const authorization = `Basic ${Buffer.from(`:${token}`).toString("base64")}`;
    expect((await call("GET", "/account", undefined, { authorization })).status).toBe(200);
    expect((await call("GET", "/account", undefined, { authorization: "" })).status).toBe(401);
    expect((await call("GET", `/client/v11/databases/${databaseId()}`, undefined, { authorization: "x" })).status).toBe(
      401,
    );
  });

  test("each answer carries a request id and what is left of the rate limit", async () => {
    const first = await call("GET", "/account");
    const second = await call("GET", "/nowhere");
    expect(second).toMatchObject({ status: 404, body: { id: "not_found" } });
    expect(first.headers.get("request-id")).not.toBe(second.headers.get("request-id"));
    const left = (reply: Reply): number => Number(reply.headers.get("ratelimit-remaining"));
    expect(left(first)).toBeLessThan(4500);
    expect(left(second)).toBe(left(first) - 1);
  });

  test("the Platform API wants its version, and JSON must be JSON", async () => {
    expect((await call("GET", "/account", undefined, { accept: "application/json" })).status).toBe(404);
    const response = await fetch(`${heroku.url}/apps/example-app`, {
      method: "PATCH",
      body: "{oops",
      headers: { accept: "application/vnd.heroku+json; version=3", authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(400);
  });

  test("requests are recorded without their secrets", async () => {
    const before = heroku.requests.length;
    await call("PATCH", "/apps/example-app/config-vars", { PROBE: "hush-hush", GONE: null });
    await call("POST", `/client/v11/databases/${databaseId()}/restores`, { backup_url: 7, url: store.url });
    const recorded = heroku.requests.slice(before);
    expect(recorded).toMatchObject([
      { method: "PATCH", api: "platform", status: 200, scheme: "Bearer", body: { PROBE: "[removed]", GONE: null } },
      { method: "POST", api: "data", status: 422, body: { url: expect.stringContaining("archive.dump?[removed]") } },
    ]);
    for (const secret of [token, "hush-hush", "5ec2e7"]) expect(JSON.stringify(recorded)).not.toContain(secret);
  });
});

describe("apps", () => {
  test("are listed in pages that heroku-client puts together", async () => {
    const { status, body, headers } = await call("GET", "/apps", undefined, { range: "name ..; max=1000" });
    expect(status).toBe(206);
    expect(body.map(({ name }) => name)).toEqual(["example-app", "other-app"]);
    const rest = await call("GET", "/apps", undefined, { range: headers.get("next-range")! });
    expect(rest.status).toBe(200);
    expect(rest.body.map(({ name }) => name)).toEqual(["third-app"]);
    const client = new Heroku({ token, host: heroku.url });
    const all = (await client.get("/apps")) as { name: string }[];
    expect(all.map(({ name }) => name).toSorted()).toEqual(["example-app", "other-app", "third-app"]);
  });

  test("can be missing or out of bounds", async () => {
    expect(await call("GET", "/apps/nobodys")).toMatchObject({ status: 404, body: { id: "not_found" } });
    expect(await call("GET", "/apps/somebody-elses")).toMatchObject({ status: 403, body: { id: "forbidden" } });
  });

  test("go into maintenance and come back", async () => {
    const app = heroku.app("example-app");
    expect((await call("PATCH", `/apps/${app.id}`, { maintenance: true })).body.maintenance).toBe(true);
    expect((await call("GET", "/apps/example-app")).body).toMatchObject({ id: app.id, maintenance: true, space: null });
    expect((await call("PATCH", "/apps/example-app", { maintenance: "yes" })).status).toBe(422);
    expect((await call("PATCH", "/apps/example-app", { maintenance: false })).body.maintenance).toBe(false);
    expect(app.maintenance).toBe(false);
  });

  test("have config vars of their own and of their attachments", async () => {
    const { body } = await call("PATCH", "/apps/example-app/config-vars", { NEW: "value", PROBE: null });
    expect(body).toMatchObject({ NEW: "value", SECRET_KEY: "from the user" });
    expect(body).not.toHaveProperty("PROBE");
    expect(new URL(body.DATABASE_URL).pathname).toBe(`/${connect().database}`);
    expect(body.HEROKU_POSTGRESQL_PINK_URL).toBe(body.DATABASE_URL);
    const refused = await call("PATCH", "/apps/example-app/config-vars", { DATABASE_URL: "x", NEW: "changed" });
    expect(refused).toMatchObject({ status: 422, body: { id: "invalid_params" } });
    expect((await call("GET", "/apps/example-app/config-vars")).body.NEW).toBe("value");
    await call("PATCH", "/apps/example-app/config-vars", { NEW: null });
  });

  test("scale by number and by the text of the command line, and dynos follow", async () => {
    const updates = [
      { type: "web", quantity: "0" },
      { type: "worker", quantity: "+1" },
    ];
    const { body } = await call("PATCH", "/apps/example-app/formation", { updates });
    expect(body).toMatchObject([
      { type: "web", quantity: 0 },
      { type: "worker", quantity: 2, size: "Standard-2X" },
    ]);
    const dynos = await call("GET", "/apps/example-app/dynos", undefined, { range: "name ..;" });
    const next = await call("GET", "/apps/example-app/dynos", undefined, { range: dynos.headers.get("next-range")! });
    const names = [...dynos.body, ...next.body].map(({ name }) => name);
    expect(names).toEqual(["run.4242", "worker.1", "worker.2"]);
    const bad = [
      { type: "web", quantity: 3 },
      { type: "clock", quantity: 1 },
    ];
    expect((await call("PATCH", "/apps/example-app/formation", { updates: bad })).status).toBe(404);
    expect(heroku.app("example-app").formation[0]!.quantity).toBe(0);
    await call("PATCH", "/apps/example-app/formation", {
      updates: [
        { type: "web", quantity: 2 },
        { type: "worker", quantity: 1 },
      ],
    });
  });

  test("keep dynos that were scaled away in the list while they stop", async () => {
    heroku.state.timings.dynoStopMs = 150;
    const scale = (quantity: number) =>
      call("PATCH", "/apps/example-app/formation", { updates: [{ type: "worker", quantity }] });
    const names = async (): Promise<string[]> => {
      const client = new Heroku({ token, host: heroku.url });
      return ((await client.get("/apps/example-app/dynos")) as { name: string }[]).map(({ name }) => name);
    };
    await scale(0);
    expect(await names()).toContain("worker.1");
    await sleep(200);
    expect(await names()).not.toContain("worker.1");
    heroku.state.timings.dynoStopMs = 0;
    await scale(1);
  });
});

describe("attachments", () => {
  const resolve = (name: string, app: string | undefined = "example-app", more = {}) =>
    call("POST", "/actions/addon-attachments/resolve", { addon_attachment: name, app, ...more });

  test.each(["DATABASE", "DATABASE_URL", "HEROKU_POSTGRESQL_PINK", "HEROKU_POSTGRESQL_PINK_URL"])(
    "%s resolves to an array of one",
    async (name) => {
      const { body, status } = await resolve(name);
      expect(status).toBe(200);
      expect(body).toMatchObject([
        {
          name: name.replace("_URL", ""),
          namespace: null,
          app: { name: "example-app" },
          addon: { id: databaseId(), app: { name: "example-app" }, plan: { name: "heroku-postgresql:standard-0" } },
          config_vars: [`${name.replace("_URL", "")}_URL`],
        },
      ]);
    },
  );

  test("an add-on resolves to all of its attachments, by name and by id", async () => {
    const names = ({ body }: Reply): string[] => body.map(({ name }) => name);
    expect(names(await resolve("postgresql-curved-12345"))).toEqual(["DATABASE", "HEROKU_POSTGRESQL_PINK", "READER"]);
    expect(names(await resolve(databaseId()))).toEqual(["DATABASE", "HEROKU_POSTGRESQL_PINK", "READER"]);
    expect((await resolve("READER")).body[0]!.namespace).toBe("credential:reader");
    expect(names(await resolve("postgresql-curved-12345", "other-app"))).toEqual(["SHARED"]);
  });

  test("another service is found too, unless it is filtered out", async () => {
    expect((await resolve("REDIS")).body[0]!.addon.plan.name).toBe("heroku-redis:mini");
    expect((await resolve("REDIS", "example-app", { addon_service: "heroku-postgresql" })).status).toBe(404);
  });

  test("a shared database shows who bills it", async () => {
    const shared = (await resolve("SHARED", "other-app")).body[0]!;
    expect([shared.app.name, shared.addon.app.name]).toEqual(["other-app", "example-app"]);
  });

  test("an unknown name is not found, with what was looked for", async () => {
    expect(await resolve("NONESUCH")).toMatchObject({
      status: 404,
      body: { id: "not_found", message: "Couldn't find that add on attachment.", resource: "add_on attachment" },
    });
  });

  test("the add-on by name and by id", async () => {
    const byName = await call("GET", "/addons/postgresql-curved-12345");
    expect(byName.body).toMatchObject({
      id: databaseId(),
      state: "provisioned",
      plan: { name: "heroku-postgresql:standard-0" },
    });
    expect(byName.body.config_vars).toContain("DATABASE_URL");
    expect((await call("GET", `/addons/${databaseId()}`)).body.name).toBe("postgresql-curved-12345");
  });

  test("promotion needs the app's name, and another name for the old database", async () => {
    const wanted = { addon: { name: "postgresql-round-6" }, app: { name: "example-app" }, name: "DATABASE" };
    expect(await call("POST", "/addon-attachments", wanted)).toMatchObject({
      status: 423,
      body: { id: "confirmation_required" },
    });
    const promoted = await call("POST", "/addon-attachments", { ...wanted, confirm: "example-app" });
    expect(promoted.status).toBe(201);
    expect((await resolve("DATABASE")).body[0]!.addon.name).toBe("postgresql-round-6");
    const back = { addon: "postgresql-curved-12345", app: "example-app", name: "DATABASE", confirm: "example-app" };
    expect((await call("POST", "/addon-attachments", back)).status).toBe(201);
    const colored = await call("POST", "/addon-attachments", { addon: "postgresql-round-6", app: "example-app" });
    expect(colored.body.name).toBe("HEROKU_POSTGRESQL_AQUA");
  });
});

describe("database info", () => {
  test("of a standard plan is measured on the server and worded for people", async () => {
    await call("PUT", `/client/v11/databases/${databaseId()}/reset`, {});
    await query("create table counted as select generate_series(1, 50000) as n");
    const { body } = await call("GET", `/client/v11/databases/${databaseId()}`);
    const [size] = await query<{ bytes: string }>("select pg_database_size(current_database()) as bytes");
    expect(Math.abs(body.num_bytes - Number(size!.bytes))).toBeLessThan(100_000);
    expect(body).toMatchObject({ addon_id: databaseId(), num_tables: 1, following: null, "waiting?": false });
    expect(body.database_user).toBe(connect().owner.user);
    const info = Object.fromEntries(body.info.map((line) => [line.name, line.values]));
    expect(info["Data Size"]).toEqual([expect.stringMatching(/^\d+(\.\d+)? MB \/ 64 GB \(0\.0\d%\)$/)]);
    expect(info["PG Version"]).toEqual([expect.stringMatching(/^15\.\d+$/)]);
    expect(info).toMatchObject({ Plan: ["Standard 0"], Status: ["Available"], Tables: ["1"], Followers: [] });
    expect(info["Rollback"]![0]).toMatch(/^earliest from /);
  });

  test("of an essential plan is a smaller set, with limits and the test's changes", async () => {
    const { body } = await call("GET", `/client/v11/databases/${databaseId("postgresql-round-6")}`);
    expect(body).not.toHaveProperty("num_tables");
    expect(body.plan).toBe("essential-0");
    const info = Object.fromEntries(body.info.map((line) => [line.name, line.values[0]]));
    expect(info["Data Size"]).toMatch(/^\d+(\.\d+)? MB \/ 1 GB \(\d\.\d\d%\) \(In compliance\)$/);
    expect(info).toMatchObject({ Tables: "0/4000", Connections: "0/20", Rollback: "Unsupported" });
    expect(info).toHaveProperty("Warning");
    expect(info).not.toHaveProperty("Fork/Follow");
  });

  test("of a server that cannot be asked says so", async () => {
    const database = heroku.database("postgresql-round-6");
    const { connect: working } = database;
    database.connect = async () => ({ ...(await working()), port: 1 });
    const { body } = await call("GET", `/client/v11/databases/${database.addon.id}`);
    database.connect = working;
    const info = Object.fromEntries(body.info.map((line) => [line.name, line.values[0]]));
    expect(info).toMatchObject({ "Data Size": "unknown usage / 1 GB", "PG Version": "?", Connections: "unknown/20" });
  });

  test("limits of the plan hold on the server, and the allow-list can be read there", async () => {
    const lists = await query<{ list: string; most: number }>(
      "select current_setting('extwlist.extensions') as list, datconnlimit as most from pg_database where datname = current_database()",
    );
    expect(lists[0]).toMatchObject({ list: expect.stringContaining("hstore"), most: 120 });
    const essential = await heroku.database("postgresql-round-6").connect();
    const [row] = await query<{ list: string }>("select current_setting('rds.allowed_extensions') as list", essential);
    expect(row!.list).toContain("pg_trgm");
  });

  test("status, following, provisioning and plan can be switched", async () => {
    const database = heroku.database("postgresql-curved-12345");
    const path = `/client/v11/databases/${databaseId()}`;
    const post = () => call("POST", `${path}/restores`, { backup_url: store.url });
    expect((await call("GET", `${path}/wait_status`)).body).toEqual({ "waiting?": false, message: "available" });
    database.status = "Preparing";
    expect((await call("GET", `${path}/wait_status`)).body["waiting?"]).toBe(true);
    expect((await post()).status).toBe(422);
    database.status = "Available";
    database.following = "postgres://leader.example.com/d";
    expect((await call("GET", path)).body).toMatchObject({ following: database.following, "hot_standby?": true });
    expect((await post()).status).toBe(422);
    database.following = null;
    database.addon.plan = "heroku-postgresql:advanced-beta";
    expect((await call("GET", path)).status).toBe(404);
    database.addon.plan = "heroku-postgresql:standard-0";
    database.isProvisioned = false;
    expect((await call("GET", path)).status).toBe(404);
    database.isProvisioned = true;
    expect(heroku.state.transfers).toEqual([]);
  });
});

const rich = `
  create extension hstore; create extension "uuid-ossp"; create extension dblink;
  create schema shop;
  create table shop.orders (id bigint generated always as identity primary key, note text, tags hstore);
  insert into shop.orders (note, tags) select 'note ' || n, hstore('n', n::text) from generate_series(1, 5000) as n;
  create index on shop.orders using gin (tags);
  create view shop.recent as select * from shop.orders where id > 4990;
  select lo_from_bytea(0, 'a large object');`;

describe("the verdict", () => {
  const read = (lines: string[]): RestoreLog => {
    const found: RestoreLog = { ignoredErrors: undefined, harmlessErrors: 0 };
    for (const line of lines) readRestoreLine(found, line);
    return found;
  };
  const comment = "Command was: COMMENT ON EXTENSION hstore IS 'pairs';";
  const language = "Command was: CREATE OR REPLACE PROCEDURAL LANGUAGE plpgsql;";
  const other = "Command was: CREATE EVENT TRIGGER watcher ON ddl_command_end";
  const ignored = (count: number): string => `pg_restore: warning: errors ignored on restore: ${count}`;

  test.each([
    ["a clean restore", 0, true, [], { succeeded: true, warnings: 0 }],
    ["skipped errors", 1, true, [other, comment, ignored(2)], { succeeded: true, warnings: 2 }],
    ["only what no owner can do", 1, true, [comment, language, ignored(2)], { succeeded: true, warnings: 0 }],
    ["an older pg_restore", 1, true, ["WARNING: errors ignored on restore: 4"], { succeeded: true, warnings: 4 }],
    ["an error that ended it", 1, true, [comment], { succeeded: false, warnings: 0 }],
    ["a signal", null, true, [ignored(1)], { succeeded: false, warnings: 0 }],
    ["a download that broke, although pg_restore was content", 0, false, [], { succeeded: false, warnings: 0 }],
  ])("of %s", (_, exitCode, isDownloaded, lines, verdict) => {
    expect(judge(exitCode, isDownloaded, read(lines))).toEqual(verdict);
  });
});

describe("restore", () => {
  test("loads a real archive over what was there, as the owner", { timeout: 60_000 }, async () => {
    store.object = await dump(rich);
    await query(`create schema old; create table old.t (n int); create extension if not exists citext;
      create table if not exists public.leftover (n int); select lo_from_bytea(0, 'old')`);
    const started = await startRestore(store.url);
    expect(started).toMatchObject({
      num: 1,
      from_type: "htcat",
      to_type: "pg_restore",
      to_name: "DATABASE",
      source_bytes: null,
      processed_bytes: 0,
      succeeded: null,
      started_at: null,
      finished_at: null,
      warnings: 0,
    });
    expect(started.created_at).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000$/);
    expect(started).not.toHaveProperty("logs");
    const ended = await waitForEnd(started.uuid);
    expect(ended).toMatchObject({ succeeded: true, warnings: 0, canceled_at: null, source_bytes: null });
    expect(ended.processed_bytes).toBe(store.object.length);
    const rows = await query(
      "select count(*)::int as rows, count(distinct tags)::int as tags, max(note) as last from shop.orders",
    );
    expect(rows).toEqual([{ rows: 5000, tags: 5000, last: "note 999" }]);
    expect(
      await query("select nspname from pg_namespace where nspname in ('old', 'shop', 'public') order by 1"),
    ).toEqual([{ nspname: "public" }, { nspname: "shop" }]);
    expect(await query("select extname from pg_extension order by 1")).toEqual(
      ["dblink", "hstore", "plpgsql", "uuid-ossp"].map((extname) => ({ extname })),
    );
    expect(await query("select convert_from(lo_get(oid), 'UTF8') as text from pg_largeobject_metadata")).toEqual([
      { text: "a large object" },
    ]);
    expect(await query("select distinct tableowner from pg_tables where schemaname = 'shop'")).toEqual([
      { tableowner: connect().owner.user },
    ]);
    expect(messages(ended)).toContain('pg_restore: processing data for table "shop.orders"');
    expect(messages(ended).slice(-4)).toEqual([
      "waiting for restore to complete",
      "restore done",
      "waiting for download to complete",
      "download done",
    ]);
    expect(store.seen).toEqual([
      { method: "HEAD", range: undefined },
      { method: "GET", range: undefined },
    ]);
  });

  test("fetches a large archive in five ordered ranges", { timeout: 60_000 }, async () => {
    store.object = await dump(
      `create table big as select n, repeat(md5(n::text), 20) as filler from generate_series(1, 12000) as n`,
      ["-Z0"],
    );
    expect(store.object.length).toBeGreaterThan(5 * 1024 ** 2);
    const ended = await waitForEnd((await startRestore(store.url)).uuid);
    expect(ended.succeeded).toBe(true);
    expect(await query("select count(*)::int as n, sum(length(filler))::int as length from big")).toEqual([
      { n: 12000, length: 12000 * 640 },
    ]);
    const gets = store.seen.filter(({ method }) => method === "GET");
    expect(gets.map(({ range }) => range === undefined)).toEqual([true, false, false, false, false]);
    const step = 1 + Math.floor((store.object.length - 1) / 5);
    const ranges = gets.slice(1).map(({ range }) => range);
    expect(new Set(ranges)).toContain(`bytes=${step}-${2 * step - 1}`);
    expect(new Set(ranges)).toContain(`bytes=${4 * step}-${store.object.length - 1}`);
  });

  test("is ruined by a store that answers ranges with the whole object", { timeout: 60_000 }, async () => {
    store.object = await dump(
      `create table big as select n, repeat(md5(n::text), 20) as filler from generate_series(1, 12000) as n`,
      ["-Z0"],
    );
    store.ignoresRanges = true;
    expect(await waitForEnd((await startRestore(store.url)).uuid)).toMatchObject({ succeeded: false, warnings: 0 });
  });

  test("fails when the URL expires half way", { timeout: 60_000 }, async () => {
    store.object = await dump(
      `create table big as select n, repeat(md5(n::text), 20) as filler from generate_series(1, 12000) as n`,
      ["-Z0"],
    );
    store.expiresAfter = 2;
    const ended = await waitForEnd((await startRestore(store.url)).uuid);
    expect(ended.succeeded).toBe(false);
    expect(messages(ended).join("\n")).toContain('Expected HTTP Status 206 or 200, received: "403 Forbidden"');
  });

  test("fails on an expired URL, with the target wiped", async () => {
    await query("create table if not exists public.precious (n int)");
    store.expiresAfter = 0;
    const ended = await waitForEnd((await startRestore(store.url)).uuid);
    expect(ended).toMatchObject({ succeeded: false, warnings: 0, processed_bytes: 0 });
    expect(messages(ended)).toEqual([
      expect.stringMatching(
        /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d aborting: could not write to output stream: Expected HTTP Status 200, received: "403 Forbidden"$/,
      ),
      "pg_restore: error: could not read from input file: end of file",
      "waiting for restore to complete",
      "pg_restore finished with errors",
      "waiting for download to complete",
      "download finished with errors",
      "please check the source URL and ensure it is publicly accessible",
    ]);
    expect(await query("select to_regclass('public.precious') as found")).toEqual([{ found: null }]);
  });

  test("fails on a truncated object and on what is no archive", async () => {
    const whole = await dump("create table t as select n, md5(n::text) from generate_series(1, 20000) as n");
    store.object = whole.subarray(0, whole.length - 1000);
    const truncated = await waitForEnd((await startRestore(store.url)).uuid);
    expect(truncated).toMatchObject({ succeeded: false, warnings: 0 });
    expect(messages(truncated)).toContain("pg_restore: error: could not read from input file: end of file");
    store.object = Buffer.from("-- PostgreSQL database dump\nselect 1;\n");
    const plain = await waitForEnd((await startRestore(store.url)).uuid);
    expect(plain.succeeded).toBe(false);
    expect(messages(plain)[0]).toMatch(
      /input file (appears to be a text format dump|does not appear to be a valid archive|is too short)|did not find magic string in file header/,
    );
    const newer = Buffer.from(whole);
    newer[6] = 16;
    store.object = newer;
    const tooNew = await waitForEnd((await startRestore(store.url)).uuid);
    expect(tooNew.succeeded).toBe(false);
    expect(messages(tooNew)[0]).toBe("pg_restore: error: unsupported version (1.16) in file header");
  });

  test("counts skipped errors as warnings and succeeds all the same", async () => {
    store.object = await dump(`
      create table t (n int); insert into t values (1), (2);
      create function hook() returns event_trigger language plpgsql as 'begin end';
      create event trigger watcher on ddl_command_end execute function hook();
      create extension file_fdw`);
    const ended = await waitForEnd((await startRestore(store.url)).uuid);
    expect(ended).toMatchObject({ succeeded: true, canceled_at: null });
    expect(messages(ended)).toContain("pg_restore: warning: errors ignored on restore: 3");
    expect(ended.warnings).toBe(3);
    expect(messages(ended)).toContainEqual(
      expect.stringContaining('permission denied to create event trigger "watcher"'),
    );
    expect(messages(ended)).toContainEqual(expect.stringContaining('permission denied to create extension "file_fdw"'));
    expect(await query("select count(*)::int as n from t")).toEqual([{ n: 2 }]);
  });

  test("creates the extensions it is asked for, before the archive", async () => {
    store.object = await dump("create table t (n int)");
    const started = await startRestore(store.url, { extensions: ["hstore", "ext.citext", "pg_stat_statements"] });
    expect((await waitForEnd(started.uuid)).succeeded).toBe(true);
    expect(
      await query(
        "select extname, extnamespace::regnamespace::text as schema from pg_extension where extname <> 'plpgsql' order by 1",
      ),
    ).toEqual([
      { extname: "citext", schema: "ext" },
      { extname: "hstore", schema: "public" },
      { extname: "pg_stat_statements", schema: "public" },
    ]);
    const refused = await waitForEnd((await startRestore(store.url, { extensions: ["lo"] })).uuid);
    expect(refused).toMatchObject({ succeeded: false, started_at: null });
    expect(messages(refused)[0]).toContain('permission denied to create extension "lo"');
  });

  test.each([
    [{}],
    [{ backup_url: 5 }],
    [{ backup_url: "ftp://x/y" }],
    [{ backup_url: "https://x/y", extensions: "hstore" }],
  ])("refuses %j and touches nothing", async (body) => {
    await query("create table if not exists public.untouched (n int)");
    const { status } = await call("POST", `/client/v11/databases/${databaseId()}/restores`, body);
    expect(status).toBe(422);
    expect(heroku.state.transfers).toEqual([]);
    expect(await query("select to_regclass('public.untouched')::text as found")).toEqual([{ found: "untouched" }]);
  });

  test("sent twice restores twice", { timeout: 60_000 }, async () => {
    store.object = await dump("create table t as select generate_series(1, 1000) as n");
    const first = await startRestore(store.url);
    const second = await startRestore(store.url);
    expect([first.num, second.num]).toEqual([1, 2]);
    expect(first.uuid).not.toBe(second.uuid);
    await Promise.all([waitForEnd(first.uuid), waitForEnd(second.uuid)]);
    expect(heroku.state.transfers).toHaveLength(2);
  });

  test("takes pg_restore of the target's major", async () => {
    const asked: number[] = [];
    const database = await createTarget(server);
    await using other = await startHeroku({
      token,
      apps: [{ name: "a" }],
      databases: [{ app: "a", addonName: "d", plan: "premium-2", connect: database, postgresVersion: "17.9" }],
      restoreClientDirectory: (major) => {
        asked.push(major);
        return join(clients, String(major), "bin");
      },
      timings: { pendingMs: 0 },
    });
    store.object = await dump("create table t (n int)");
    const response = await fetch(`${other.url}/client/v11/databases/${other.database("d").addon.id}/restores`, {
      method: "POST",
      body: JSON.stringify({ backup_url: store.url }),
      headers: { authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(201);
    await other.idle();
    expect(other.state.transfers[0]).toMatchObject({ succeeded: true, num: 1 });
    expect(asked).toEqual([15]);
  });
});

describe("transfers", () => {
  test("are found by uuid and number, under id and name of the app; logs only when verbose", async () => {
    store.object = await dump("create table t (n int)");
    const { uuid } = await startRestore(store.url);
    const ended = await waitForEnd(uuid);
    const { id } = heroku.app("example-app");
    for (const path of [transferPath("1"), transferPath(uuid, id), transferPath("1", id)]) {
      expect((await call("GET", path)).body.uuid).toBe(uuid);
    }
    expect((await call("GET", transferPath(uuid))).body).not.toHaveProperty("logs");
    expect(ended.logs[0]).toMatchObject({ level: "info", created_at: expect.stringMatching(/ \+0000$/) });
    const { body } = await call("GET", "/client/v11/apps/example-app/transfers");
    expect(body).toMatchObject([{ uuid, num: 1, num_keep: 5 }]);
    expect(body[0]).not.toHaveProperty("logs");
    expect((await call("GET", transferPath(uuid, "other-app"))).status).toBe(404);
  });

  test("a canceled restore leaves the target half filled", { timeout: 60_000 }, async () => {
    store.object = await dump(
      `
      create table a_first as select generate_series(1, 1000) as n;
      create table b_second as select n, md5(n::text) from generate_series(1, 100000) as n`,
      ["-Z0"],
    );
    heroku.faults.restore = { bytesPerSecond: 300_000 };
    const { uuid } = await startRestore(store.url);
    const running = await waitForBytes(uuid, 100_000);
    expect(running).toMatchObject({ finished_at: null, succeeded: null });
    const canceled = await call("POST", `${transferPath(uuid)}/actions/cancel`);
    expect(canceled).toMatchObject({ status: 201, body: { canceled_at: expect.any(String) } });
    const ended = await waitForEnd(uuid);
    expect(ended).toMatchObject({ succeeded: false, warnings: 0, canceled_at: expect.any(String) });
    expect(
      await query("select (select count(*) from a_first)::int as a, (select count(*) from b_second)::int as b"),
    ).toEqual([{ a: 1000, b: 0 }]);
    expect((await call("POST", `${transferPath(uuid)}/actions/cancel`)).status).toBe(400);
  });

  test("move while they run", { timeout: 60_000 }, async () => {
    store.object = await dump("create table t as select n, md5(n::text) from generate_series(1, 20000) as n", ["-Z0"]);
    heroku.faults.restore = { bytesPerSecond: store.object.length };
    const { uuid } = await startRestore(store.url);
    const early = await waitForBytes(uuid, 1);
    expect(early.processed_bytes).toBeLessThan(store.object.length);
    expect(heroku.state.transfers[0]!.updatedAt.getTime()).toBeGreaterThan(
      heroku.state.transfers[0]!.startedAt!.getTime(),
    );
    expect((await waitForEnd(uuid)).succeeded).toBe(true);
  });
});

const publicSchemaQuery = `
  select pg_get_userbyid(nspowner) as owner, nspacl::text as acl, obj_description(oid) as comment
  from pg_namespace where nspname = 'public'`;

describe("reset, backups and the rest", () => {
  test("reset empties the database and ends its sessions, and the owner can go on", async () => {
    const connection = connect();
    await asOwner("create table public.many (n int)");
    await query("create publication everything for all tables");
    await withSession(connection, connection.owner, async (held) => {
      await held.query("begin");
      await held.query("lock table public.many");
      const { body, status } = await call("PUT", `/client/v11/databases/${databaseId()}/reset`, {
        extensions: ["hstore"],
      });
      expect({ status, body }).toEqual({ status: 200, body: { message: "Reset successful." } });
      await expect(held.query("select 1")).rejects.toThrow(/terminat|connection/i);
    });
    expect(await query("select tablename from pg_tables where schemaname = 'public'")).toEqual([]);
    expect(await query("select pubname from pg_publication")).toEqual([]);
    expect(await query("select extname from pg_extension where extname = 'hstore'")).toHaveLength(1);
    await withSession(connection, connection.owner, async (client) => {
      await client.query("create table public.mine (n int); create schema another");
    });
    const fresh = await query(publicSchemaQuery, (await createTarget(server))());
    expect(await query(publicSchemaQuery)).toEqual(fresh);
  });

  test("reset copes with more objects than one transaction can lock", { timeout: 60_000 }, async () => {
    await query(
      `do $$ begin for n in 1..700 loop execute format('create table public.t%s (n int)', n); end loop; end $$`,
    );
    await query("select lo_create(0) from generate_series(1, 7000)");
    expect((await call("PUT", `/client/v11/databases/${databaseId()}/reset`, {})).status).toBe(200);
    expect(await query("select count(*)::int as n from pg_largeobject_metadata")).toEqual([{ n: 0 }]);
  });

  test("a backup is a real archive behind a public URL, and restores", { timeout: 60_000 }, async () => {
    await call("PUT", `/client/v11/databases/${databaseId()}/reset`, {});
    await asOwner("create table kept as select generate_series(1, 100) as n");
    const { body: backup, status } = await call("POST", `/client/v11/databases/${databaseId()}/backups`);
    expect(status).toBe(201);
    expect(backup).toMatchObject({ from_type: "pg_dump", to_type: "gof3r", from_name: "DATABASE", num: 1 });
    const ended = await waitForEnd(backup.uuid);
    expect(ended).toMatchObject({ succeeded: true, source_bytes: expect.any(Number) });
    const { body: link } = await call("POST", `${transferPath("1")}/actions/public-url`);
    const bytes = Buffer.from(await (await fetch(link.url)).arrayBuffer());
    expect(bytes.subarray(0, 5).toString()).toBe("PGDMP");
    expect(bytes.length).toBe(ended.processed_bytes);
    expect((await fetch(link.url.replace(/=.*/, "=forged"))).status).toBe(403);
    const ranged = await fetch(link.url, { headers: { range: "bytes=0-4" } });
    expect([ranged.status, await ranged.text()]).toEqual([206, "PGDMP"]);
    for (const url of [link.url, ended.to_url]) {
      await query("drop table if exists kept");
      expect(await waitForEnd((await startRestore(url)).uuid)).toMatchObject({ succeeded: true, warnings: 0 });
      expect(await query("select count(*)::int as n from kept")).toEqual([{ n: 100 }]);
    }
  });

  test("a public URL of a backup ends", async () => {
    await call("PUT", `/client/v11/databases/${databaseId()}/reset`, {});
    await call("POST", `/client/v11/databases/${databaseId()}/backups`);
    await heroku.idle();
    heroku.state.timings.publicUrlMs = -1;
    const { body } = await call("POST", `${transferPath("1")}/actions/public-url`);
    heroku.state.timings.publicUrlMs = 3_600_000;
    expect((await fetch(body.url)).status).toBe(403);
  });

  test("credentials and connection reset", async () => {
    const { owner } = connect();
    const authorization = `Basic ${Buffer.from(`:${token}`).toString("base64")}`;
    const { body } = await call("GET", `/postgres/v0/databases/${databaseId()}/credentials`, undefined, {
      authorization,
    });
    expect(body).toMatchObject([{ name: "default", credentials: [owner] }]);
    await withSession(connect(), owner, async (client) => {
      expect((await call("POST", `/client/v11/databases/${databaseId()}/connection_reset`)).status).toBe(200);
      await expect(client.query("select 1")).rejects.toThrow(/terminat|connection/i);
    });
  });
});

describe("faults", () => {
  test.each([
    ["unauthorized", answers.unauthorized, 401],
    ["two_factor", answers.twoFactor, 403],
    ["not_found", answers.notFound, 404],
    ["invalid_params", answers.invalidParams, 422],
  ])("%s", async (id, action, status) => {
    const fault = heroku.faults.add({ match: { path: /^\/apps/ }, action });
    expect(await call("GET", "/account")).toMatchObject({ status: 200 });
    expect(await call("GET", "/apps/example-app")).toMatchObject({ status, body: { id } });
    expect((await call("GET", "/apps/example-app")).status).toBe(200);
    expect(fault.hits).toBe(1);
  });

  test("rate limit, bursts, later hits, for ever, HTML", async () => {
    heroku.faults.add({ match: {}, action: answers.rateLimited(3) });
    const limited = await call("GET", "/account");
    expect([limited.status, limited.headers.get("retry-after"), limited.body.id]).toEqual([429, "3", "rate_limit"]);
    heroku.faults.add({ match: {}, times: 2, after: 1, action: answers.serverError(502) });
    const statuses: number[] = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await call("GET", "/account")).status);
    expect(statuses).toEqual([200, 502, 502, 200]);
    const forEver = heroku.faults.add({ match: { method: "GET" }, times: Infinity, action: answers.html() });
    const page = await call("GET", "/account");
    expect([page.status, page.headers.get("content-type")]).toEqual([503, "text/html; charset=utf-8"]);
    expect((await call("GET", "/account")).status).toBe(503);
    forEver.remove();
    expect((await call("GET", "/account")).status).toBe(200);
  });

  test("a connection dropped before the restore was accepted, and after", async () => {
    store.object = await dump("create table t (n int)");
    const match = { method: "POST", path: /\/restores$/ };
    heroku.faults.add({ match, action: { kind: "dropBefore" } });
    await expect(startRestore(store.url)).rejects.toThrow(/fetch failed/);
    expect(heroku.state.transfers).toHaveLength(0);
    heroku.faults.add({ match, action: { kind: "dropAfter" } });
    await expect(startRestore(store.url)).rejects.toThrow(/fetch failed/);
    await heroku.idle();
    expect(heroku.state.transfers).toMatchObject([{ succeeded: true, toType: "pg_restore" }]);
    expect(heroku.requests.at(-1)).toMatchObject({ method: "POST", status: null });
  });

  test("an answer that breaks off, one that comes late, one that never comes", async () => {
    heroku.faults.add({ match: {}, action: { kind: "cutAnswer" } });
    await expect(call("GET", "/account")).rejects.toThrow();
    heroku.faults.add({ match: {}, action: { kind: "delay", delayMs: 100 } });
    const startedAt = Date.now();
    expect((await call("GET", "/account")).status).toBe(200);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(95);
    heroku.faults.add({ match: {}, action: { kind: "hang" } });
    const signal = AbortSignal.timeout(150);
    await expect(fetch(`${heroku.url}/account`, { signal })).rejects.toThrow(/timeout/);
  });

  test("a restore that never starts: pending, and the target is gone", async () => {
    await query("create table if not exists public.precious (n int)");
    heroku.faults.restore = { neverStarts: true };
    const { uuid } = await startRestore(store.url);
    await sleep(400);
    expect((await call("GET", transferPath(uuid))).body).toMatchObject({ started_at: null, finished_at: null });
    expect(await query("select to_regclass('public.precious') as found")).toEqual([{ found: null }]);
    await call("POST", `${transferPath(uuid)}/actions/cancel`);
    expect(await waitForEnd(uuid)).toMatchObject({ started_at: null, succeeded: false });
    expect(store.seen).toEqual([]);
  });

  test("a restore that is stuck: running, and nothing moves", async () => {
    store.object = await dump("create table t as select n, md5(n::text) from generate_series(1, 20000) as n", ["-Z0"]);
    heroku.faults.restore = { stuckAfterBytes: 50_000 };
    const { uuid } = await startRestore(store.url);
    const stuck = await waitForBytes(uuid, 50_000);
    const { updatedAt } = heroku.state.transfers[0]!;
    await sleep(400);
    expect((await call("GET", transferPath(uuid))).body).toEqual(stuck);
    expect(heroku.state.transfers[0]!.updatedAt).toEqual(updatedAt);
    heroku.cancel(heroku.state.transfers[0]!);
    expect((await waitForEnd(uuid)).canceled_at).not.toBeNull();
  });

  test("a restore that fails half way with a log, and one that somebody cancels", async () => {
    store.object = await dump("create table t as select n, md5(n::text) from generate_series(1, 20000) as n", ["-Z0"]);
    heroku.faults.restore = { failsAfterBytes: 50_000, failureLog: ["the worker lost its disk"] };
    const failed = await waitForEnd((await startRestore(store.url)).uuid);
    expect(failed).toMatchObject({ succeeded: false, canceled_at: null });
    expect(failed.processed_bytes).toBeLessThan(store.object.length);
    expect(messages(failed)).toContain("the worker lost its disk");
    heroku.faults.restore = { canceledAfterBytes: 50_000 };
    const canceled = await waitForEnd((await startRestore(store.url)).uuid);
    expect(canceled).toMatchObject({ succeeded: false, canceled_at: expect.any(String) });
  });

  test("another transfer that runs already", async () => {
    const other = heroku.addRunningTransfer("postgresql-curved-12345");
    const { body } = await call("GET", "/client/v11/apps/example-app/transfers");
    expect(body).toMatchObject([{ uuid: other.uuid, num: 1, to_type: "pg_restore", finished_at: null }]);
    expect(body[0]!.started_at).not.toBeNull();
  });
});

describe("with the local bucket", () => {
  const big = "create table big as select n, repeat(md5(n::text), 20) as filler from generate_series(1, 12000) as n";

  test("a presigned URL is all it takes", { timeout: 60_000 }, async () => {
    await using bucket = await startTestBucket();
    const url = await presign(bucket, await dump(big, ["-Z0"]), 60);
    expect(await waitForEnd((await startRestore(url)).uuid)).toMatchObject({ succeeded: true, warnings: 0 });
    const reads = bucket.requests.filter(({ method }) => method === "HEAD" || method === "GET");
    expect(reads.map(({ method, status }) => `${method} ${status}`)).toEqual([
      "HEAD 403",
      "GET 200",
      ...Array<string>(4).fill("GET 206"),
    ]);
    expect(await query("select count(*)::int as n from big")).toEqual([{ n: 12000 }]);
  });

  test(
    "a connection lost in one range fails the transfer, and nothing is fetched again",
    { timeout: 60_000 },
    async () => {
      await using bucket = await startTestBucket();
      const url = await presign(bucket, await dump(big, ["-Z0"]), 60);
      bucket.faults.add({ method: "GET", nth: 3, action: { resetAfterBytes: 100_000 } });
      const ended = await waitForEnd((await startRestore(url)).uuid);
      expect(ended).toMatchObject({ succeeded: false, canceled_at: null });
      expect(messages(ended).join("\n")).toContain("aborting: could not write to output stream: unexpected EOF");
      expect(bucket.requests.filter(({ method }) => method === "GET").length).toBeLessThanOrEqual(5);
    },
  );
});

async function presign(bucket: Bucket, body: Buffer, expiresIn: number): Promise<string> {
  const client = createClient(bucket);
  await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: "archive.dump", Body: body }));
  const url = await getSignedUrl(client, new GetObjectCommand({ Bucket: BUCKET, Key: "archive.dump" }), { expiresIn });
  bucket.clearRequests();
  return url;
}

test.each([14, 16, 17, 18] as const)("PostgreSQL %i over TLS is reset to a fresh database", async (major) => {
  await using other = await startPostgres({ major, tls: { required: true } });
  const [target, fresh] = [await createTarget(other, { tls: true }), await createTarget(other, { tls: true })];
  await using own = await startHeroku({
    token,
    apps: [{ name: "a" }],
    databases: [{ app: "a", addonName: "d", plan: "essential-1", connect: target }],
    restoreClientDirectory: "/nowhere",
  });
  const owned = `create schema shop; create extension citext schema shop; create table shop.t (n int, c shop.citext);
    create table p (n int) partition by range (n); create table p1 partition of p for values from (1) to (9);
    alter default privileges revoke execute on functions from public; create publication pub; select lo_create(0)`;
  await withSession(target(), target().owner, (client) => client.query(owned));
  const response = await fetch(`${own.url}/client/v11/databases/${own.database("d").addon.id}/reset`, {
    method: "PUT",
    body: "{}",
    headers: { authorization: `Bearer ${token}` },
  });
  expect(await response.json()).toEqual({ message: "Reset successful." });
  expect(await query(publicSchemaQuery, target())).toEqual(await query(publicSchemaQuery, fresh()));
  expect(await query(leftoversQuery, target())).toEqual([{ left: 0 }]);
  await withSession(target(), target().owner, (client) => client.query(owned));
});

const leftoversQuery = `
  select ((select count(*) from pg_class where relnamespace::regnamespace::text !~ '^(pg_|information_schema)')
    + (select count(*) from pg_namespace where nspname = 'shop') + (select count(*) from pg_publication)
    + (select count(*) from pg_default_acl) + (select count(*) from pg_largeobject_metadata)
    + (select count(*) from pg_extension where extname <> 'plpgsql'))::int as left`;

test("closing in the middle of a restore leaves no process and no session", { timeout: 60_000 }, async () => {
  const target = await createTarget(server);
  const own = await startHeroku({
    token,
    apps: [{ name: "a" }],
    databases: [{ app: "a", addonName: "d", plan: "standard-0", connect: target }],
    restoreClientDirectory: clients,
    timings: { pendingMs: 0, refreshMs: 20 },
  });
  store.object = await dump("create table t as select n, md5(n::text) from generate_series(1, 50000) as n", ["-Z0"]);
  own.faults.restore = { bytesPerSecond: 200_000 };
  await fetch(`${own.url}/client/v11/databases/${own.database("d").addon.id}/restores`, {
    method: "POST",
    body: JSON.stringify({ backup_url: store.url }),
    headers: { authorization: `Bearer ${token}` },
  });
  await waitUntil(() => ((own.state.transfers[0]?.processedBytes ?? 0) > 0 ? true : undefined));
  await Promise.all([own.close(), own.close()]);
  expect(own.state.transfers[0]).toMatchObject({ succeeded: false, canceledAt: null });
  await expect(fetch(own.url)).rejects.toThrow(/fetch failed/);
  await waitUntil(async () => {
    const rows = await query(
      "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
      target(),
    );
    return rows.length === 0 ? true : undefined;
  });
});
