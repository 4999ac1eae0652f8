import { type CatalogClass, isNoMember, isUserSchema } from "./class.ts";

/** Up to 14 a partition's share in its parent's trigger counts as internal, like the triggers behind a key. */
const isUsers = `(not t.tgisinternal
      or coalesce((to_jsonb(t) ->> 'tgparentid')::oid, 0) <> 0 and f.proname !~ '^RI_FKey_' and f.proname <> 'unique_key_recheck')`;

export const triggers: CatalogClass = {
  object: "TRIGGER",
  sql: `
    select n.nspname as schema, c.relname as "table", t.tgname as name,
      pg_get_triggerdef(t.oid) as definition,
      t.tgenabled::text as enabled
    from pg_trigger t
    join pg_class c on c.oid = t.tgrelid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_proc f on f.oid = t.tgfoid
    where ${isUsers} and ${isUserSchema} and ${isNoMember("pg_class", "c.oid")} and ${isNoMember("pg_trigger", "t.oid")}`,
};
