import { open } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { parseDatabaseUrl } from "../../src/postgres/database-url.ts";
import type { Major } from "../local/postgres/binaries.ts";
import { type PostgresServer, type ServerOptions, startPostgres } from "../local/postgres/servers.ts";
import type { Fixture, Stage } from "./fixture.ts";
import { startBalancer } from "./network.ts";
import { createTarget, goodRunner } from "./scene.ts";
import { startStandby } from "./standby.ts";

/** Servers of other majors and settings, each for its own fixture. */
async function startFor(stage: Stage, options: ServerOptions): Promise<PostgresServer> {
  const server = await startPostgres(options);
  stage.later(() => server.stop());
  return server;
}

function majors(source: Major, target: Major, client: number): NonNullable<Fixture["arrange"]> {
  return async (stage) => {
    const from = await startFor(stage, { major: source });
    const to = target === source ? from : await startFor(stage, { major: target });
    return {
      source: from.superuserUrl("postgres"),
      target: await createTarget(to, "target"),
      runner: { ...goodRunner, client: { major: client, version: `${client}.1` } },
    };
  };
}

/** A target with another encoding or collation than UTF8 and C.UTF-8. */
function sourceWith(options: string): NonNullable<Fixture["arrange"]> {
  return async ({ server, later }) => {
    await server.query("postgres", `create database other_text template template0 ${options}`);
    later(() => server.query("postgres", "drop database other_text with (force)"));
    return { source: server.superuserUrl("other_text") };
  };
}

async function makeTables(server: PostgresServer, count: number, indexes = ""): Promise<void> {
  const client = new pg.Client({ connectionString: server.superuserUrl("postgres") });
  await client.connect();
  for (let number = 0; number < count; number += 1) {
    await client.query(`create table t${number} (a int, b int, c int, d int)`);
    for (const column of indexes) await client.query(`create index on t${number} (${column})`);
  }
  await client.end();
}

/** Room for 10 × (20 + 0) locks. */
const smallLockTable = { max_locks_per_transaction: "10", max_connections: "20", superuser_reserved_connections: "3" };

/** Overwrites the row of a page on disk, which the server then reads for the first time. */
async function damagePage(server: PostgresServer): Promise<void> {
  await server.query("postgres", "create table brittle as select repeat('x', 100) as note from generate_series(1, 50)");
  const [row] = await server.query<{ path: string }>(
    "postgres",
    "select current_setting('data_directory') || '/' || pg_relation_filepath('brittle') as path",
  );
  await server.restart();
  await using file = await open(join(row?.path ?? ""), "r+");
  await file.write("damaged", 6000);
}

export const serverFixtures: Fixture[] = [
  {
    code: "SNAPSHOT_NOT_SHARED",
    arrange: async (stage) => {
      const balancer = await startBalancer([stage.server.port, stage.targetServer.port]);
      stage.later(() => balancer[Symbol.asyncDispose]());
      return {
        source:
          stage.server.superuserUrl("postgres").replace(`:${stage.server.port}/`, `:${balancer.port}/`) +
          "?sslmode=disable",
      };
    },
    message: /could not join the first one's snapshot: .*snapshot/u,
    remedy: /dump-engine: pg_dump/u,
  },
  {
    code: "SOURCE_IS_STANDBY",
    arrange: async (stage) => {
      const standby = await startStandby(stage.server, "hot_standby_feedback = on");
      stage.later(() => standby[Symbol.asyncDispose]());
      return { source: standby.url };
    },
  },
  {
    code: "STANDBY_MAY_CANCEL",
    arrange: async (stage) => {
      const standby = await startStandby(stage.server, "hot_standby_feedback = off");
      stage.later(() => standby[Symbol.asyncDispose]());
      return { source: standby.url };
    },
    message: /hot_standby_feedback is off and max_standby_streaming_delay is 30s/u,
  },
  { code: "SOURCE_NEWER_THAN_TARGET", arrange: majors(17, 16, 16), remedy: /--version 17 --app example-app/u },
  {
    code: "MAJOR_VERSION_CHANGES",
    arrange: majors(14, 18, 18),
    message: /From PostgreSQL 14 to 18/u,
    objects: [/^15: only the database's owner/u, /^18: /u],
  },
  { code: "TARGET_MAJOR_RETIRING", arrange: majors(15, 15, 15), message: /The target is PostgreSQL 15/u },
  {
    code: "COLLATION_DIFFERS",
    arrange: sourceWith("lc_collate 'C' lc_ctype 'C'"),
    message: /C of the C library, the target C\.UTF-8/u,
  },
  {
    code: "ENCODING_CONVERTED",
    arrange: sourceWith("encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'"),
    message: /LATIN1, the target's UTF8/u,
  },
  { code: "ENCODING_UNSAFE", arrange: sourceWith("encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'") },
  {
    code: "LOCK_TABLE_TOO_SMALL",
    arrange: async (stage) => {
      const server = await startFor(stage, { major: 17, settings: smallLockTable });
      await makeTables(server, 201);
      return { source: server.superuserUrl("postgres") };
    },
    objects: ["max_locks_per_transaction × (max_connections + max_prepared_transactions) = 200"],
  },
  {
    code: "LOCK_TABLE_TIGHT",
    arrange: async (stage) => {
      const server = await startFor(stage, { major: 17, settings: smallLockTable });
      await makeTables(server, 60, "abc");
      return { source: server.superuserUrl("postgres") };
    },
    message: /60 relations with 180 indexes/u,
  },
  {
    code: "CHECKSUM_FAILURES",
    arrange: async (stage) => {
      const server = await startFor(stage, { major: 17, initdbArgs: ["--data-checksums"] });
      await damagePage(server);
      await server.query("postgres", "select count(*) from brittle").catch(() => {});
      return {
        source: server.superuserUrl("postgres"),
        target: parseDatabaseUrl(stage.targetServer.superuserUrl("target"), "target"),
      };
    },
    message: /counted \d damaged pages?/u,
  },
];
