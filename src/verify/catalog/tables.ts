import { type CatalogClass, isNoMember, isUserSchema, qualified, sortedText } from "./class.ts";

/** Partitions and inheritance are facts of the child: its parents in order and its bound. */
export const tables: CatalogClass = {
  object: "TABLE",
  sql: `
    select n.nspname as schema, c.relname as name,
      c.relkind::text as kind,
      c.relpersistence::text as persistence,
      case when c.relkind = 'r' then coalesce(am.amname, 'heap') end as "access method",
      ${sortedText("c.reloptions")} as options,
      ${sortedText("toast.reloptions")} as "TOAST options",
      c.relreplident::text as "replica identity",
      (select ri.relname from pg_index x join pg_class ri on ri.oid = x.indexrelid
        where x.indrelid = c.oid and x.indisreplident) as "replica identity index",
      c.relrowsecurity::text as "row-level security",
      c.relforcerowsecurity::text as "forced row-level security",
      case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as "partition key",
      pg_get_expr(c.relpartbound, c.oid) as "partition bound",
      (select string_agg(${qualified("pn.nspname", "p.relname")}, ', ' order by i.inhseqno)
        from pg_inherits i join pg_class p on p.oid = i.inhparent join pg_namespace pn on pn.oid = p.relnamespace
        where i.inhrelid = c.oid) as parents,
      nullif(c.reloftype, 0)::regtype::text as "row type"
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    left join pg_am am on am.oid = c.relam
    left join pg_class toast on toast.oid = c.reltoastrelid
    where c.relkind in ('r', 'p') and c.relpersistence <> 't' and ${isUserSchema} and ${isNoMember("pg_class", "c.oid")}`,
};
