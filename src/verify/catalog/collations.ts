import { type CatalogClass, isNoMember, isUserSchema } from "./class.ts";

/** The version of the library behind it belongs to the machine. Its locale's column was renamed in 15 and 17. */
export const collations: CatalogClass = {
  object: "COLLATION",
  sql: `
    select n.nspname as schema, c.collname as name,
      c.collprovider::text as provider,
      c.collisdeterministic::text as deterministic,
      coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale', c.collcollate) as locale,
      case c.collprovider when 'c' then c.collctype end as "character type",
      to_jsonb(c) ->> 'collicurules' as rules
    from pg_collation c
    join pg_namespace n on n.oid = c.collnamespace
    where ${isUserSchema} and ${isNoMember("pg_collation", "c.oid")}`,
};
