import { fork, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline/promises";
import { connect } from "node:net";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { majors } from "./postgres/binaries.ts";
import { cachedFolder, isAlive } from "./postgres/cache.ts";
import { createAuthority } from "./postgres/certificates.ts";
import { availableClients, clientDirectory } from "./postgres/clients.ts";
import { createDatabase, expectNoSessions, listSessions, withDatabase } from "./postgres/databases.ts";
import { serverIdentity, temporaryBase } from "./postgres/identity.ts";
import { startPgbouncer } from "./postgres/pgbouncer.ts";
import { runProgram } from "./postgres/programs.ts";
import { startPostgres } from "./postgres/servers.ts";
import type { PostgresServer } from "./postgres/servers.ts";

async function connectTo(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  client.on("error", () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

async function listChildren(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.trim().split(" ").map(Number);
}

/** Processes with the server's folder in their command line: the postmaster and the guard. */
async function listGuards(dataFolder: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return pids.filter((_, index) => commands[index]?.includes(dirname(dataFolder)));
}

describe.each(majors)("PostgreSQL %i", (major) => {
  let server: PostgresServer;
  let ownerUrl: string;

  beforeAll(async () => {
    server = await startPostgres({ major, tls: true });
    ownerUrl = await server.createOwner({ role: "app owner", database: "app", password: "p/w d@:é" });
  });
  afterAll(() => server.stop());

  test("answers in UTF-8 on 127.0.0.1, and not as root", async () => {
    const [row] = await server.query<{ version: string; encoding: string; listens: string }>(
      "postgres",
      "select version(), getdatabaseencoding() as encoding, current_setting('listen_addresses') as listens",
    );
    expect(row?.version).toMatch(`PostgreSQL ${major}.`);
    expect(row).toMatchObject({ encoding: "UTF8", listens: "127.0.0.1" });
    expect((await stat(`/proc/${server.pid}`)).uid).toBe(serverIdentity?.uid ?? process.getuid?.());
  });

  test("verifies with its own authority and with no other", async () => {
    const url = new URL(ownerUrl.replace("127.0.0.1", "localhost"));
    const connectionString = url.href;
    const client = await connectTo({ connectionString, ssl: { ca: server.caPem } });
    const { rows } = await client.query("select ssl from pg_stat_ssl where pid = pg_backend_pid()");
    expect(rows).toEqual([{ ssl: true }]);
    const other = await createAuthority("Unrelated");
    const refused = new pg.Client({ connectionString, ssl: { ca: other.caPem } });
    await expect(refused.connect()).rejects.toThrow(/certificate/);
  });

  test("gives the owner a database but no rights beyond it", async () => {
    const client = await connectTo({ connectionString: ownerUrl });
    await client.query("create table public.t (id int); create schema own");
    for (const name of ["pg_trgm", "hstore", "citext", "uuid-ossp", "pgcrypto"]) {
      await client.query(`create extension "${name}"`);
    }
    expect(
      (await client.query("select encode(digest('x', 'sha256'), 'hex') as d, uuid_generate_v4()")).rows,
    ).toHaveLength(1);
    for (const statement of [
      "create role r",
      "create database d",
      "create extension pg_stat_statements",
      "checkpoint",
    ]) {
      await expect(client.query(statement), statement).rejects.toThrow(/permission denied|must be/);
    }
  });
});

test("two servers of a major stand beside each other", async () => {
  await using first = await startPostgres({ major: 16 });
  await using second = await startPostgres({ major: 16 });
  expect(second.port).not.toBe(first.port);
});

test("stop leaves no process and no folder, however often it is called", async () => {
  const server = await startPostgres({ major: 17 });
  const client = await connectTo({ connectionString: server.superuserUrl("postgres") });
  const [row] = (
    await client.query<{ backend: number; data: string }>(
      "select pg_backend_pid() as backend, current_setting('data_directory') as data",
    )
  ).rows;
  if (row === undefined) throw new Error("no row");
  const { pid } = server;
  const processes = [pid, row.backend, ...(await listChildren(pid)), ...(await listGuards(row.data))];
  expect(processes.length).toBeGreaterThan(5);
  expect(processes.filter(isAlive)).toEqual(processes);
  await Promise.all([server.stop(), server.stop()]);
  await server[Symbol.asyncDispose]();
  expect(processes.filter(isAlive)).toEqual([]);
  await expect(access(dirname(row.data))).rejects.toThrow(/ENOENT/);
});

test("stopImmediately ends sessions as a crash does", async () => {
  const server = await startPostgres({ major: 15 });
  const client = await connectTo({ connectionString: server.superuserUrl("postgres") });
  const broken = expect(client.query("select pg_sleep(60)")).rejects.toThrow(/terminat|unexpectedly|crash|ECONNRESET/);
  await server.stopImmediately();
  await broken;
  expect(isAlive(server.pid)).toBe(false);
});

test("restart keeps port and data, and recovers after a crash", async () => {
  await using server = await startPostgres({ major: 18 });
  const { port, pid } = server;
  await server.query("postgres", "create table t as select generate_series(1, 1000) as n");
  await server.restart();
  await server.restart({ crash: true });
  expect(server.port).toBe(port);
  expect(server.pid).not.toBe(pid);
  expect(await server.query("postgres", "select count(*)::int as rows from t")).toEqual([{ rows: 1000 }]);
  expect(await server.log()).toContain("automatic recovery in progress");
});

/** What a terminal does on Ctrl-C, and a runner on cancellation. */
function signalGroup({ pid }: ChildProcess, signal: string): void {
  if (pid === undefined) throw new Error("the process was not started");
  process.kill(-pid, signal);
}

const child = new URL("postgres/started-by-child.ts", import.meta.url);

describe.each(["SIGKILL", "SIGINT", "exit"])("when the process that started servers ends by %s", (ending) => {
  test("they end and their folders go", { timeout: 60_000 }, async () => {
    const parent = fork(child, [], { detached: true, stdio: ["ignore", "pipe", "inherit", "ipc"] });
    if (parent.stdout === null) throw new Error("no output to read");
    const exited = once(parent, "exit");
    const { value } = await createInterface(parent.stdout)[Symbol.asyncIterator]().next();
    const { pids, folder } = JSON.parse(String(value)) as { pids: number[]; folder: string };
    expect(pids.map(isAlive)).toEqual([true, true]);
    if (ending === "exit") parent.send("exit");
    else signalGroup(parent, ending);
    await exited;
    await expect.poll(() => pids.map(isAlive), { timeout: 10_000 }).toEqual([false, false]);
    await expect
      .poll(
        () =>
          access(folder).then(
            () => "there",
            () => "gone",
          ),
        { timeout: 10_000 },
      )
      .toBe("gone");
  });
});

test("settings, hba lines, locale and superuser password are the caller's", async () => {
  await using server = await startPostgres({
    major: 16,
    locale: "C",
    superuserPassword: "it's",
    settings: { fsync: "on", "extwlist.extensions": "hstore,citext", application_name: "it's" },
    hbaLines: ["host all blocked 127.0.0.1/32 reject"],
  });
  const [row] = await server.query<Record<string, string>>(
    "postgres",
    `select current_setting('fsync') as fsync, current_setting('extwlist.extensions') as allowed,
            (select datcollate from pg_database where datname = current_database()) as collate`,
  );
  expect(row).toEqual({ fsync: "on", allowed: "hstore,citext", collate: "C" });
  expect(new URL(server.superuserUrl("postgres")).password).toBe("it's");
  const blocked = await server.createOwner({ role: "blocked", database: "b", password: "x" });
  await expect(new pg.Client({ connectionString: blocked }).connect()).rejects.toThrow(/pg_hba/);
});

test("a server that cannot start says why and leaves nothing", async () => {
  const attempt = startPostgres({ major: 16, settings: { shared_buffers: "nonsense" } });
  await expect(attempt).rejects.toThrow(/invalid value for parameter "shared_buffers"/);
});

test("required TLS and client certificates are enforced", async () => {
  await using server = await startPostgres({ major: 17, tls: { clientCertificates: true } });
  const connectionString = await server.createOwner({ role: "app", database: "app", password: "x" });
  const ca = server.caPem;
  await expect(new pg.Client({ connectionString }).connect()).rejects.toThrow(/no encryption/);
  await expect(new pg.Client({ connectionString, ssl: { ca } }).connect()).rejects.toThrow(/client certificate/);
  const wrong = await server.clientCertificate("someone");
  const wrongTls = { ca, cert: wrong.certificatePem, key: wrong.keyPem };
  await expect(new pg.Client({ connectionString, ssl: wrongTls }).connect()).rejects.toThrow(/authentication failed/);
  const own = await server.clientCertificate("app");
  const client = await connectTo({ connectionString, ssl: { ca, cert: own.certificatePem, key: own.keyPem } });
  expect((await client.query("select client_dn from pg_stat_ssl where pid = pg_backend_pid()")).rows).toEqual([
    { client_dn: "/CN=app" },
  ]);
});

test("a certificate for another host, or an expired one, does not verify", async () => {
  await using elsewhere = await startPostgres({ major: 16, tls: { hosts: ["db.example.com"] } });
  await using expired = await startPostgres({ major: 16, tls: { notAfter: new Date(Date.now() - 1000) } });
  for (const [server, message] of [
    [elsewhere, /altnames/],
    [expired, /expired/],
  ] as const) {
    const connectionString = server.superuserUrl("postgres").replace("127.0.0.1", "localhost");
    const client = new pg.Client({ connectionString, ssl: { ca: server.caPem } });
    await expect(client.connect()).rejects.toThrow(message);
  }
});

test("made-up and hidden extensions exist on one server only", async () => {
  const added = [{ name: "provider_agent", version: "2.1", sql: "create function agent() returns int return 1;" }];
  await using provider = await startPostgres({ major: 15, extensions: { added, hidden: ["hstore"] } });
  await using plain = await startPostgres({ major: 15 });
  const list = `select name from pg_available_extensions where name in ('provider_agent', 'hstore', 'citext') order by 1`;
  expect(await provider.query("postgres", list)).toEqual([{ name: "citext" }, { name: "provider_agent" }]);
  expect(await plain.query("postgres", list)).toEqual([{ name: "citext" }, { name: "hstore" }]);
  await provider.query("postgres", "create extension provider_agent; create extension pgcrypto");
  expect(await provider.query("postgres", "select agent()")).toEqual([{ agent: 1 }]);
});

describe("databases", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ major: 17 });
  });
  afterAll(() => server.stop());

  test("come from a template and go afterwards", async () => {
    const template = await createDatabase(server);
    await server.query(template, "create table t as select 7 as n");
    let name = "";
    await withDatabase(server, { template }, async (database) => {
      name = database;
      expect(await server.query(database, "select n from t")).toEqual([{ n: 7 }]);
    });
    expect(await server.query("postgres", "select from pg_database where datname = $1", [name])).toEqual([]);
  });

  test("a session left open fails the test that opened it, and the database goes all the same", async () => {
    let name = "";
    const leaking = withDatabase(server, {}, async (database) => {
      name = database;
      const connectionString = server.superuserUrl(database);
      await connectTo({ connectionString, application_name: "leaky" });
    });
    await expect(leaking).rejects.toThrow(/1 sessions were left open:\n.*leaky/);
    expect(await server.query("postgres", "select from pg_database where datname = $1", [name])).toEqual([]);
    await expectNoSessions(server);
  });

  test("the callback's own error wins over the leak", async () => {
    const failing = withDatabase(server, {}, async (database) => {
      await connectTo({ connectionString: server.superuserUrl(database) });
      throw new Error("first cause");
    });
    await expect(failing).rejects.toThrow("first cause");
  });
});

const isInstalled14 = (await availableClients()).includes(14);

describe("client programs", () => {
  test.each([15, 17, 18])("pg_dump, pg_restore and psql %i run from a folder of that major only", async (major) => {
    const folder = await clientDirectory(major);
    expect(await readdir(folder)).toEqual([String(major)]);
    for (const program of ["pg_dump", "pg_restore", "psql"]) {
      const path = join(folder, String(major), "bin", program);
      const version = await runProgram(path, ["--version"], { cwd: "/", identity: serverIdentity });
      expect(version).toMatch(new RegExp(`^${program} \\(PostgreSQL\\) ${major}\\.`));
    }
    expect(await availableClients()).toContain(major);
  });

  test("one folder can hold several majors", async () => {
    expect(await readdir(await clientDirectory(15, 18))).toEqual(["15", "18"]);
  });

  test.skipIf(isInstalled14)("a major that Debian skipped is refused in one sentence", async () => {
    await expect(clientDirectory(14)).rejects.toThrow("Debian has no client of PostgreSQL 14, and none is installed");
  });

  test("pg_dump 18 over verified TLS reads a server of 14, and pg_restore 18 fills one of 18 from a pipe", async () => {
    await using source = await startPostgres({ major: 14, tls: true });
    await using target = await startPostgres({ major: 18 });
    const from = await source.createOwner({ role: "app", database: "app", password: "x" });
    const to = await target.createOwner({ role: "u1", database: "d1", password: "y" });
    await source.query(
      "app",
      "create table public.t as select n, repeat('é', n) as text from generate_series(1, 5000) as n",
    );
    await source.query("app", "alter table public.t owner to app");
    await using authority = await writtenCa(source);
    const bin = join(await clientDirectory(18), "18/bin");
    const dump = spawn(join(bin, "pg_dump"), ["-Fc", "--dbname", from], {
      env: { PGSSLMODE: "verify-full", PGSSLROOTCERT: authority.path },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const restore = spawn(join(bin, "pg_restore"), ["--no-owner", "--no-privileges", "--dbname", to], {
      stdio: [dump.stdout, "inherit", "inherit"],
    });
    const codes = await Promise.all([once(dump, "exit"), once(restore, "exit")]);
    expect(codes).toEqual([
      [0, null],
      [0, null],
    ]);
    const checksum = "select count(*)::int as rows, md5(string_agg(text, ',' order by n)) as sum from public.t";
    expect(await target.query("d1", checksum)).toEqual(await source.query("app", checksum));
  });
});

/** libpq takes certificates from files only. */
async function writtenCa(server: PostgresServer): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtemp(join(temporaryBase(), "migrate-ca-"));
  const path = join(folder, "ca.pem");
  await writeFile(path, server.caPem);
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

describe("PgBouncer", () => {
  test.each(["transaction", "session"] as const)("pools sessions per %s, and says who it is", async (poolMode) => {
    await using server = await startPostgres({ major: 16 });
    const login = { user: "app", password: `a "b' c`, database: "app" };
    await server.createOwner({ role: login.user, database: login.database, password: login.password });
    await using pgbouncer = await startPgbouncer({ server, users: [login], poolMode, poolSize: 2 });
    const clients = [await connectTo({ connectionString: pgbouncer.url(login) })];
    clients.push(await connectTo({ connectionString: pgbouncer.url(login) }));
    const backends: unknown[] = [];
    for (const client of clients) backends.push((await client.query("select pg_backend_pid() as pid")).rows[0].pid);
    expect(new Set(backends).size).toBe(poolMode === "transaction" ? 1 : 2);
    expect(await listSessions(server, "app")).toHaveLength(new Set(backends).size);
    expect(await pgbouncer.log()).toMatch(/PgBouncer \d/);
  });

  test("refuses what it does not know, and stops without a trace", async () => {
    await using server = await startPostgres({ major: 16 });
    const login = { user: "app", password: "right", database: "app" };
    await server.createOwner({ role: login.user, database: login.database, password: login.password });
    const pgbouncer = await startPgbouncer({ server, users: [login] });
    const wrong = new pg.Client({ connectionString: pgbouncer.url({ ...login, password: "wrong" }) });
    await expect(wrong.connect()).rejects.toThrow(/authentication failed/);
    await pgbouncer.stop();
    const socket = connect(pgbouncer.port, "127.0.0.1");
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNREFUSED");
  });
});

describe("the cache", () => {
  test("builds a folder once, however many ask for it at the same time", async () => {
    const name = `test-${process.pid}-${Date.now()}`;
    let builds = 0;
    const ask = (): Promise<string> =>
      cachedFolder(name, async (draft) => {
        builds += 1;
        await writeFile(join(draft, "made"), "whole");
      });
    const folders = await Promise.all([ask(), ask(), ask()]);
    const [folder] = folders;
    onTestFinished(() => rm(folder, { recursive: true }));
    expect(builds).toBe(1);
    expect(new Set(folders).size).toBe(1);
    expect(await readFile(join(folder, "made"), "utf8")).toBe("whole");
    expect((await readdir(join(folder, ".."))).filter((entry) => entry.startsWith(name))).toEqual([name]);
  });

  test("a build that fails leaves nothing in the way of the next", async () => {
    const name = `test-${process.pid}-${Date.now()}-failing`;
    const fail = cachedFolder(name, () => Promise.reject(new Error("no network")));
    await expect(fail).rejects.toThrow("no network");
    const folder = await cachedFolder(name, () => Promise.resolve());
    await rm(folder, { recursive: true });
  });
});
