import { type CatalogClass, isNoMember, isUserSchema } from "./class.ts";

export const rules: CatalogClass = {
  object: "RULE",
  sql: `
    select n.nspname as schema, c.relname as "table", r.rulename as name,
      pg_get_ruledef(r.oid) as definition,
      r.ev_enabled::text as enabled
    from pg_rewrite r
    join pg_class c on c.oid = r.ev_class
    join pg_namespace n on n.oid = c.relnamespace
    where r.rulename <> '_RETURN' and ${isUserSchema} and ${isNoMember("pg_class", "c.oid")}`,
};
