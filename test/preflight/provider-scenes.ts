import type { Provider } from "../../src/inputs/definitions.ts";
import type { ExtensionRow } from "../../src/report.ts";
import type { Major } from "../local/postgres/binaries.ts";

/** What a provider's database looks like to a client, made up of a real server, stub extensions and markers. */
export interface ProviderScene {
  provider: Provider;
  major: Major;
  /** Resolved to this machine in the test. */
  host: string;
  user: string;
  database: string;
  /** What the server shows besides: without the host's name this must be enough. Empty: the host alone tells. */
  markers: { roles?: string[]; databases?: string[]; available?: string[] };
  /** PostgreSQL's own are the real ones, the others stubs of this version. */
  extensions: { name: string; version?: string; action: ExtensionRow["action"]; class: ExtensionRow["class"] }[];
  verdict: "warnings" | "blocked";
  /** Codes besides those of roles and grants. */
  codes: string[];
}

const create = "create" as const;
const leaveOut = "leave-out" as const;
const agent = "provider-agent" as const;
const data = "data-bearing" as const;

export const providerScenes: readonly ProviderScene[] = [
  {
    provider: "aws-rds",
    major: 16,
    host: "shop.abc123.eu-west-1.rds.amazonaws.com",
    user: "master",
    database: "shop",
    markers: { roles: ["rdsadmin", "rds_superuser"], databases: ["rdsadmin"] },
    extensions: [
      { name: "pg_stat_statements", action: create, class: "operations" },
      { name: "pgcrypto", action: create, class: "other" },
      { name: "uuid-ossp", action: create, class: "other" },
      { name: "aws_commons", version: "1.2", action: leaveOut, class: agent },
      { name: "aws_s3", version: "1.2", action: leaveOut, class: agent },
      { name: "pg_cron", version: "1.6", action: leaveOut, class: "scheduler" },
      { name: "postgis", version: "3.4.3", action: create, class: data },
    ],
    verdict: "warnings",
    codes: ["EXTENSION_LEFT_OUT"],
  },
  {
    provider: "google-cloud-sql",
    major: 16,
    host: "shop.europe-west1.sql.goog",
    user: "postgres_user",
    database: "shop",
    markers: {
      roles: ["cloudsqladmin", "cloudsqlsuperuser"],
      databases: ["cloudsqladmin"],
    },
    extensions: [
      { name: "google_vacuum_mgmt", version: "1.0", action: leaveOut, class: agent },
      { name: "pg_trgm", action: create, class: "other" },
      { name: "vector", version: "0.8.0", action: create, class: data },
      { name: "hypopg", version: "1.4.0", action: leaveOut, class: "operations" },
    ],
    verdict: "warnings",
    codes: ["EXTENSION_LEFT_OUT"],
  },
  {
    provider: "azure",
    major: 17,
    host: "shop.postgres.database.azure.com",
    user: "shopadmin",
    database: "shop",
    markers: {
      roles: ["azure_pg_admin", "azuresu"],
      databases: ["azure_maintenance", "azure_sys"],
    },
    extensions: [
      { name: "azure", version: "1.1", action: leaveOut, class: agent },
      { name: "pgaadauth", version: "1.9", action: leaveOut, class: agent },
      { name: "pg_trgm", action: create, class: "other" },
      { name: "citext", action: create, class: data },
      { name: "azure_storage", version: "1.9", action: leaveOut, class: agent },
      { name: "pg_diskann", version: "0.6.4", action: leaveOut, class: agent },
      { name: "vector", version: "0.8.2", action: create, class: data },
    ],
    verdict: "warnings",
    codes: ["EXTENSION_LEFT_OUT", "EXTENSION_OLDER_ON_TARGET"],
  },
  {
    provider: "linode",
    major: 16,
    host: "a1-akamai-prod-1-default.g2a.akamaidb.net",
    user: "akmadmin",
    database: "defaultdb",
    markers: { available: ["aiven_extras"] },
    extensions: [
      { name: "citext", action: create, class: data },
      { name: "aiven_extras", version: "1.1.21", action: leaveOut, class: agent },
      { name: "dblink", action: create, class: "foreign-data" },
    ],
    verdict: "warnings",
    codes: ["EXTENSION_LEFT_OUT"],
  },
  {
    provider: "upcloud",
    major: 17,
    host: "public-shop-abcdefghijkl.db.upclouddatabases.com",
    user: "upadmin",
    database: "defaultdb",
    markers: { available: ["aiven_extras"] },
    extensions: [
      { name: "uuid-ossp", action: create, class: "other" },
      { name: "pg_cron", version: "1.6", action: leaveOut, class: "scheduler" },
      { name: "aiven_extras", version: "1.1.21", action: leaveOut, class: agent },
    ],
    verdict: "warnings",
    codes: ["EXTENSION_LEFT_OUT"],
  },
  {
    provider: "render",
    major: 17,
    host: "dpg-cabcdefghijklmnopqrs-a.frankfurt-postgres.render.com",
    user: "shop_user",
    database: "shop",
    markers: {},
    extensions: [
      { name: "uuid-ossp", action: create, class: "other" },
      { name: "vector", version: "0.8.0", action: create, class: data },
    ],
    verdict: "warnings",
    codes: [],
  },
  {
    provider: "digitalocean",
    major: 16,
    host: "shop-do-user-1-0.b.db.ondigitalocean.com",
    user: "doadmin",
    database: "defaultdb",
    markers: { roles: ["_doadmin_monitor", "_dodb"], databases: ["_dodb"], available: ["aiven_extras"] },
    extensions: [
      { name: "pg_trgm", action: create, class: "other" },
      { name: "postgis", version: "3.5.7", action: create, class: data },
      { name: "unaccent", action: create, class: "other" },
      { name: "timescaledb", version: "2.19.3", action: "blocked", class: data },
    ],
    verdict: "blocked",
    codes: ["EXTENSION_NOT_OFFERED"],
  },
  {
    provider: "vultr",
    major: 16,
    host: "public-vultr-prod-0b1c-vultr-prod-1.vultrdb.com",
    user: "vultradmin",
    database: "defaultdb",
    markers: { available: ["aiven_extras"] },
    extensions: [
      { name: "pgcrypto", action: create, class: "other" },
      { name: "hstore", action: create, class: data },
      { name: "cube", action: create, class: data },
      { name: "earthdistance", version: "1.1_aiven", action: create, class: "other" },
    ],
    verdict: "warnings",
    codes: [],
  },
  {
    provider: "aiven",
    major: 17,
    host: "public-shop-project.b.aivencloud.com",
    user: "avnadmin",
    database: "defaultdb",
    markers: { roles: ["_aiven"], available: ["aiven_extras"] },
    extensions: [
      { name: "aiven_extras", version: "1.1.21", action: leaveOut, class: agent },
      { name: "dblink", action: create, class: "foreign-data" },
      { name: "vector", version: "0.8.1", action: create, class: data },
      { name: "hll", version: "2.20", action: "blocked", class: data },
    ],
    verdict: "blocked",
    codes: ["EXTENSION_LEFT_OUT", "EXTENSION_NOT_OFFERED"],
  },
];
