import { type CatalogClass, firstUserOid } from "./class.ts";

/**
 * `object_names` begins with the schema for what belongs to a table; `identity` is unique within its kind. The comment
 * that a new database has on the schema public counts as none.
 */
function labelled(catalog: string, text: string): string {
  return `
    select coalesce(i.schema, case when array_length(a.object_names, 1) > 1 then a.object_names[1]
        when i.type = 'schema' then a.object_names[1] end) as schema,
      i.type || ' ' || coalesce(i.identity, '') as name,
      ${text}
    from ${catalog} d
    cross join lateral pg_identify_object(d.classoid, d.objoid, d.objsubid) as i
    cross join lateral pg_identify_object_as_address(d.classoid, d.objoid, d.objsubid) as a
    where (d.objoid >= ${firstUserOid} or d.classoid = 'pg_namespace'::regclass and i.identity = 'public')
      and coalesce(i.schema, '') !~ '^pg_'
      and not exists (select from pg_depend m where m.classid = d.classoid and m.objid = d.objoid and m.deptype = 'e')`;
}

export const comments: CatalogClass = {
  object: "COMMENT",
  sql: `select * from (${labelled("pg_description", "d.description as text")}) as comments
    where not (name = 'schema public' and text = 'standard public schema')`,
};

export const securityLabels: CatalogClass = {
  object: "SECURITY LABEL",
  sql: labelled("pg_seclabel", "d.provider as provider, d.label as label"),
};
