import type { Session } from "../../postgres/session.ts";

export interface Setting {
  name: string;
  /** What a new session of this user in this database gets, in the setting's base unit. */
  value: string | null;
  unit: string | null;
  /** `user`, `superuser`, `sighup`, `postmaster`, `internal` …: when it can be set. */
  context: string;
  category: string;
  /** `default`, `configuration file`, `database`, `user`, `client` … */
  source: string;
}

/**
 * To be read before the session sets anything: reset_val survives that, source does not.
 */
const query = `
  select name, reset_val as value, unit, context, category, source from pg_catalog.pg_settings order by name`;

export async function listSettings(session: Session): Promise<Setting[]> {
  return await session.rows<Setting>(query);
}

export interface StoredSetting {
  /** Null for every database, or for every role. */
  database: string | null;
  role: string | null;
  name: string;
  value: string;
}

const storedQuery = `
  select d.datname::text as database, r.rolname::text as role,
         split_part(item, '=', 1) as name, substr(item, position('=' in item) + 1) as value
    from pg_db_role_setting s
    left join pg_database d on d.oid = s.setdatabase
    left join pg_roles r on r.oid = s.setrole,
         unnest(s.setconfig) as item
   where (s.setdatabase = 0 or d.datname = current_database())
   order by 1 nulls first, 2 nulls first, 3`;

/** `alter role … set` and `alter database … set` that concern this database. */
export async function listStoredSettings(session: Session): Promise<StoredSetting[]> {
  return await session.rows<StoredSetting>(storedQuery);
}
