import { type CatalogClass, isNoMember, isUserSchema, qualified } from "./class.ts";

export const indexes: CatalogClass = {
  object: "INDEX",
  sql: `
    select n.nspname as schema, c.relname as "table", i.relname as name,
      pg_get_indexdef(x.indexrelid) as definition,
      x.indisvalid::text as valid,
      x.indisready::text as ready,
      x.indislive::text as live,
      x.indisunique::text as "unique",
      x.indimmediate::text as immediate,
      x.indisclustered::text as "clustered on",
      x.indisreplident::text as "replica identity",
      (select string_agg(a.attnum || '=' || a.attstattarget, ', ' order by a.attnum) from pg_attribute a
        where a.attrelid = x.indexrelid and a.attstattarget >= 0) as "statistics targets",
      (select ${qualified("pn.nspname", "p.relname")} from pg_inherits h
        join pg_class p on p.oid = h.inhparent join pg_namespace pn on pn.oid = p.relnamespace
        where h.inhrelid = x.indexrelid) as "attached to"
    from pg_index x
    join pg_class i on i.oid = x.indexrelid
    join pg_class c on c.oid = x.indrelid
    join pg_namespace n on n.oid = c.relnamespace
    where c.relpersistence <> 't' and ${isUserSchema} and ${isNoMember("pg_class", "c.oid")}`,
};
