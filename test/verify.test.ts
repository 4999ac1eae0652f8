import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { silentLog } from "../src/log.ts";
import { type DatabaseUrl, parseDatabaseUrl } from "../src/postgres/database-url.ts";
import { joinSnapshot, withSnapshot } from "../src/postgres/snapshot.ts";
import { confirmDrift } from "../src/verify/confirm-drift.ts";
import { compareCounters, describeDrift, readCounters } from "../src/verify/drift.ts";
import { readFingerprint } from "../src/verify/fingerprint.ts";
import {
  type TargetVerification,
  type VerifyOptions,
  fingerprintSource,
  snapshotSessions,
  verifyLive,
  verifyTarget,
  withOwnSnapshot,
} from "../src/verify/verify.ts";
import type { Major } from "./local/postgres/binaries.ts";
import { createDatabase, expectNoSessions } from "./local/postgres/databases.ts";
import { startPostgres } from "./local/postgres/servers.ts";
import {
  type ServerPair,
  copyDatabase,
  createOwnedSource,
  createSource,
  databaseUrl,
  restoreInto,
  startPair,
} from "./verify/migrated.ts";

const { signal } = new AbortController();

function options(changes: Partial<VerifyOptions> = {}): VerifyOptions {
  return { kind: "full", jobs: 3, applicationName: "test verify", signal, log: silentLog, ...changes };
}

const majors: [Major, Major][] = [
  [14, 15],
  [14, 17],
  [15, 18],
];

describe.each(majors)("from %i to %i, as the owners of the two databases", (from, to) => {
  test("an untouched target shows no difference at all", async () => {
    await using pair = await startPair(from, to);
    const source = await createOwnedSource(pair.source);
    const target = await pair.target.createOwner({ role: "u1", database: "d1", password: "x" });
    await copyDatabase(pair, source.url, target);
    const result = await verifyLive(parseDatabaseUrl(source.url, "source"), {
      ...options({ sliceBytes: 16_384 }),
      target: parseDatabaseUrl(target, "target"),
      analyze: true,
    });
    expect(result.record).toMatchObject({
      outcome: "match",
      live: true,
      differences: [],
      unread: [],
      tablesCompared: 23,
    });
    expect(result.record.objectsCompared).toBeGreaterThan(240);
    expect(result.record.rowsCompared).toBeGreaterThan(4000);
    expect(result.tables.every(({ verdict }) => verdict === "match")).toBe(true);
    expect(result.target?.hashMethod).toBe("typed");
    expect(result.analyze?.problem).toBeUndefined();
    await Promise.all([expectNoSessions(pair.source), expectNoSessions(pair.target)]);
  });
});

describe("between two servers of 15", () => {
  let pair: ServerPair;
  let sourceDatabase: string;
  let restored: string;

  beforeAll(async () => {
    pair = await startPair(15, 15);
    sourceDatabase = await createSource(pair.source, "oddities");
    restored = await createDatabase(pair.target);
    await restoreInto(pair, sourceDatabase, restored);
  });
  afterAll(() => pair[Symbol.asyncDispose]());

  const source = (): DatabaseUrl => databaseUrl(pair.source, sourceDatabase);

  /** A copy of the restored database, changed. */
  async function changed(sql: string): Promise<DatabaseUrl> {
    const database = await createDatabase(pair.target, { template: restored });
    if (sql !== "") await pair.target.query(database, sql);
    return databaseUrl(pair.target, database);
  }

  async function verify(sql: string, changes: Partial<TargetVerification> = {}) {
    return await verifyLive(source(), { ...options(), target: await changed(sql), ...changes });
  }

  describe("differing rows are named by their keys", () => {
    test("by ranges of an integer key", async () => {
      const { record } = await verify(
        `update shop.orders set note = 'secret value' where id in (7, 1999); delete from shop.orders where id = 1000;
         insert into shop.orders (id, placed, note) values (5000, '2026-01-01', 'secret value')`,
      );
      expect(record.outcome).toBe("mismatch");
      const [difference] = record.differences;
      expect(difference).toMatchObject({ object: "TABLE", name: "shop.orders", kind: "content" });
      expect(difference?.detail).toContain("2 rows changed, 1 row only on the source, 1 row only on the target");
      expect(difference?.keys?.toSorted()).toEqual([
        "id = 1000 (source only)",
        "id = 1999",
        "id = 5000 (target only)",
        "id = 7",
      ]);
      expect(JSON.stringify(record)).not.toContain("secret value");
    });

    test("by hash buckets of any other key", async () => {
      const { record } = await verify("update shop.text_key set meaning = meaning || '.' where word = 'word33'");
      expect(record.differences).toHaveLength(1);
      expect(record.differences[0]?.keys).toEqual(["(word, lang) = (word33,en)"]);
    });

    test("by hash buckets of the row where there is no key", async () => {
      const { record } = await verify("update shop.no_key set b = 'other' where ctid = '(0,9)'");
      expect(record.differences[0]?.detail).toContain("1 row only on the source, 1 row only on the target");
      expect(record.differences[0]?.keys).toEqual([
        expect.stringMatching(/^ctid \(\d+,\d+\) \(source only\)$/u),
        expect.stringMatching(/^ctid \(\d+,\d+\) \(target only\)$/u),
      ]);
    });

    test("in a big table, and at most some", async () => {
      const database = await createDatabase(pair.source);
      await pair.source.query(
        database,
        "create table big as select i::int8 * 1000003 as id, md5(i::text) as v from generate_series(1, 40000) i; alter table big add primary key (id)",
      );
      const other = await createDatabase(pair.target);
      await restoreInto(pair, database, other);
      await pair.target.query(other, "update big set v = '' where id = 20000 * 1000003::int8");
      const one = await verifyLive(databaseUrl(pair.source, database), {
        ...options(),
        target: databaseUrl(pair.target, other),
      });
      expect(one.record.differences).toMatchObject([{ keys: ["id = 20000060000"] }]);
      await pair.target.query(other, "update big set v = '' where id % 2 = 0");
      const many = await verifyLive(databaseUrl(pair.source, database), {
        ...options(),
        target: databaseUrl(pair.target, other),
      });
      expect(many.record.differences[0]?.keys).toHaveLength(20);
      expect(many.record.differences[0]?.detail).toMatch(/at least [\d,]+ rows changed/u);
    });

    test("large objects by their numbers", async () => {
      const { record } = await verify("select lo_put(70003, 2000000, '!'), lo_unlink(70002), lo_create(70005)");
      expect(record.differences[0]).toMatchObject({
        object: "LARGE OBJECTS",
        keys: ["oid 70002", "oid 70003", "oid 70005"],
      });
      expect(record.differences[0]?.detail).toContain("3 objects differ");
    });

    test("in hash partitions, through their root", async () => {
      const { record } = await verify("update shop.spread set v = 'other' where id = 17");
      expect(record.differences).toMatchObject([{ name: "shop.spread" }]);
      const sides = record.differences[0]?.keys?.map((key) => key.replace(/^ctid \(\d+,\d+\) /u, ""));
      expect(sides?.toSorted()).toEqual(["(source only)", "(target only)"]);
    });
  });

  describe("what was written to the source after the snapshot", () => {
    test("is named by table, and the copy still matches the snapshot", async () => {
      const database = await createSource(pair.source, "oddities");
      const url = databaseUrl(pair.source, database);
      const target = await createDatabase(pair.target);
      await sleep(1100);
      await withSnapshot(url, { applicationName: "test holder", excludeSchemas: [] }, async (snapshot) => {
        const before = await readCounters(url);
        await restoreInto(pair, database, target);
        const quiet = await readCounters(url);
        expect(compareCounters(before, quiet)).toMatchObject({
          tables: [],
          isComplete: true,
          definitionsChanged: false,
        });
        await pair.source.query(
          database,
          "insert into shop.no_key values (1, 'late'), (2, 'late'); update shop.text_key set meaning = '' where word = 'word1'; delete from shop.typed; select lo_create(0)",
        );
        const reading = await fingerprintSource(url, snapshot, options());
        const openSource = snapshotSessions(url, snapshot.id, "source", options());
        const { record } = await verifyTarget(reading, {
          ...options(),
          target: databaseUrl(pair.target, target),
          openSource,
        });
        expect(record).toMatchObject({ outcome: "match", live: false, differences: [] });
        const after = await readCounters(url);
        const drift = describeDrift(
          [
            { moment: "snapshot", counters: before },
            { moment: "end of verification", counters: after },
          ],
          false,
        );
        expect(drift.tables).toEqual([
          { schema: "shop", table: "no_key", inserted: 2, updated: 0, deleted: 0 },
          { schema: "pg_catalog", table: "pg_largeobject_metadata", inserted: 1, updated: 0, deleted: 0 },
          { schema: "shop", table: "text_key", inserted: 0, updated: 1, deleted: 0 },
          { schema: "shop", table: "typed", inserted: 0, updated: 0, deleted: 1 },
        ]);
        expect(drift.positions[0]?.lsn).not.toBe(drift.positions[1]?.lsn);
      });
    });

    test("is confirmed by reading the tables again: counters that came late are no writes", async () => {
      const database = await createDatabase(pair.source);
      const url = databaseUrl(pair.source, database);
      await pair.source.query(database, "create table late as select 1 as i; create table written as select 1 as i");
      const before = await readCounters(url);
      await withSnapshot(url, { applicationName: "test holder", excludeSchemas: [] }, async (snapshot) => {
        const reading = await fingerprintSource(url, snapshot, options());
        await pair.source.query(
          database,
          "begin; insert into late values (2); rollback; insert into written values (2)",
        );
        const moments = [
          { moment: "snapshot", counters: before },
          { moment: "end of verification", counters: await readCounters(url) },
        ];
        const drift = describeDrift(moments, false);
        expect(drift.tables.map(({ table }) => table).toSorted()).toEqual(["late", "written"]);
        const confirmed = await confirmDrift(drift, reading, url, options());
        expect(confirmed.tables).toEqual([{ schema: "public", table: "written", inserted: 1, updated: 0, deleted: 0 }]);
        const unknown = await confirmDrift(drift, { ...reading, kind: "counts" }, url, options());
        expect(unknown.tables).toEqual(drift.tables);
      });
    });

    test("tells a truncated, a dropped and a new table, and changed definitions", async () => {
      const database = await createDatabase(pair.source);
      const url = databaseUrl(pair.source, database);
      await pair.source.query(database, "create table a (i int); create table b (i int); insert into a values (1)");
      await sleep(1100);
      const before = await readCounters(url);
      await pair.source.query(database, "truncate a; drop table b; create table c as select 1 as i");
      const { tables, definitionsChanged } = compareCounters(before, await readCounters(url));
      expect(tables).toEqual([
        { schema: "public", table: "c", inserted: 1, updated: 0, deleted: 0 },
        { schema: "public", table: "a", inserted: 0, updated: 0, deleted: 0, rewritten: true },
        { schema: "public", table: "b", inserted: 0, updated: 0, deleted: 0, rewritten: true },
      ]);
      expect(definitionsChanged).toBe(true);
    });

    test("says so where the counters are silent", async () => {
      const database = await createDatabase(pair.source);
      const url = databaseUrl(pair.source, database);
      const before = await readCounters(url);
      await pair.source.query(database, `create table t as select 1 as i`);
      await pair.source.query(database, `alter database ${database} set track_counts = off`);
      const drift = describeDrift(
        [
          { moment: "a", counters: before },
          { moment: "b", counters: await readCounters(url) },
        ],
        false,
      );
      expect(drift.unavailable).toBe("track_counts is off");
      await pair.source.query(database, `alter database ${database} reset track_counts; select pg_stat_reset()`);
      const reset = compareCounters(before, await readCounters(url));
      expect(reset).toMatchObject({ isComplete: false, problem: "the server's statistics were reset in between" });
      const gone = await readCounters(url.with({ port: 1 }));
      expect(gone.problem).toContain("refused the connection");
    });
  });

  describe("could not complete is neither a match nor a mismatch", () => {
    test("a target that cannot be reached, with what the API says", async () => {
      const reading = await withOwnSnapshot(source(), "source", options(), (open) => readFingerprint(open, options()));
      const target = databaseUrl(pair.target, restored).with({ database: "elsewhere" });
      const { record } = await verifyTarget(reading, { ...options(), target, api: { tables: 18, bytes: 5_000_000 } });
      expect(record).toMatchObject({ outcome: "could-not-complete", rowsCompared: 0, differences: [] });
      expect(record.note).toMatch(
        /No row of the target was verified: .*has no database named elsewhere.*Heroku's API reports 18 tables and 5.0 MB/u,
      );
    });

    test("a table that may not be read, unless something else differs for sure", async () => {
      const database = await createDatabase(pair.target, { template: restored });
      await pair.target.query(
        database,
        `create role reader_${database} login password 'x'; grant usage on schema shop, "Ünusual ""schema""" to reader_${database};
         grant select on all tables in schema shop, "Ünusual ""schema""" to reader_${database};
         grant select on all sequences in schema shop to reader_${database}; alter table shop.customer disable row level security;
         grant select on large object 70001, 70002, 70003 to reader_${database}; revoke select on shop.no_key from reader_${database}`,
      );
      const target = databaseUrl(pair.target, database).with({
        user: `reader_${database}`,
        password: parseDatabaseUrl("postgres://u:x@h/d", "x").password,
      });
      const { record, tables } = await verifyLive(source(), { ...options(), target });
      expect(record.unread).toEqual([
        {
          object: "TABLE",
          name: "shop.no_key",
          reason: "could not be read on the target: permission denied for table no_key",
        },
      ]);
      expect(tables.find(({ table }) => table === "no_key")?.verdict).toBe("not-compared");
      expect(record.differences).toMatchObject([{ object: "TABLE", name: "shop.customer" }]);
      expect(record.outcome).toBe("mismatch");
      await pair.target.query(database, "alter table shop.customer enable row level security");
      const hidden = await verifyLive(source(), { ...options(), target });
      expect(hidden.record.outcome).toBe("could-not-complete");
      expect(hidden.record.unread?.map(({ name }) => name).toSorted()).toEqual(["shop.customer", "shop.no_key"]);
    });

    test("a source that cannot be reached", async () => {
      const { record } = await verifyLive(source().with({ database: "elsewhere" }), { ...options(), target: source() });
      expect(record).toMatchObject({ outcome: "could-not-complete", live: true });
      expect(record.unread).toEqual([
        {
          object: "DATABASE",
          name: "source",
          reason: expect.stringContaining("has no database named elsewhere") as string,
        },
      ]);
    });

    test("a snapshot that is cut is taken again", async () => {
      const target = await changed("");
      const verifying = verify("", { target });
      let cuts = 0;
      while (cuts < 1) {
        await sleep(10);
        const sql = `select pg_terminate_backend(pid) as cut from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()`;
        cuts += (await pair.target.query("postgres", sql, [target.database])).length;
      }
      expect((await verifying).record).toMatchObject({ outcome: "match", unread: [] });
    });

    test("a snapshot whose holder has gone is an error that says so", async () => {
      const id = await withSnapshot(source(), { applicationName: "test", excludeSchemas: [] }, ({ id: snapshotId }) =>
        Promise.resolve(snapshotId),
      );
      const gone = { code: "SNAPSHOT_GONE", outcome: "unverified" };
      await expect(fingerprintSource(source(), { id }, options())).rejects.toMatchObject(gone);
      await using newer = await startPostgres({ major: 18 });
      await expect(fingerprintSource(databaseUrl(newer, "postgres"), { id }, options())).rejects.toMatchObject(gone);
    });
  });

  test("reads again what a lost connection cut", async () => {
    const database = await createDatabase(pair.source);
    await pair.source.query(
      database,
      "create table big as select i, repeat('x', 500) as v from generate_series(1, 60000) i",
    );
    const url = databaseUrl(pair.source, database);
    const debug: string[] = [];
    const log = { ...silentLog, debug: (message: string) => void debug.push(message) };
    const quiet = await withOwnSnapshot(url, "source", options(), (open) =>
      readFingerprint(open, options({ sliceBytes: 4_000_000 })),
    );
    const cut = await withOwnSnapshot(url, "source", options(), async (open) => {
      const reading = readFingerprint(open, options({ sliceBytes: 4_000_000, log, applicationName: "cut" }));
      for (let times = 0; times < 3; times += 1) {
        await sleep(40);
        await pair.source.query(
          "postgres",
          "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and state = 'active' and query like '%big%'",
          [database],
        );
      }
      return await reading;
    });
    expect(debug.join("\n")).toMatch(/^reading .* failed .terminating connection/mu);
    expect(cut.tables).toEqual(quiet.tables);
  });

  test("stops at once when it is told to, and leaves no session", async () => {
    const database = await createDatabase(pair.source);
    await pair.source.query(database, "create table slow as select i from generate_series(1, 400000) i");
    const stop = new AbortController();
    const reason = new Error("enough");
    const startedAt = Date.now();
    setTimeout(() => stop.abort(reason), 60);
    const url = databaseUrl(pair.source, database);
    const reading = verifyLive(url, { ...options({ signal: stop.signal }), target: url });
    await expect(reading).rejects.toBe(reason);
    expect(Date.now() - startedAt).toBeLessThan(2000);
    await expect
      .poll(() => expectNoSessions(pair.source, database).then(() => "none"), { timeout: 10_000 })
      .toBe("none");
  });

  describe("what is compared can be chosen", () => {
    const change =
      "update shop.no_key set b = 'other' where a = 1; delete from shop.typed; drop index shop.orders_lower";

    test("counts see lost rows and objects, not changed rows", async () => {
      const { record } = await verify(change, { kind: "counts" });
      expect(record.differences).toMatchObject([
        { object: "INDEX", name: "shop.orders.orders_lower" },
        { object: "TABLE", name: "shop.typed", kind: "row-count" },
      ]);
    });

    test("schema reads no row", async () => {
      const { record } = await verify(change, { kind: "schema" });
      expect(record).toMatchObject({ rowsCompared: 0, differences: [{ object: "INDEX" }] });
    });

    test("excluded schemas and rows are listed, not compared", async () => {
      const excluded = {
        excludeSchemas: [`Ünusual "schema"`],
        excludeTableData: [{ schema: "shop", table: "no_key" }],
      };
      const { record, tables } = await verify(
        `drop schema "Ünusual ""schema""" cascade; truncate shop.no_key`,
        excluded,
      );
      expect(record).toMatchObject({ outcome: "match", differences: [] });
      expect(record.known).toContainEqual({
        what: "tables whose rows were left out",
        reason: "excluded by exclude-table-data",
        count: 1,
      });
      expect(record.known).toContainEqual({
        what: `objects of schema Ünusual "schema"`,
        reason: "excluded by exclude-schemas",
        count: 6,
      });
      expect(tables.find(({ table }) => table === "no_key")?.verdict).toBe("not-compared");
    });

    test("what was left out of the archive is expected to be missing", async () => {
      const leftOut = [
        { object: "TRIGGER", schema: "shop", name: "customer touch", reason: "by hand" },
        { object: "TABLE", schema: "shop", name: "text_key", reason: "by hand" },
        { object: "FUNCTION", schema: "shop", name: "series(integer)", reason: "by hand" },
        { object: "EXTENSION", schema: null, name: "pg_trgm", reason: "by hand" },
        { object: "INDEX", schema: "shop", name: "orders_note", reason: "by hand" },
        { object: "TABLE DATA", schema: "shop", name: "no_key", reason: "by hand" },
        { object: "COMMENT", schema: "shop", name: "INDEX orders_note", reason: "by hand" },
        { object: "COMMENT", schema: "shop", name: "TRIGGER touch ON customer", reason: "by hand" },
      ];
      const { record } = await verify(
        "truncate shop.no_key; drop trigger touch on shop.customer; drop table shop.text_key; drop function shop.series(int); drop extension pg_trgm cascade",
        { leftOut },
      );
      expect(record.differences).toEqual([]);
      expect(record.known.filter(({ reason }) => reason === "by hand").map(({ what }) => what)).toEqual(
        expect.arrayContaining(["triggers left out", "tables left out", "functions left out", "extensions left out"]),
      );
    });

    test("sequences must have the archive's values", async () => {
      const archiveSequences = [{ schema: "shop", sequence: "called", lastValue: "38", isCalled: true }];
      const moved = await verify("select setval('shop.called', 38)", { archiveSequences });
      expect(moved.record).toMatchObject({
        outcome: "match",
        known: expect.arrayContaining([
          expect.objectContaining({ what: "sequences that moved on after the dump" }),
        ]) as unknown,
      });
      const wrong = await verify("", { archiveSequences });
      expect(wrong.record.differences).toMatchObject([
        { object: "SEQUENCE", detail: "value 38 on the archive, 41 on the target" },
      ]);
    });
  });

  test("Heroku's own schemas and extensions on the target are known", async () => {
    const { record } = await verify(
      "create schema heroku_ext; create extension fuzzystrmatch schema heroku_ext; create schema _heroku; create table _heroku.t (i int)",
    );
    expect(record).toMatchObject({ outcome: "match", differences: [], tablesCompared: 23 });
    expect(record.known).toContainEqual({
      what: "extensions only on the target",
      reason: "the target has it from Heroku",
      count: 1,
    });
  });

  test("slices of a table add up to the whole, and 1,600 columns are as good as none", async () => {
    const database = await createDatabase(pair.source);
    const columns = Array.from({ length: 1600 }, (_, index) => `c${index} int2`);
    await pair.source.query(
      database,
      `create table wide (${columns.join(", ")}); insert into wide (c7, c1599) values (7, 1599); create table none (); insert into none select;
       create table long as select i, repeat(md5(i::text), 20) as v from generate_series(1, 20000) i`,
    );
    const url = databaseUrl(pair.source, database);
    const read = (sliceBytes: number) =>
      withOwnSnapshot(url, "source", options(), (open) => readFingerprint(open, options({ sliceBytes })));
    const [whole, sliced] = [await read(1e12), await read(200_000)];
    expect(sliced.tables).toEqual(whole.tables);
    expect(whole.tables.map(({ table, rows }) => [table, rows])).toEqual([
      ["long", 20000],
      ["none", 1],
      ["wide", 1],
    ]);
  });

  test("a source in another encoding is compared by the same characters", async () => {
    const database = await createDatabase(pair.source);
    await pair.source.query(
      "postgres",
      `create database ${database}_latin encoding 'LATIN1' locale 'C' template template0`,
    );
    const sql = `create table t (id int primary key, v text); insert into t values (1, 'Käse'), (2, U&'\\00ff'); comment on table t is 'é'`;
    await pair.source.query(`${database}_latin`, sql);
    const target = await createDatabase(pair.target);
    await restoreInto(pair, `${database}_latin`, target);
    const both = { ...options(), target: databaseUrl(pair.target, target) };
    const same = await verifyLive(databaseUrl(pair.source, `${database}_latin`), both);
    expect(same.record).toMatchObject({ outcome: "match", rowsCompared: 2 });
    await pair.target.query(target, "update t set v = 'Kase' where id = 1");
    const other = await verifyLive(databaseUrl(pair.source, `${database}_latin`), both);
    expect(other.record.differences).toMatchObject([{ keys: ["id = 1"] }]);
  });

  test("every hash method tells the same rows the same and others apart", async () => {
    const target = await changed("update shop.no_key set b = null where ctid = '(0,2)'");
    for (const hashMethod of ["typed", "row-text", "escaped-utf8", "sha-256"] as const) {
      const read = (url: DatabaseUrl) =>
        withOwnSnapshot(url, "target", options(), (open) => readFingerprint(open, { ...options(), hashMethod }));
      const [one, two] = [await read(source()), await read(target)];
      const differing = one.tables.filter(
        (table, index) => table.hashRoot === undefined && String(table.hash) !== String(two.tables[index]?.hash),
      );
      expect(
        differing.map(({ table }) => table),
        hashMethod,
      ).toEqual(["no_key"]);
    }
  });

  test("progress counts bytes up to all of them", async () => {
    const seen: number[] = [];
    let total = 0;
    const log = {
      ...silentLog,
      progress: (progress: { done: number; total: number }) =>
        void (seen.push(progress.done), (total = progress.total)),
    };
    await withSnapshot(source(), { applicationName: "test", excludeSchemas: [] }, (snapshot) =>
      fingerprintSource(source(), snapshot, options({ log })),
    );
    expect(seen.at(-1)).toBe(total);
    expect(total).toBeGreaterThan(100_000);
  });

  test("reading the source leaves its counters and settings alone", async () => {
    const session = await withSnapshot(source(), { applicationName: "test", excludeSchemas: [] }, async (snapshot) => {
      await using joined = await joinSnapshot(source(), snapshot.id, { applicationName: "test" });
      return await joined.value<string>("show transaction_read_only");
    });
    expect(session).toBe("on");
  });
});
