import { type CatalogClass, isNoMember, isUserSchema, sortedText } from "./class.ts";

export const views: CatalogClass = {
  object: "VIEW",
  sql: `
    select n.nspname as schema, c.relname as name,
      case c.relkind when 'v' then 'VIEW' else 'MATERIALIZED VIEW' end as object,
      pg_get_viewdef(c.oid) as definition,
      case when c.relkind = 'm' then c.relispopulated::text end as populated,
      case when c.relkind = 'm' then am.amname end as "access method",
      ${sortedText("c.reloptions")} as options
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    left join pg_am am on am.oid = c.relam
    where c.relkind in ('v', 'm') and c.relpersistence <> 't' and ${isUserSchema} and ${isNoMember("pg_class", "c.oid")}`,
};
