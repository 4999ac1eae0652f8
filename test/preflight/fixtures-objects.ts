import type { MadeUpExtension } from "../local/postgres/extensions.ts";
import type { Fixture } from "./fixture.ts";

/** What the source's server offers and the target's does not, or not in this version. */
export const sourceExtensions: MadeUpExtension[] = [
  {
    name: "hll",
    version: "2.20",
    sql: `create type hll as (register bytea);
          create function hll_cardinality(hll) returns bigint language sql immutable as 'select 1::bigint';`,
  },
  {
    name: "fancy",
    version: "2.0",
    sql: "create function fancy_sum(int, int) returns int language sql as 'select $1 + $2';",
  },
  {
    name: "plperl",
    version: "1.0",
    sql: "create function plperl_version() returns text language sql as 'select ''x''';",
  },
  {
    name: "pg_cron",
    version: "1.6",
    sql: `create schema cron;
          create table cron.job (jobid bigserial, schedule text, command text, database text default current_database(),
                                 active bool default true, jobname text);
          select pg_catalog.pg_extension_config_dump('cron.job', '');`,
  },
];

export const targetExtensions: MadeUpExtension[] = [
  {
    name: "fancy",
    version: "1.9",
    trusted: true,
    sql: "create function fancy_sum(int, int) returns int language sql as 'select $1 + $2';",
  },
];

const orders =
  "create table customers (id int primary key); create table orders (id int primary key, customer int, note text);";

export const extensionFixtures: Fixture[] = [
  {
    code: "EXTENSION_NOT_OFFERED",
    name: "in use",
    sql: `create extension hll; create table visits (day date, users hll);
          create index on visits (hll_cardinality(users));`,
    objects: ["hll", "column users of table public.visits", /^index public\.visits/u],
    message: /hll 2\.20: not offered by the target; 2 objects depend on it/u,
  },
  {
    code: "EXTENSION_NOT_OFFERED",
    name: "unused",
    sql: "create extension hll",
    objects: ["hll"],
    remedy: /exclude-extensions/u,
    repair: {},
  },
  {
    code: "EXTENSION_LEFT_OUT",
    sql: "create extension pg_buffercache",
    objects: ["pg_buffercache"],
    message: /pg_buffercache \(operations\)/u,
  },
  {
    code: "EXTENSION_LEFT_OUT_IN_USE",
    sql: "create extension citext; create table people (mail citext)",
    arrange: () => ({ inputs: { "exclude-extensions": "citext" } }),
    objects: ["citext", "column mail of table public.people"],
  },
  {
    code: "EXTENSION_MENTIONED",
    sql: `create extension hll;
          create function count_users() returns bigint language plpgsql as $$
            begin return (select hll_cardinality(null)); end $$;`,
    objects: ["public.count_users() calls hll_cardinality of hll"],
  },
  {
    code: "EXTENSION_OLDER_ON_TARGET",
    sql: "create extension fancy",
    objects: ["fancy"],
    message: /2\.0 at the source and 1\.9/u,
  },
  {
    code: "EXTENSION_NOT_CREATABLE",
    sql: "create extension dblink; create view remote as select * from dblink('x', 'y') as t(a int)",
    objects: ["dblink", "view public.remote"],
  },
  {
    code: "EXTENSION_FIXED_SCHEMA",
    sql: "create extension plperl; create view v as select plperl_version()",
    objects: ["plperl", "view public.v"],
  },
  {
    code: "EXTENSION_DATA_LEFT_OUT",
    sql: "create extension pg_cron; insert into cron.job (schedule, command) values ('* * * * *', 'vacuum')",
    objects: ["cron.job"],
  },
  {
    code: "SCHEDULED_JOBS_NOT_CARRIED",
    sql: `create extension pg_cron;
          insert into cron.job (schedule, command, jobname) values ('0 3 * * *', 'delete from old', 'nightly')`,
    objects: ["pg_cron nightly, 0 3 * * *: delete from old"],
    remedy: /Heroku Scheduler/u,
  },
];

export const schemaFixtures: Fixture[] = [
  {
    code: "SCHEMA_LEFT_OUT_IN_USE",
    sql: "create schema google_ads; create table google_ads.campaigns (id int)",
    arrange: () => ({ inputs: { provider: "google-cloud-sql" } }),
    objects: ["google_ads.campaigns"],
    remedy: /exclude-schemas/u,
  },
  {
    code: "FUNCTION_LANGUAGE_NOT_OFFERED",
    sql: "create function my_length(text) returns int language internal immutable strict as 'textlen'",
    objects: ["public.my_length(text) in internal"],
  },
  {
    code: "NEEDS_SUPERUSER",
    sql: `create type celsius;
          create function celsius_in(cstring) returns celsius language internal immutable strict as 'int4in';
          create function celsius_out(celsius) returns cstring language internal immutable strict as 'int4out';
          create type celsius (input = celsius_in, output = celsius_out, like = int4);
          create cast (int4 as celsius) without function;
          create operator class reversed for type int4 using btree as operator 1 >, operator 2 >=, operator 3 =,
            operator 4 <=, operator 5 <, function 1 btint4cmp(int4, int4);
          create access method heap3 type table handler heap_tableam_handler;
          create function sealed(int) returns int language sql immutable leakproof as 'select $1';
          create function loud() returns int language sql set log_statement = 'all' as 'select 1';
          create text search template mine (lexize = dsimple_lexize);`,
    objects: [
      "type public.celsius",
      "cast from integer to public.celsius",
      "operator class public.reversed (btree)",
      "access method heap3",
      "leakproof function public.sealed(integer)",
      "function public.loud() with log_statement=all",
      "text search template public.mine",
    ],
  },
  {
    code: "TABLE_ACCESS_METHOD",
    sql: "create access method heap2 type table handler heap_tableam_handler; create table archive (id int) using heap2",
    objects: ["public.archive uses heap2"],
    repair: {},
  },
  {
    code: "FUNCTION_TOUCHES_SERVER",
    sql: `create function read_log() returns text language sql as $$ select pg_read_file('server.log') $$;
          create procedure export() language plpgsql as $$ begin copy pg_class to program 'gzip'; end $$;`,
    objects: ["public.read_log()", "public.export()"],
  },
  { code: "UNLOGGED_TABLES", sql: "create unlogged table cache (id int)", objects: ["public.cache"], repair: {} },
  {
    code: "TEMPORARY_TABLES",
    arrange: async (stage) => void (await stage.hold("create temporary table basket (id int)")),
    objects: ["basket"],
  },
  {
    code: "MATVIEWS_NOT_POPULATED",
    sql: "create materialized view totals as select 1 as total with no data",
    objects: ["public.totals"],
    repair: {},
  },
  {
    code: "SEARCH_PATH_NEEDED",
    name: "index, check, generated column",
    sql: `create table rates (name text, value int);
          create function rate(text) returns int language sql immutable as 'select max(value) from rates where name = $1';
          create function tidy(text) returns text language plpgsql immutable as $$ begin return clean($1); end $$;
          create function clean(text) returns text language sql immutable as 'select lower($1)';
          create table items (name text check (tidy(name) <> ''), slug text generated always as (tidy(name)) stored);
          insert into items values ('A');
          alter function rate(text) set search_path = public;
          create index items_rate on items (rate(name));
          alter function rate(text) reset search_path;`,
    objects: [
      /^index public\.items_rate: .*rates/u,
      /^constraint .* on public\.items: .*clean/u,
      /^generated column slug/u,
    ],
    repair: {},
  },
  {
    code: "SEARCH_PATH_NEEDED",
    name: "materialized view, function outside public",
    sql: `create schema "My App"; create table "My App".prices (value int); insert into "My App".prices values (1);
          create function "My App".top() returns int language sql set search_path = "My App" as 'select max(value) from prices';
          create materialized view best as select "My App".top() as value;
          alter function "My App".top() reset search_path;`,
    objects: [/^materialized view public\.best/u],
    repair: {},
  },
  {
    code: "INDEX_INVALID",
    sql: orders,
    arrange: async (stage) => {
      const writer = await stage.hold("begin; insert into orders values (1, 1)");
      await stage
        .hold("set statement_timeout = '300ms'", "create index concurrently orders_note on orders (note)")
        .catch(() => {});
      await writer.query("rollback");
    },
    objects: ["public.orders_note on orders"],
    repair: {},
  },
  {
    code: "CONSTRAINT_NOT_VALIDATED",
    sql: `${orders} alter table orders add constraint has_customer foreign key (customer) references customers not valid`,
    objects: ["has_customer on public.orders"],
    repair: {},
  },
  {
    code: "ODD_IDENTIFIERS",
    sql: `create table "two
lines" ("a\tb" int)`,
    objects: ["relation two\nlines", "column a\tb"],
  },
  {
    code: "COLLATION_MISSING",
    sql: `set allow_system_table_mods = on; create collation pg_catalog."tlh_KL" from "C";
          create table words (word text collate "tlh_KL")`,
    objects: ["tlh_KL"],
  },
  {
    code: "POLICY_ROLE_MISSING",
    sql: `create role only_here; create table secrets (id int); alter table secrets enable row level security;
          create policy readers on secrets to only_here using (true);`,
    arrange: (stage) =>
      stage.later(() => stage.server.query(stage.database, "drop owned by only_here; drop role only_here")),
    objects: ["readers on public.secrets names only_here"],
    remedy: /pg:credentials:create/u,
  },
  {
    code: "SECURITY_DEFINER_FUNCTIONS",
    sql: "create function elevate() returns int language sql security definer as 'select 1'",
    objects: ["public.elevate(), owner postgres"],
  },
  {
    code: "PUBLICATIONS_LEFT_OUT",
    sql: `create publication everything for all tables;
          create subscription feed connection 'host=127.0.0.1 port=1 dbname=x' publication p with (connect = false)`,
    arrange: (stage) =>
      stage.later(() =>
        stage.server.query(stage.database, "alter subscription feed set (slot_name = none); drop subscription feed"),
      ),
    objects: ["publication everything", "subscription feed"],
  },
  {
    code: "REPLICATION_SLOT_IN_USE",
    sql: "select pg_create_logical_replication_slot('warehouse', 'pgoutput')",
    arrange: (stage) =>
      stage.later(() => stage.server.query(stage.database, "select pg_drop_replication_slot('warehouse')")),
    objects: ["warehouse (pgoutput, inactive)"],
  },
  {
    code: "EVENT_TRIGGERS_LEFT_OUT",
    sql: `create function watch() returns event_trigger language plpgsql as $$ begin end $$;
          create event trigger watcher on ddl_command_end execute function watch()`,
    objects: ["watcher"],
  },
  {
    code: "TABLESPACES_CLEARED",
    arrange: async ({ server, database, later }) => {
      await server.query("postgres", "create tablespace fast location ''");
      await server.query(database, "create table hot (id int) tablespace fast");
      later(async () => {
        await server.query(database, "drop table hot");
        await server.query("postgres", "drop tablespace fast");
      });
    },
    objects: ["public.hot in fast"],
  },
  {
    code: "FOREIGN_SERVERS",
    sql: `create extension postgres_fdw; create server books foreign data wrapper postgres_fdw options (host 'books.example');
          create user mapping for public server books options (user 'x', password 'hidden-word');
          create foreign table titles (id int) server books;`,
    objects: ["server books (postgres_fdw), 1 foreign tables, 1 user mappings"],
  },
  {
    code: "ROLES_NOT_CARRIED",
    sql: "create role accountant login; create table ledger (id int); alter table ledger owner to accountant",
    arrange: (stage) =>
      stage.later(() => stage.server.query(stage.database, "drop owned by accountant; drop role accountant")),
    objects: ["role accountant (login)", "accountant owns 1 table"],
    remedy: /pg:credentials:create/u,
  },
  {
    code: "GRANTS_NOT_CARRIED",
    sql: `create table prices (id int); create table costs (id int); grant select on prices, costs to public;
          create function secret() returns int language sql as 'select 1'; revoke execute on function secret() from public;`,
    objects: ["everybody: select on 2 tables of public", "everybody had lost execute on function public.secret()"],
  },
  {
    code: "ROLE_SETTINGS_NOT_CARRIED",
    arrange: async ({ server, database }) => {
      await server.query("postgres", `alter database ${database} set timezone = 'Asia/Tokyo'`);
    },
    objects: [/^database test_.*: TimeZone = Asia\/Tokyo$/u],
  },
];

export const dataFixtures: Fixture[] = [
  {
    code: "ORPHAN_ROWS",
    sql: `${orders} insert into orders values (1, 7, 'lost'), (2, null, 'none');
          alter table orders add constraint has_customer foreign key (customer) references customers not valid`,
    arrange: () => ({ inputs: { "data-probes": "true" } }),
    objects: ["has_customer on public.orders: 1"],
  },
  {
    code: "FOREIGN_KEY_BROKEN",
    sql: `${orders} alter table orders add constraint has_customer foreign key (customer) references customers;
          set session_replication_role = replica; insert into orders values (1, 7, 'lost'), (2, 8, 'lost');`,
    arrange: () => ({ inputs: { "data-probes": "true" } }),
    objects: ["has_customer on public.orders: 2"],
  },
  {
    code: "DUPLICATE_KEYS",
    sql: `create table mails (mail text); create unique index mails_key on mails (lower(mail)) where mail <> '';
          insert into mails values ('a@example.org');
          set allow_system_table_mods = on;
          update pg_index set indisready = false where indexrelid = 'mails_key'::regclass;`,
    arrange: async ({ server, database }) => {
      await server.query(database, "insert into mails values ('A@example.org')");
      await server.query(
        database,
        `set allow_system_table_mods = on; update pg_index set indisready = true where indexrelid = 'mails_key'::regclass`,
      );
      return { inputs: { "data-probes": "true" } };
    },
    objects: ["public.mails_key on mails: 1"],
  },
  {
    code: "PROBES_CUT_SHORT",
    sql: `create table many (id int primary key); insert into many select generate_series(1, 300000);`,
    arrange: () => ({ inputs: { "data-probes": "true" }, limits: { probeBudgetMs: 5 } }),
  },
  {
    code: "LARGE_OBJECTS_MANY",
    sql: "select lo_create(0) from generate_series(1, 300)",
    arrange: () => ({ limits: { manyLargeObjects: 300 } }),
    message: /300 large objects of 1 owner/u,
  },
  {
    code: "WIDE_VALUES",
    sql: "create table documents (id int, body text); insert into documents values (1, repeat('wide ', 22000000))",
    objects: ["public.documents.body: 110 MB"],
  },
  {
    code: "VALUE_TOO_WIDE",
    sql: "create table films (id int, film bytea); insert into films values (1, convert_to(repeat('film', 132000000), 'UTF8'))",
    objects: ["public.films.film: 528 MB"],
  },
  {
    code: "STATISTICS_MISSING",
    sql: "create table fresh (id int, note text); insert into fresh select g, repeat('x', 100) from generate_series(1, 20000) g",
    objects: ["public.fresh"],
    repair: {},
  },
];

export const objectFixtures: Fixture[] = [...extensionFixtures, ...schemaFixtures, ...dataFixtures];
