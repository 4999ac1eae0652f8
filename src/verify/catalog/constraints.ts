import { type CatalogClass, isNoMember, isUserSchema } from "./class.ts";

/**
 * A foreign key that a partition has from its parent is named by its definition: pg_dump writes only the parent's, and the
 * server names the others anew. Not-null constraints of tables are rows of this catalog from 18 on (of domains from 17 on).
 * Keys of partitions are "no inherit" or not by the way in which they were made. "enforced" is false where the triggers behind a foreign key are disabled.
 */
export const constraints: CatalogClass = {
  object: "CONSTRAINT",
  sql: `
    select n.nspname as schema, coalesce(c.relname, t.typname) as "table",
      case when k.contype = 'f' and k.conparentid <> 0 then 'inherited ' || pg_get_constraintdef(k.oid)
        else k.conname end as name,
      k.contype::text as kind,
      pg_get_constraintdef(k.oid) as definition,
      k.convalidated::text as validated,
      k.condeferrable::text as deferrable,
      k.condeferred::text as deferred,
      case when k.contype in ('c', 'n') then k.connoinherit::text end as "no inherit",
      case when k.contype = 'f' then (not exists (
        select from pg_trigger g where g.tgconstraint = k.oid and g.tgisinternal and g.tgenabled <> 'O'))::text end as enforced
    from pg_constraint k
    left join pg_class c on c.oid = k.conrelid
    left join pg_type t on t.oid = k.contypid
    join pg_namespace n on n.oid = coalesce(c.relnamespace, t.typnamespace)
    where ${isUserSchema}
      and case when k.conrelid <> 0 then ${isNoMember("pg_class", "k.conrelid")} else ${isNoMember("pg_type", "k.contypid")} end`,
};
