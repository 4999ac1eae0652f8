import { type CatalogClass, isNoMember, isUserSchema, digestOfOptions, qualified } from "./class.ts";

/**
 * Columns of tables, views and foreign tables, and the attributes of composite types. The place among the columns is not
 * compared for a child of an inheritance tree: pg_dump creates it with the inherited columns first. `attstattarget` says
 * "default" as -1 up to 16 and as null from 17 on.
 */
export const columns: CatalogClass = {
  object: "COLUMN",
  sql: `
    select n.nspname as schema, c.relname as "table", a.attname as name,
      format_type(a.atttypid, a.atttypmod) as type,
      case when not exists (select from pg_inherits i where i.inhrelid = c.oid) or c.relispartition
        then (row_number() over (partition by c.oid order by a.attnum))::text end as place,
      a.attnotnull::text as "not null",
      pg_get_expr(d.adbin, d.adrelid) as "default",
      a.attidentity::text as identity,
      a.attgenerated::text as generation,
      case when a.attcollation <> t.typcollation then ${qualified("cn.nspname", "coll.collname")} end as collation,
      a.attstorage::text as storage,
      nullif(to_jsonb(a) ->> 'attcompression', '') as compression,
      nullif(to_jsonb(a) ->> 'attstattarget', '-1') as "statistics target",
      array_to_string(a.attoptions, ', ') as options,
      ${digestOfOptions("a.attfdwoptions")} as "foreign options"
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_type t on t.oid = a.atttypid
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    left join pg_collation coll on coll.oid = a.attcollation
    left join pg_namespace cn on cn.oid = coll.collnamespace
    where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and c.relpersistence <> 't'
      and ${isUserSchema} and ${isNoMember("pg_class", "c.oid")} and ${isNoMember("pg_type", "c.reltype")}`,
};
