import type { CatalogClass } from "./class.ts";

export const extensions: CatalogClass = {
  object: "EXTENSION",
  sql: `
    select e.extname as name, n.nspname as "in schema", e.extversion as version
    from pg_extension e
    join pg_namespace n on n.oid = e.extnamespace`,
};
