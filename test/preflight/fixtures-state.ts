import { open, truncate } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Fixture, Stage } from "./fixture.ts";
import { goodHeroku } from "./scene.ts";

const orders = "create table orders (id int primary key, note text); insert into orders values (1, 'x');";

/** A login that is no superuser; it and what it was given go with the test. */
async function createReader(stage: Stage, name: string): Promise<string> {
  await stage.server.query("postgres", `create role ${name} login password 'reader-password'`);
  stage.later(() => stage.server.query(stage.database, `drop owned by ${name}; drop role ${name}`));
  return stage.server.url({ user: name, password: "reader-password", database: stage.database });
}

/** As much of a file as it takes to make a database look large; the file has no blocks. */
async function inflate(stage: Stage, bytes: number): Promise<void> {
  const [row] = await stage.server.query<{ folder: string }>(
    stage.database,
    "select current_setting('data_directory') || '/base/' || oid as folder from pg_database where datname = current_database()",
  );
  const path = join(row?.folder ?? "", "999999999");
  await (await open(path, "w")).close();
  await truncate(path, bytes);
}

export const privilegeFixtures: Fixture[] = [
  {
    code: "PRIVILEGES_MISSING",
    sql: `create table open_one (id int); create schema "Hidden Place"; create table "Hidden Place".a (id serial);
          create table "Hidden Place".b (id int); create table closed (id serial); grant select on open_one to public;`,
    arrange: async (stage) => ({ source: await createReader(stage, "reader_1") }),
    objects: [
      "schema Hidden Place",
      "Hidden Place.a",
      "Hidden Place.a_id_seq",
      "Hidden Place.b",
      "public.closed",
      "public.closed_id_seq",
    ],
    message: /may not use 1 schema and may not read 5 relations/u,
    remedy: /grant pg_read_all_data to "reader_1"/u,
    repair: {},
  },
  {
    code: "ROW_SECURITY_HIDES_ROWS",
    name: "of another owner",
    sql: `create role tenant; create table accounts (id int); alter table accounts owner to tenant;
          alter table accounts enable row level security; grant select on accounts to public;`,
    arrange: async (stage) => {
      stage.later(() => stage.server.query(stage.database, "drop owned by tenant; drop role tenant"));
      return { source: await createReader(stage, "reader_2") };
    },
    objects: ["public.accounts"],
    repair: {},
  },
  {
    code: "ROW_SECURITY_HIDES_ROWS",
    name: "forced on its owner",
    sql: "create table vaults (id int); alter table vaults enable row level security; alter table vaults force row level security;",
    arrange: async (stage) => {
      const source = await createReader(stage, "reader_3");
      await stage.server.query(stage.database, "alter table vaults owner to reader_3");
      return { source };
    },
    objects: ["public.vaults"],
    repair: {},
  },
  {
    code: "LARGE_OBJECTS_UNREADABLE",
    sql: "select lo_create(4711)",
    arrange: async (stage) => {
      const source = await createReader(stage, "reader_4");
      await stage.server.query("postgres", "grant pg_read_all_data to reader_4");
      return { source };
    },
    objects: ["large object 4711"],
    repair: {},
  },
];

export const activityFixtures: Fixture[] = [
  {
    code: "LONG_TRANSACTIONS",
    arrange: async (stage) => {
      await stage.hold("begin", "select 1");
      await sleep(1100);
      return { limits: { longTransactionSeconds: 1 } };
    },
    objects: [/^process \d+, holder as postgres: open for/u],
  },
  {
    code: "PREPARED_TRANSACTIONS",
    sql: orders,
    arrange: async (stage) => {
      await stage.hold("begin", "insert into orders values (2, 'y')", "prepare transaction 'two-phase'");
      stage.later(() => stage.server.query(stage.database, "rollback prepared 'two-phase'"));
    },
    objects: [/^two-phase of postgres/u],
    remedy: /rollback prepared 'two-phase'/u,
  },
  {
    code: "LOCKS_HELD",
    sql: orders,
    arrange: async (stage) => void (await stage.hold("begin", "lock table orders in access exclusive mode")),
    objects: [/holder as postgres: holds public\.orders$/u],
  },
  {
    code: "MAINTENANCE_RUNNING",
    sql: orders,
    arrange: async (stage) => {
      const writer = await stage.hold("begin", "insert into orders values (2, 'y')");
      const builder = await stage.hold("select 1");
      const building = builder.query("create index concurrently slow on orders (note)").catch(() => {});
      stage.later(async () => {
        await writer.query("rollback");
        await building;
      });
      await sleep(200);
    },
    objects: [/CREATE INDEX CONCURRENTLY/u],
  },
  {
    code: "WRAPAROUND_NEAR",
    arrange: async ({ server, database }) => {
      await server.query(
        database,
        `set allow_system_table_mods = on;
         update pg_database set datfrozenxid = (((pg_current_xact_id()::text::int8 + 4294967296 - 1600000000) % 4294967296)::text)::xid
          where datname = current_database()`,
      );
    },
    message: /1,600,000,0\d\d old/u,
  },
  {
    code: "CONNECTIONS_NONE_FREE",
    arrange: async (stage) => {
      const source = await createReader(stage, "reader_5");
      await stage.server.query("postgres", "alter role reader_5 connection limit 2");
      return { source };
    },
    objects: ["role: 1 of 2 used"],
    unanswered: ["COULD_NOT_CHECK_SHARED_SNAPSHOT"],
    repair: {},
  },
  {
    code: "CONNECTIONS_FEW_FREE",
    arrange: async (stage) => {
      const source = await createReader(stage, "reader_6");
      await stage.server.query("postgres", `alter database ${stage.database} connection limit 4`);
      return { source, inputs: { jobs: "8" } };
    },
    objects: ["database: 1 of 4 used"],
    repair: {},
  },
  {
    code: "WRITES_ARRIVING",
    sql: orders,
    arrange: async (stage) => {
      const writer = await stage.hold("select 1");
      const stop = new AbortController();
      const writing = (async () => {
        while (!stop.signal.aborted) {
          await writer.query("update orders set note = note || 'z' where id = 1; select pg_stat_force_next_flush()");
          await sleep(5);
        }
      })();
      stage.later(async () => {
        stop.abort();
        await writing;
      });
    },
    message: /rows were written/u,
  },
  {
    code: "TIMEOUTS_SET",
    name: "of the role",
    arrange: async (stage) => {
      const source = await createReader(stage, "reader_7");
      await stage.server.query("postgres", "alter role reader_7 set statement_timeout = '30s'");
      return { source };
    },
    objects: ["statement_timeout (set by user)"],
    message: /statement_timeout = 30000 ms/u,
    repair: {},
  },
  {
    code: "TIMEOUTS_SET",
    name: "of the database",
    arrange: async ({ server, database }) => {
      await server.query("postgres", `alter database ${database} set idle_in_transaction_session_timeout = '1min'`);
    },
    objects: ["idle_in_transaction_session_timeout (set by database)"],
    repair: {},
  },
  {
    code: "SETTINGS_CHANGE_BEHAVIOUR",
    sql: "create schema app",
    arrange: async ({ server, database, targetServer, target, later }) => {
      await server.query(
        database,
        `alter database ${database} set timezone = 'Asia/Tokyo'; alter database ${database} set search_path = "$user", app, public;
         alter database ${database} set datestyle = 'ISO, DMY'`,
      );
      later(() => targetServer.query("postgres", `alter database ${target.database} reset all`));
    },
    objects: [/^TimeZone: Asia\/Tokyo at the source/u, /^search_path: "\$user", app, public at the source/u],
    repair: { on: "target" },
  },
  {
    code: "COLLATION_VERSION_CHANGED",
    sql: `create collation nordic (provider = icu, locale = 'nb-NO'); create table names (name text collate nordic primary key);
          update pg_collation set collversion = '1' where collname = 'nordic';`,
    objects: [/^collation public\.nordic: 1, now/u],
    repair: {},
  },
];

export const capacityFixtures: Fixture[] = [
  { code: "SIZE_LARGE", arrange: (stage) => inflate(stage, 25e9), message: /25\.0 GB/u },
  { code: "SIZE_TOO_LARGE", arrange: (stage) => inflate(stage, 120e9), message: /120 GB/u },
  {
    code: "SIZE_OVER_PLAN",
    arrange: async (stage) => {
      await inflate(stage, 2e9);
      return { heroku: withPlan("essential-0") };
    },
    message: /essential-0 holds 1\.0 GB/u,
    remedy: /heroku addons:upgrade postgresql-curved-12345/u,
  },
  {
    code: "SIZE_NEAR_PLAN",
    arrange: async (stage) => {
      await inflate(stage, 9e9);
      return { heroku: withPlan("essential-1") };
    },
  },
  {
    code: "TABLES_OVER_PLAN",
    sql: "create table a (id int); create table b (id int); create table c (id int);",
    arrange: () => ({ heroku: { ...goodHeroku, info: { ...goodHeroku.info, tableLimit: 2 } } }),
    message: /3 tables, .* allows 2/u,
  },
  {
    code: "CONNECTIONS_OVER_PLAN",
    arrange: async (stage) => {
      await stage.hold("select 1");
      await stage.hold("select 1");
      return { heroku: { ...goodHeroku, info: { ...goodHeroku.info, connectionLimit: 1 } } };
    },
  },
  {
    code: "TIME_OVER_DEADLINE",
    sql: "create table big (id int, note text); insert into big select g, repeat('x', 500) from generate_series(1, 20000) g; analyze",
    arrange: ({ server, database }) =>
      server
        .query(
          database,
          "set allow_system_table_mods = on; update pg_class set reltuples = 500000000 where relname = 'big'",
        )
        .then(() => ({})),
    message: /The plan takes/u,
  },
];

function withPlan(name: string): typeof goodHeroku {
  const { planBytes: _, ...info } = goodHeroku.info;
  return { ...goodHeroku, addon: { ...goodHeroku.addon, plan: `heroku-postgresql:${name}` }, info };
}

export const targetFixtures: Fixture[] = [
  {
    code: "TARGET_NOT_EMPTY",
    arrange: (stage) => fillTarget(stage),
    objects: ["public.old"],
  },
  {
    code: "TARGET_NO_WAY_BACK",
    arrange: async (stage) => {
      await fillTarget(stage);
      const heroku = { ...goodHeroku, info: { ...goodHeroku.info, hasRollback: false } };
      return { heroku, inputs: { "safety-backup": "never" } };
    },
  },
  {
    code: "TARGET_SESSIONS",
    arrange: async (stage) => {
      const { default: pg } = await import("pg");
      const client = new pg.Client({
        connectionString: stage.targetServer.superuserUrl(stage.target.database),
        application_name: "worker.1",
      });
      await client.connect();
      stage.later(() => client.end());
    },
    objects: ["worker.1 as postgres: 1"],
  },
  {
    code: "TARGET_READ_ONLY",
    arrange: async ({ targetServer, target, later }) => {
      const alter = (value: string): Promise<unknown> =>
        targetServer.query(
          "postgres",
          `alter database ${target.database} set default_transaction_read_only = ${value}`,
        );
      await alter("on");
      later(() => alter("off"));
    },
    objects: ["default_transaction_read_only is on"],
  },
];

async function fillTarget({ targetServer, target, later }: Stage): Promise<void> {
  await targetServer.query(target.database, "create table old (id int)");
  later(() => targetServer.query(target.database, "drop table old"));
}

export const stateFixtures: Fixture[] = [
  ...privilegeFixtures,
  ...activityFixtures,
  ...capacityFixtures,
  ...targetFixtures,
];
