import { messageOf } from "../errors.ts";
import { sqlStateOf } from "../postgres/snapshot.ts";
import { isTransient } from "../retry.ts";
import type { CatalogClass } from "./catalog/class.ts";
import type { CatalogObject, Fingerprint } from "./fingerprint-model.ts";
import type { SessionPool } from "./session-pool.ts";

type CatalogRow = Record<string, string | null>;

/** All objects of one class; or, where the class cannot be read, the reason. */
export async function readCatalogClass(
  pool: SessionPool,
  catalogClass: CatalogClass,
  majorVersion: number,
): Promise<{ objects: CatalogObject[]; unread?: string }> {
  const sql = typeof catalogClass.sql === "string" ? catalogClass.sql : catalogClass.sql(majorVersion);
  try {
    const rows = await pool.read(`reading ${catalogClass.object}`, (session) => session.rows<CatalogRow>(sql));
    return { objects: rows.map((row) => toObject(row, catalogClass.object)) };
  } catch (error) {
    if (sqlStateOf(error) === undefined || isTransient(error)) throw error;
    return { objects: [], unread: messageOf(error) };
  }
}

function toObject(row: CatalogRow, className: string): CatalogObject {
  const { object, schema, table, name, ...facts } = row;
  return { object: object ?? className, schema: schema ?? null, table: table ?? null, name: name ?? "", facts };
}

/** What a restore without owners and privileges leaves behind, counted on the source. Its own role counts as well. */
export const leftBehindSql = `
  select
    (select count(distinct (d.classid, d.objid)) from pg_shdepend d where d.deptype = 'o'
      and d.dbid = current.oid)::int8 as owners,
    (select count(distinct (d.classid, d.objid, d.objsubid)) from pg_shdepend d where d.deptype = 'a'
      and d.dbid = current.oid)::int8 as grants,
    (select count(*) from pg_default_acl)::int8 as "defaultPrivileges",
    (select count(*) from pg_db_role_setting s cross join unnest(s.setconfig) where s.setdatabase = current.oid)::int8 as settings,
    (select count(*) from pg_class c where pg_is_in_recovery() and c.relkind = 'r' and c.relpersistence = 'u')::int8 as "unloggedTables"
  from pg_database as current where current.datname = current_database()`;

export type LeftBehind = Fingerprint["left"];
