import type { MadeUpExtension } from "../postgres/extensions.ts";

/**
 * Stand-ins for extensions that providers offer and PostgreSQL does not ship: plain SQL with the schemas, tables and types
 * by which the real ones are met in a catalog and in an archive.
 */
export function stub(name: string, version: string, sql = ""): MadeUpExtension {
  return { name, version, sql };
}

export const aivenExtras = stub(
  "aiven_extras",
  "1.1.21",
  `create schema aiven_extras;
   create function aiven_extras.version() returns text language sql as $$ select '1.1.21'::text $$;`,
);

/** Its jobs are rows of a table whose rows the extension asks pg_dump to carry. */
export const pgCron = stub(
  "pg_cron",
  "1.6",
  `create schema cron;
   create table cron.job (
     jobid bigserial primary key, schedule text not null, command text not null,
     database text not null default current_database(), username text not null default current_user,
     active boolean not null default true, jobname text
   );
   grant usage on schema cron to public;
   grant select on cron.job to public;
   select pg_catalog.pg_extension_config_dump('cron.job', '');
   select pg_catalog.pg_extension_config_dump('cron.job_jobid_seq', '');`,
);

/** A column type and rows of reference data, to which users add their own. */
export function postgis(version: string): MadeUpExtension {
  return stub(
    "postgis",
    version,
    `create domain geometry as text check (value ~ '^[A-Z]+ ?\\(');
     create table spatial_ref_sys (srid integer primary key, auth_name text, srtext text);
     insert into spatial_ref_sys values (4326, 'EPSG', 'WGS 84');
     grant select on spatial_ref_sys to public;
     select pg_catalog.pg_extension_config_dump('spatial_ref_sys', 'where srid not in (4326)');`,
  );
}

export function vector(version: string): MadeUpExtension {
  return stub("vector", version, "create domain vector as real[]");
}

export const googleVacuumMgmt = stub(
  "google_vacuum_mgmt",
  "1.0",
  `create schema google_vacuum_mgmt;
   create table google_vacuum_mgmt.settings (name text, value text);
   select pg_catalog.pg_extension_config_dump('google_vacuum_mgmt.settings', '');
   create function google_vacuum_mgmt.get_progress() returns integer language sql as 'select 1';`,
);

export const awsS3 = stub(
  "aws_s3",
  "1.2",
  `create schema aws_s3;
   create function aws_s3.export_version() returns text language sql as $$ select '1.2'::text $$;`,
);

export const awsCommons = stub(
  "aws_commons",
  "1.2",
  "create schema aws_commons; create type aws_commons._s3_uri_1 as (bucket text, file_path text, region text);",
);

export const hll = stub("hll", "2.20", "create domain hll as bytea");

export const timescaledb = stub(
  "timescaledb",
  "2.19.3",
  `create function time_bucket(bucket interval, at timestamptz) returns timestamptz immutable language sql
     as $$ select date_bin(bucket, at, '2000-01-01') $$;`,
);
