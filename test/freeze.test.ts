import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { freezeSource, unfreezeSource } from "../src/freeze.ts";
import { type DatabaseUrl, parseDatabaseUrl } from "../src/postgres/database-url.ts";
import { expectNoSessions } from "./local/postgres/databases.ts";
import { type PostgresServer, startPostgres } from "./local/postgres/servers.ts";

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ major: 16 });
});
afterAll(() => server.stop());

let count = 0;

/** A database of a plain owner, named after itself with a character that must be quoted. */
async function newDatabase(): Promise<{ url: DatabaseUrl; text: string; name: string }> {
  const name = `app "${(count += 1)}"`;
  const text = await server.createOwner({ role: name, database: name, password: "x" });
  await server.query(name, `create table public.t (i int); alter table public.t owner to ${pg.escapeIdentifier(name)}`);
  return { url: parseDatabaseUrl(text, "source"), text, name };
}

async function connectTo(connectionString: string, applicationName: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, application_name: applicationName });
  client.on("error", () => undefined);
  await client.connect();
  onTestFinished(() => client.end().catch(() => undefined));
  return client;
}

async function settingOf(name: string): Promise<string[] | null> {
  const sql = `select setconfig from pg_db_role_setting where setrole = 0
    and setdatabase = (select oid from pg_database where datname = $1)`;
  const [row] = await server.query<{ setconfig: string[] }>("postgres", sql, [name]);
  return row?.setconfig ?? null;
}

async function isWritable(text: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: text });
  await client.connect();
  try {
    await client.query("insert into t values (1)");
    return true;
  } catch (error) {
    expect(String(error)).toContain("read-only transaction");
    return false;
  } finally {
    await client.end();
  }
}

test("a frozen database takes no writes of new sessions, and takes them again afterwards", async () => {
  const { url, text, name } = await newDatabase();
  const remembered: (string | null)[] = [];
  const frozen = await freezeSource(url, "database", { onBefore: async (was) => void remembered.push(was) });
  expect(frozen).toEqual({
    was: null,
    sessions: [],
    ended: 0,
    limits: ["A session that sets its transactions to read write by itself is not stopped."],
  });
  expect(remembered).toEqual([null]);
  expect(await isWritable(text)).toBe(false);
  await unfreezeSource(url, frozen.was);
  expect(await isWritable(text)).toBe(true);
  expect(await settingOf(name)).toBeNull();
  await expectNoSessions(server);
});

test("what was remembered is remembered before anything changes", async () => {
  const { url, text } = await newDatabase();
  const failing = freezeSource(url, "database", { onBefore: () => Promise.reject(new Error("the disk is full")) });
  await expect(failing).rejects.toThrow("the disk is full");
  expect(await isWritable(text)).toBe(true);
});

test("a database that is read-only already can be frozen, and goes back to that", async () => {
  const { url, name } = await newDatabase();
  const sql = `alter database ${pg.escapeIdentifier(name)} set default_transaction_read_only = 'on'`;
  await server.query("postgres", `${sql}; alter database ${pg.escapeIdentifier(name)} set work_mem = '5MB'`);
  const { was } = await freezeSource(url, "database");
  expect(was).toBe("on");
  await unfreezeSource(url, "off");
  expect(await settingOf(name)).toEqual(["default_transaction_read_only=off", "work_mem=5MB"]);
  await freezeSource(url, "database");
  await unfreezeSource(url, was);
  await unfreezeSource(url, was);
  expect(await settingOf(name)).toEqual(["default_transaction_read_only=on", "work_mem=5MB"]);
});

test("sessions from before are named, and only ended when asked", async () => {
  const { url, text } = await newDatabase();
  const web = [await connectTo(text, "web"), await connectTo(text, "web")];
  const ours = await connectTo(text, "migrate-to-heroku-postgres 1");
  const superuser = await connectTo(server.superuserUrl(url.database), "console");
  const left = await freezeSource(url, "database");
  expect(left.sessions).toEqual([
    { application: "web", user: url.user, count: 2 },
    { application: "console", user: "postgres", count: 1 },
  ]);
  await web[0]?.query("insert into t values (1)");
  const ended = await freezeSource(url, "database-and-sessions");
  expect(ended.ended).toBe(2);
  expect(ended.sessions).toEqual([{ application: "console", user: "postgres", count: 1 }]);
  await expect(web[0]?.query("select 1")).rejects.toThrow(/terminat|onnection/u);
  expect((await ours.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  expect((await superuser.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
});

test("roles whose own setting wins are named", async () => {
  const { url, name } = await newDatabase();
  await server.query(
    "postgres",
    "create role stubborn login; alter role stubborn set default_transaction_read_only = off",
  );
  await server.query(
    "postgres",
    `alter role stubborn in database ${pg.escapeIdentifier(name)} set default_transaction_read_only = off`,
  );
  const { limits } = await freezeSource(url, "database");
  expect(limits[0]).toBe("Roles with a setting of their own may still write: stubborn.");
});

test("who does not own the database is told what to run", async () => {
  const { url, name } = await newDatabase();
  const other = await newDatabase();
  const stranger = url.with({ user: other.name, password: other.url.password });
  await expect(freezeSource(stranger, "database")).rejects.toMatchObject({
    code: "FREEZE_REFUSED",
    hint: expect.stringContaining(
      `alter database ${pg.escapeIdentifier(name)} set default_transaction_read_only = 'on'`,
    ) as string,
  });
  expect(await settingOf(name)).toBeNull();
});
