import { type CatalogClass, isNoMember, isUserSchema } from "./class.ts";

export const statistics: CatalogClass = {
  object: "STATISTICS",
  sql: `
    select n.nspname as schema, s.stxname as name,
      pg_get_statisticsobjdef(s.oid) as definition,
      nullif(to_jsonb(s) ->> 'stxstattarget', '-1') as "statistics target"
    from pg_statistic_ext s
    join pg_namespace n on n.oid = s.stxnamespace
    where ${isUserSchema} and ${isNoMember("pg_statistic_ext", "s.oid")}`,
};
