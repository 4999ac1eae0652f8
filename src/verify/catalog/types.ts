import { type CatalogClass, isNoMember, isUserSchema, qualified } from "./class.ts";

/** Without the types that come with something else: row types, array types, multiranges. Attributes are columns. */
export const types: CatalogClass = {
  object: "TYPE",
  sql: `
    select n.nspname as schema, t.typname as name,
      case t.typtype when 'd' then 'DOMAIN' else 'TYPE' end as object,
      t.typtype::text as kind,
      t.typisdefined::text as defined,
      (select string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder) from pg_enum e
        where e.enumtypid = t.oid) as labels,
      case when t.typtype = 'd' then format_type(t.typbasetype, t.typtypmod) end as "base type",
      case when t.typtype = 'd' then t.typnotnull::text end as "not null",
      coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault) as "default",
      case when t.typcollation <> coalesce(b.typcollation, 0) then ${qualified("cn.nspname", "coll.collname")} end as collation,
      r.rngsubtype::regtype::text as subtype,
      ${qualified("opn.nspname", "opc.opcname")} as "operator class",
      ${qualified("rcn.nspname", "rc.collname")} as "range collation",
      r.rngcanonical::text as canonical,
      r.rngsubdiff::text as difference,
      (to_jsonb(r) ->> 'rngmultitypid')::oid::regtype::text as multirange,
      case when t.typtype = 'b' then concat_ws(' ', t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout,
        t.typanalyze, t.typlen, t.typbyval, t.typalign, t.typstorage, t.typcategory, t.typispreferred, t.typdelim,
        t.typelem::regtype) end as implementation
    from pg_type t
    join pg_namespace n on n.oid = t.typnamespace
    left join pg_class c on c.oid = t.typrelid
    left join pg_type b on b.oid = t.typbasetype
    left join pg_collation coll on coll.oid = t.typcollation
    left join pg_namespace cn on cn.oid = coll.collnamespace
    left join pg_range r on r.rngtypid = t.oid
    left join pg_opclass opc on opc.oid = r.rngsubopc
    left join pg_namespace opn on opn.oid = opc.opcnamespace
    left join pg_collation rc on rc.oid = r.rngcollation
    left join pg_namespace rcn on rcn.oid = rc.collnamespace
    where t.typtype in ('b', 'c', 'd', 'e', 'r', 'p') and coalesce(c.relkind, 'c') = 'c'
      and not exists (select from pg_type e where e.typarray = t.oid)
      and ${isUserSchema} and ${isNoMember("pg_type", "t.oid")}`,
};
