import { type CatalogClass, isNoMember, isUserSchema } from "./class.ts";

export const schemas: CatalogClass = {
  object: "SCHEMA",
  sql: `
    select n.nspname as name
    from pg_namespace n
    where ${isUserSchema} and ${isNoMember("pg_namespace", "n.oid")}`,
};
