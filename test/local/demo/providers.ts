import type { MadeUpExtension } from "../postgres/extensions.ts";
import {
  aivenExtras,
  awsCommons,
  awsS3,
  googleVacuumMgmt,
  hll,
  pgCron,
  postgis,
  stub,
  timescaledb,
  vector,
} from "./stubs.ts";

/** What makes a plain server look like a provider's, and a database like one of its customers'. */
export interface ProviderSource {
  /** Roles that the provider creates. */
  roles: string[];
  /** Databases beside the customer's. */
  databases: string[];
  /** The provider's own extensions: in every database, nowhere else. */
  agents: MadeUpExtension[];
  /** Offered, and not installed. */
  offered: MadeUpExtension[];
  /** What a customer has installed: extensions that PostgreSQL ships by name, others as stand-ins. */
  installed: (string | MadeUpExtension)[];
  /** More of the provider or of its tools in the customer's database; run as superuser. */
  agentSql: string;
  /** What the customer keeps in these extensions; run as the owner. */
  customerSql: string;
  /** An extension that Heroku lacks, and a use of it: a stop. */
  stop?: { extension: MadeUpExtension; use: string; undo: string };
  /** Nothing on a server tells this provider: the host's name does, or the input. */
  isFoundByHostOnly?: boolean;
}

const plain: ProviderSource = {
  roles: [],
  databases: [],
  agents: [],
  offered: [],
  installed: [],
  agentSql: "",
  customerSql: "",
};
const aivenFamily: ProviderSource = { ...plain, offered: [aivenExtras], databases: ["defaultdb"] };

const embeddings = `
  create table embeddings (id integer primary key, embedding vector not null);
  insert into embeddings select i, array[i, i / 2.0, 0.25]::real[] from generate_series(1, 200) i;`;
const places = `
  create table places (id integer primary key, location geometry);
  insert into places select i, 'POINT(' || i || ' 0)' from generate_series(1, 200) i;`;

export const providerSources: Readonly<Record<string, ProviderSource>> = {
  "aws-rds": {
    ...plain,
    roles: ["rdsadmin", "rds_superuser"],
    databases: ["rdsadmin"],
    agents: [awsCommons, awsS3],
    installed: ["pg_stat_statements", "pgcrypto", "uuid-ossp", pgCron, postgis("3.4.3")],
    agentSql: `
      create schema awsdms_control;
      create function awsdms_control.intercept() returns event_trigger language plpgsql as 'begin end';
      create event trigger awsdms_intercept_ddl on ddl_command_end execute function awsdms_control.intercept();
      insert into cron.job (schedule, command, username, jobname)
      values ('5 4 * * *', 'delete from entries where amount is null', 'customer', 'nightly');`,
    customerSql: places,
  },
  "google-cloud-sql": {
    ...plain,
    roles: ["cloudsqladmin", "cloudsqlsuperuser"],
    databases: ["cloudsqladmin"],
    agents: [googleVacuumMgmt],
    installed: ["pg_trgm", vector("0.8.0"), stub("hypopg", "1.4.0")],
    customerSql: `${embeddings} create index entries_note on entries using gin (note gin_trgm_ops);`,
  },
  azure: {
    ...plain,
    roles: ["azure_pg_admin", "azuresu"],
    databases: ["azure_maintenance", "azure_sys"],
    agents: [stub("azure", "1.1"), stub("pgaadauth", "1.9"), stub("azure_storage", "1.9"), stub("pg_diskann", "0.6.4")],
    installed: ["pg_trgm", "citext", vector("0.8.2")],
    customerSql: `${embeddings} create table people (email citext primary key); insert into people values ('A@example.com');`,
  },
  linode: {
    ...aivenFamily,
    roles: ["akmadmin"],
    agents: [aivenExtras],
    installed: ["citext", "dblink"],
    customerSql: "create table people (email citext primary key); insert into people values ('A@example.com');",
  },
  upcloud: {
    ...aivenFamily,
    roles: ["upadmin"],
    agents: [aivenExtras],
    installed: ["uuid-ossp", pgCron],
    customerSql: "create table keys (id uuid primary key default uuid_generate_v4()); insert into keys default values;",
  },
  render: { ...plain, isFoundByHostOnly: true, installed: ["uuid-ossp", vector("0.8.0")], customerSql: embeddings },
  digitalocean: {
    ...aivenFamily,
    roles: ["doadmin", "_dodb"],
    databases: ["_dodb", "defaultdb"],
    installed: ["pg_trgm", postgis("3.5.7"), "unaccent"],
    customerSql: places,
    stop: {
      extension: timescaledb,
      use: "create view hourly as select time_bucket('1 hour', at) as hour, count(*) as count from entries group by 1",
      undo: "drop view hourly",
    },
  },
  vultr: {
    ...aivenFamily,
    roles: ["vultradmin"],
    installed: [
      "pgcrypto",
      "hstore",
      "cube",
      stub("earthdistance", "1.1_aiven", "create domain earth as double precision"),
    ],
    customerSql: "create table labels (id integer primary key, tags hstore); insert into labels values (1, 'a=>1');",
  },
  aiven: {
    ...aivenFamily,
    roles: ["_aiven", "avnadmin"],
    agents: [aivenExtras],
    installed: ["dblink", vector("0.8.1")],
    customerSql: embeddings,
    stop: {
      extension: hll,
      use: "create table visitors (day date primary key, seen hll); insert into visitors values ('2025-01-01', '\\x12')",
      undo: "drop table visitors",
    },
  },
  generic: plain,
};

/** What Heroku offers and PostgreSQL does not ship. */
export const herokuExtensions = [postgis("3.5.3"), vector("0.8.0")];
