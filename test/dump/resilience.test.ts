import { readFile, readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Log } from "../../src/log.ts";
import { silentLog } from "../../src/log.ts";
import type { Bucket } from "../local/bucket/bucket.ts";
import { execute } from "../local/demo/fill.ts";
import { expectNoSessions, withDatabase } from "../local/postgres/databases.ts";
import { type PostgresServer, startPostgres } from "../local/postgres/servers.ts";
import {
  type DumpJob,
  clientOf,
  dumpAlone,
  dumpBoth,
  listDifferences,
  readArchive,
  startArchiveBucket,
} from "./rig.ts";

let server: PostgresServer;
let bucket: Bucket;

beforeAll(async () => {
  [server, bucket] = await Promise.all([startPostgres({ major: 15 }), startArchiveBucket()]);
});
afterAll(async () => {
  await server.stop();
  await bucket.close();
});

/** Some thirty pieces, slow to compress, so that what happens meanwhile happens meanwhile. */
async function withRows(use: (job: DumpJob, database: string) => Promise<void>): Promise<void> {
  await withDatabase(server, {}, async (database) => {
    const url = server.superuserUrl(database);
    await execute(
      url,
      `create table big as select i as id, repeat(md5(i::text), 8) as t from generate_series(1, 60000) i;
       create table later as select i as id, md5(i::text) as t from generate_series(1, 20000) i;
       select lo_from_bytea(0, convert_to(repeat('large object', 300000), 'UTF8'))`,
    );
    const tuning = { pieceBytes: 512 * 1024, sliceBytes: 4 * 1024 * 1024, windowBytes: 400_000 };
    const inputs = { "compression-level": "9", jobs: "2" };
    const job = { url, bucket, client: await clientOf(15), sourceMajor: 15, key: database, tuning, inputs };
    await use(job, database);
    await expectNoSessions(server, database);
    expect(bucket.uploads()).toEqual([]);
  });
}

/** Ends the backends of one kind of our sessions; says how many. */
async function terminate(database: string, what: string): Promise<number> {
  const rows = await server.query<{ ended: boolean }>(
    "postgres",
    "select pg_terminate_backend(pid) as ended from pg_stat_activity where datname = $1 and application_name like $2",
    [database, `%${what}%`],
  );
  return rows.length;
}

/** A log that calls back once for each number of bytes read, as soon as so much has been read. */
function atBytes(marks: readonly number[], act: (mark: number) => void): Log & { warnings: string[] } {
  const left = [...marks];
  const warnings: string[] = [];
  return {
    ...silentLog,
    warnings,
    warning: (message: string) => void warnings.push(message),
    progress: ({ done }) => {
      while (left[0] !== undefined && done >= left[0]) act(left.shift() as number);
    },
  };
}

test.each([
  ["in slices", 2 * 1024 * 1024],
  ["in one piece", 1024 * 1024 * 1024],
])("readers that lose their connection in the middle of a table read %s go on where they were", (_, sliceBytes) =>
  withRows(async (job, database) => {
    const ended: Promise<number>[] = [];
    const log = atBytes([1e6, 6e6, 12e6], () => ended.push(terminate(database, "reader")));
    const comparison = await dumpBoth({ ...job, tuning: { ...job.tuning, sliceBytes }, log });
    expect((await Promise.all(ended)).reduce((sum, count) => sum + count)).toBeGreaterThan(1);
    expect(listDifferences(comparison)).toEqual([]);
    expect(comparison.dumped.record.retries).toBeGreaterThan(0);
    expect(log.warnings[0]).toContain("lost its connection");
  }),
);

test("without the snapshot's holder there is no dump", () =>
  withRows(async (job, database) => {
    const log = atBytes([2e6], () => void terminate(database, "snapshot"));
    await expect(dumpAlone({ ...job, log })).rejects.toMatchObject({ code: "SNAPSHOT_LOST" });
    expect(bucket.objects.find(database)).toBeUndefined();
  }));

test("a reader's thread that crashes ends the dump", () =>
  withRows(async (job, database) => {
    await expect(dumpAlone({ ...job, tuning: { pieceBytes: -1 } })).rejects.toThrow(/-1/u);
    expect(bucket.objects.find(database)).toBeUndefined();
  }));

test("a signal stops it within five seconds, and nothing is left anywhere", () =>
  withRows(async (job, database) => {
    const stop = new AbortController();
    const log = atBytes([2e6], () => stop.abort(new Error("stopped by a test")));
    const dumping = dumpAlone({ ...job, log, signal: stop.signal });
    stop.signal.addEventListener("abort", () => (stoppedAt = performance.now()));
    let stoppedAt = 0;
    await expect(dumping).rejects.toThrow("stopped by a test");
    expect(performance.now() - stoppedAt).toBeLessThan(5000);
    expect(bucket.objects.find(database)).toBeUndefined();
    expect(await listChildren("pg_dump")).toEqual([]);
  }));

async function listChildren(program: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/u.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")));
  return stats.filter(
    (stat) => stat.includes(`(${program})`) && stat.split(") ")[1]?.split(" ")[1] === `${process.pid}`,
  );
}

/** A session that asks for a table for itself; resolves once it waits. */
async function startAlter(url: string, database: string): Promise<{ done: Promise<unknown>; pid: number }> {
  const client = new pg.Client({ connectionString: url, application_name: "alter" });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  const done = client
    .query("alter table later add column more int")
    .catch(() => undefined)
    .then(() => client.end());
  const state = { isDone: false };
  void done.then(() => (state.isDone = true));
  const waitingSql =
    "select 1 from pg_stat_activity where datname = $1 and wait_event_type = 'Lock' and query like 'alter%'";
  while (!state.isDone && (await server.query("postgres", waitingSql, [database])).length === 0) await sleep(20);
  return { done, pid: rows[0]?.pid ?? 0 };
}

test("who wants to change a table during the dump waits for its end", () =>
  withRows(async (job, database) => {
    let altering: Awaited<ReturnType<typeof startAlter>> | undefined;
    let started: Promise<void> | undefined;
    const log = atBytes([1e6], () => {
      started = startAlter(job.url, database).then((value) => void (altering = value));
    });
    await dumpAlone({ ...job, log });
    await started;
    await altering?.done;
    expect(log.warnings).toEqual([]);
    expect((await readArchive(bucket, database)).blocks.map((block) => block.rows)).toEqual([60_000, 20_000, null]);
  }));

test("locked table by table, a reader behind such a request names it and gives up", () =>
  withRows(async (job, database) => {
    let altering: Promise<Awaited<ReturnType<typeof startAlter>>> | undefined;
    const log = atBytes([1e5], () => void (altering = startAlter(job.url, database)));
    const tuning = { ...job.tuning, lockTableShare: 0, lockTimeoutMs: 300, lockPatienceMs: 1000 };
    const dumping = dumpAlone({ ...job, log, tuning, inputs: { ...job.inputs, jobs: "1" } });
    await expect(dumping).rejects.toMatchObject({ code: "LOCK_BLOCKED" });
    const { pid, done } = (await altering) ?? {};
    await done;
    expect(log.warnings.join()).toContain(`session ${pid}`);
    await expect(dumping).rejects.toMatchObject({ hint: expect.stringContaining(`pg_cancel_backend(${pid})`) });
  }));

test("locked table by table, a reader goes on when such a request gives up", () =>
  withRows(async (job, database) => {
    const cancel =
      "select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'alter' and datname = $1";
    const log = atBytes([1e5], () => void startAlter(job.url, database));
    const { warnings } = log;
    log.warning = (message) => {
      warnings.push(message);
      void server.query("postgres", cancel, [database]);
    };
    const tuning = { ...job.tuning, lockTableShare: 0, lockTimeoutMs: 300 };
    const comparison = await dumpBoth({ ...job, log, tuning, inputs: { ...job.inputs, jobs: "1" } });
    expect(log.warnings.length).toBeGreaterThan(0);
    expect(listDifferences(comparison)).toEqual([]);
  }));

test("what the source user may not read is named", async () => {
  const url = await server.createOwner({ role: "reader", database: "rights", password: "secret word" });
  const job = { url, bucket, client: await clientOf(15), sourceMajor: 15, key: "rights" };
  await server.query("rights", "create table forbidden (a int); create sequence counter");
  await expect(dumpAlone(job)).rejects.toMatchObject({
    code: "PERMISSION_MISSING",
    message: expect.stringContaining("permission denied for table forbidden"),
  });
  await server.query("rights", "grant select on forbidden to reader");
  await expect(dumpAlone(job)).rejects.toMatchObject({
    code: "PG_DUMP_FAILED",
    message: expect.stringContaining("permission denied for sequence counter"),
    hint: expect.stringContaining("Grant"),
  });
  expect(bucket.uploads()).toEqual([]);
});
