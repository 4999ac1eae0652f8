import { type CatalogClass, isNoMember, isUserSchema } from "./class.ts";

export const triggers: CatalogClass = {
  object: "TRIGGER",
  sql: `
    select n.nspname as schema, c.relname as "table", t.tgname as name,
      pg_get_triggerdef(t.oid) as definition,
      t.tgenabled::text as enabled
    from pg_trigger t
    join pg_class c on c.oid = t.tgrelid
    join pg_namespace n on n.oid = c.relnamespace
    where not t.tgisinternal and ${isUserSchema} and ${isNoMember("pg_class", "c.oid")} and ${isNoMember("pg_trigger", "t.oid")}`,
};
