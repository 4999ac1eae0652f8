import type { Session } from "../../postgres/session.ts";
import type { DatabaseFacts } from "../../report.ts";
import type { ProviderMatch } from "../providers/detect.ts";

export interface ServerFacts {
  /** `16.4 (Debian 16.4-1)`, as `server_version` has it. */
  serverVersion: string;
  majorVersion: number;
  /** The whole of `version()`: tells compatible products apart. */
  product: string;
  database: string;
  user: string;
  encoding: string;
  collation: string;
  characterType: string;
  /** `c` of the C library, `i` of ICU, `b` built in; the C library before PostgreSQL 15. */
  localeProvider: string;
  locale: string | null;
  /** Recorded and actual version of the database's collation; null where the server does not keep it (before 15). */
  collationVersion: string | null;
  actualCollationVersion: string | null;
  isSuperuser: boolean;
  bypassesRowSecurity: boolean;
  isStandby: boolean;
  isReadOnly: boolean;
  mayCreate: boolean;
  sizeBytes: number;
  frozenIdAge: number;
  systemIdentifier: string | undefined;
}

const query = `
  select current_setting('server_version') as "serverVersion",
         current_setting('server_version_num')::int / 10000 as "majorVersion",
         version() as product,
         d.datname::text as database, current_user::text as user,
         pg_encoding_to_char(d.encoding)::text as encoding,
         d.datcollate::text as collation, d.datctype::text as "characterType",
         coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') as "localeProvider",
         coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') as locale,
         to_jsonb(d) ->> 'datcollversion' as "collationVersion",
         d.oid as "databaseOid",
         r.rolsuper as "isSuperuser", r.rolbypassrls as "bypassesRowSecurity",
         pg_is_in_recovery() as "isStandby",
         (select reset_val = 'on' from pg_settings where name = 'default_transaction_read_only') as "isReadOnly",
         has_database_privilege(d.oid, 'create') as "mayCreate",
         pg_database_size(d.oid) as "sizeBytes",
         age(d.datfrozenxid) as "frozenIdAge"
    from pg_database d, pg_roles r
   where d.datname = current_database() and r.rolname = current_user`;

const systemIdentifierQuery = `select system_identifier::text from pg_control_system()`;

const actualCollationVersionQuery = `select pg_database_collation_actual_version($1)`;

export async function readServerFacts(session: Session): Promise<ServerFacts> {
  const { databaseOid, ...facts } = await session.row<ServerFacts & { databaseOid: number }>(query);
  const [systemIdentifier, actualCollationVersion] = [
    await session.value<string>(systemIdentifierQuery).catch(() => undefined),
    facts.collationVersion === null ? null : await session.value<string>(actualCollationVersionQuery, [databaseOid]),
  ];
  return { ...facts, systemIdentifier, actualCollationVersion };
}

/** What the report says of the source. */
export function databaseFacts(
  server: ServerFacts,
  provider: ProviderMatch,
  host: string,
  tableCount: number,
): DatabaseFacts {
  return {
    provider: provider.id,
    providerName: provider.profile.name,
    serverVersion: server.serverVersion.replace(/\s.*$/u, ""),
    majorVersion: server.majorVersion,
    database: server.database,
    host,
    user: server.user,
    encoding: server.encoding,
    sizeBytes: server.sizeBytes,
    tableCount,
    ...(server.systemIdentifier === undefined ? {} : { systemIdentifier: server.systemIdentifier }),
    isStandby: server.isStandby,
  };
}
