import { type CatalogClass, isNoMember, isUserSchema } from "./class.ts";

export const policies: CatalogClass = {
  object: "POLICY",
  sql: `
    select n.nspname as schema, c.relname as "table", p.polname as name,
      p.polcmd::text as command,
      p.polpermissive::text as permissive,
      (select string_agg(coalesce(r.rolname, 'public'), ', ' order by r.rolname collate "C")
        from unnest(p.polroles) as role left join pg_roles r on r.oid = role) as roles,
      pg_get_expr(p.polqual, p.polrelid) as "using",
      pg_get_expr(p.polwithcheck, p.polrelid) as "with check"
    from pg_policy p
    join pg_class c on c.oid = p.polrelid
    join pg_namespace n on n.oid = c.relnamespace
    where ${isUserSchema} and ${isNoMember("pg_class", "c.oid")}`,
};
