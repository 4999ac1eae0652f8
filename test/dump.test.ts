import { afterAll, beforeAll, describe, expect, test } from "vitest";
import pg from "pg";
import { execute, fillShop } from "./local/demo/fill.ts";
import type { Bucket } from "./local/bucket/bucket.ts";
import type { Major } from "./local/postgres/binaries.ts";
import { withDatabase } from "./local/postgres/databases.ts";
import { type PostgresServer, startPostgres } from "./local/postgres/servers.ts";
import { startChanges } from "./dump/changes.ts";
import { oddExtension, oddities } from "./dump/oddities.ts";
import { randomSchema } from "./dump/random-schema.ts";
import { hashTables, restoreBothWays } from "./dump/restore.ts";
import { clientOf, dumpBoth, listDifferences, startArchiveBucket } from "./dump/rig.ts";

/** Tables of some hundred rows are cut into slices, slices into pieces, and the window is always full. */
const tinyTuning = { sliceBytes: 40_000, pieceBytes: 7_000, windowBytes: 50_000 };

/** How many random schemas, and the first one's seed. */
const randomSchemas = Number(process.env["RANDOM_SCHEMAS"] ?? 200);
const firstSeed = Number(process.env["RANDOM_SEED"] ?? 1);

/** Every client that is to be had, against servers of its own major and of older ones. */
const pairs: readonly [server: Major, clients: readonly Major[]][] = [
  [14, [15]],
  [15, [15, 17]],
  [16, [18]],
  [17, [17]],
  [18, [18]],
];

let bucket: Bucket;
beforeAll(async () => {
  bucket = await startArchiveBucket();
});
afterAll(() => bucket.close());

describe.each(pairs)("server %i", (major, clients) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ major, extensions: { added: [oddExtension] } });
  });
  afterAll(() => server.stop());

  test.each(clients)("oddities come out as from pg_dump %i, and restore", (client) =>
    withDatabase(server, {}, async (database) => {
      const url = server.superuserUrl(database);
      for (const sql of oddities(major)) await execute(url, sql);
      const job = { url, bucket, client: await clientOf(client), sourceMajor: major, tuning: tinyTuning };
      const compression = client === 17 ? "zstd" : "gzip";
      const comparison = await dumpBoth({ ...job, inputs: { jobs: "4", compression } });
      expect(listDifferences(comparison)).toEqual([]);
      expect(comparison.dumped.blocks.some((block) => block.slices.length > 8)).toBe(true);
      // A newer pg_restore sets parameters that an older server does not know.
      if (client !== major) return;
      const restored = await restoreBothWays(server, bucket, "archive", job.client);
      expect(restored).toEqual([await hashTables(url), await hashTables(url)]);
    }),
  );
});

describe("server 15", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ major: 15 });
  });
  afterAll(() => server.stop());

  const jobFor = async (database: string) => ({
    url: server.superuserUrl(database),
    bucket,
    client: await clientOf(15),
    sourceMajor: 15,
  });

  test.each(["gzip", "none"])("the shop, compression %s", (compression) =>
    withDatabase(server, {}, async (database) => {
      const job = { ...(await jobFor(database)), inputs: { compression } };
      await fillShop(job.url, 8_000);
      const comparison = await dumpBoth(job);
      expect(listDifferences(comparison)).toEqual([]);
      expect(await restoreBothWays(server, bucket, "archive", job.client)).toEqual([
        await hashTables(job.url),
        await hashTables(job.url),
      ]);
    }),
  );

  test(`${randomSchemas} random schemas`, { timeout: 600_000 }, () =>
    withDatabase(server, {}, async (database) => {
      const job = await jobFor(database);
      for (let seed = firstSeed; seed < firstSeed + randomSchemas; seed += 25) {
        const last = Math.min(seed + 25, firstSeed + randomSchemas);
        const schemas = Array.from({ length: last - seed }, (_, index) => randomSchema(seed + index));
        await execute(job.url, schemas.join("\n"));
      }
      const comparison = await dumpBoth({ ...job, tuning: tinyTuning, inputs: { jobs: "3" } });
      expect(listDifferences(comparison)).toEqual([]);
      expect(comparison.ours.blocks.length).toBeGreaterThan(randomSchemas);
    }),
  );

  test("what others insert, update, delete and vacuum meanwhile changes nothing", () =>
    withDatabase(server, {}, async (database) => {
      const job = await jobFor(database);
      await fillShop(job.url, 20_000);
      const [before] = [await hashTables(job.url)];
      let changes: Awaited<ReturnType<typeof startChanges>> | undefined;
      const comparison = await dumpBoth({
        ...job,
        tuning: tinyTuning,
        onSnapshot: async () => {
          changes = await startChanges(job.url);
          await changes.atLeast(3);
        },
      });
      const rounds = (await changes?.stop()) ?? 0;
      expect(listDifferences(comparison, true)).toEqual([]);
      expect(rounds).toBeGreaterThan(3);
      const [restored] = await restoreBothWays(server, bucket, "archive", job.client);
      expect(restored).toEqual(before);
      expect(await hashTables(job.url)).not.toEqual(before);
    }));

  test.each([
    ["LATIN1", "C"],
    ["SQL_ASCII", "C"],
    ["WIN1252", "C"],
    ["EUC_JP", "C"],
  ])("a database in %s", async (encoding, collation) => {
    const database = `in_${encoding.toLowerCase()}`;
    await server.query(
      "postgres",
      `create database ${database} template template0 encoding '${encoding}' lc_collate '${collation}' lc_ctype '${collation}'`,
    );
    const name = encoding === "EUC_JP" ? "表" : "Tàble ü";
    const job = await jobFor(database);
    await execute(
      job.url,
      `create schema "S${name}"; create table "S${name}"."${name}" (id int, "${name}" text);
       insert into "S${name}"."${name}" select i, '${name}' || i from generate_series(1, 2000) i; create table plain as select * from "S${name}"."${name}"`,
    );
    // More tables than a reader locks in one transaction.
    const make = `create table %s as select %L || %s as "${name}"`;
    await execute(
      job.url,
      `do $$ begin for n in 1..230 loop execute format('${make}', 't' || n, '${name}', n); end loop; end $$`,
    );
    const tuning = { ...tinyTuning, lockTableShare: 0 };
    expect(listDifferences(await dumpBoth({ ...job, tuning, inputs: { jobs: "1" } }))).toEqual([]);
    await server.query("postgres", `drop database ${database} with (force)`);
  });

  test("an ordinary owner's database, its tables under row security", async () => {
    const url = await server.createOwner({ role: "owner", database: "owned", password: "secret word" });
    await fillShop(url, 2_000);
    await execute(url, "alter table orders enable row level security; create policy p on orders using (false)");
    expect(listDifferences(await dumpBoth({ ...(await jobFor("owned")), url }))).toEqual([]);
    await server.query("postgres", "drop database owned with (force)");
  });

  test("five thousand tables fit into a lock table of the default size", { timeout: 300_000 }, () =>
    withDatabase(server, {}, async (database) => {
      const job = await jobFor(database);
      const make = (from: number): string =>
        `do $$ begin for n in ${from}..${from + 499} loop execute format('create table t%s (id int, t text); insert into t%s values (%s, ''x'')', n, n, n); end loop; end $$`;
      for (let from = 0; from < 5000; from += 500) await execute(job.url, make(from));
      const comparison = await dumpBoth({ ...job, inputs: { jobs: "4" } });
      expect(listDifferences(comparison)).toEqual([]);
      expect(comparison.dumped.record.rows).toBe(5000);
    }),
  );

  test("a table truncated between the listing and the snapshot is waited for", () =>
    withDatabase(server, {}, async (database) => {
      const job = await jobFor(database);
      await execute(job.url, "create table t as select i from generate_series(1, 100) i");
      const other = new pg.Client({ connectionString: job.url });
      await other.connect();
      await other.query("begin; truncate t; insert into t values (1), (2)");
      const dumping = dumpBoth(job);
      await new Promise((resolve) => setTimeout(resolve, 700));
      await other.query("commit");
      await other.end();
      const { dumped } = await dumping;
      expect(dumped.record.rows).toBe(2);
    }));
});
