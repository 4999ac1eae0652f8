import { type CatalogClass, isNoMember, isUserSchema, qualified } from "./class.ts";

/** Their parameters; the values are read one by one (`sequence-values.ts`). */
export const sequences: CatalogClass = {
  object: "SEQUENCE",
  sql: `
    select n.nspname as schema, c.relname as name,
      format_type(s.seqtypid, null) as type,
      s.seqstart::text as start,
      s.seqincrement::text as increment,
      s.seqmin::text as minimum,
      s.seqmax::text as maximum,
      s.seqcache::text as cache,
      s.seqcycle::text as cycle,
      c.relpersistence::text as persistence,
      (select ${qualified("tn.nspname", "t.relname")} || '.' || quote_ident(a.attname) || case d.deptype when 'i' then ' (identity)' else '' end
        from pg_depend d
        join pg_class t on t.oid = d.refobjid
        join pg_namespace tn on tn.oid = t.relnamespace
        join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass
          and d.deptype in ('a', 'i')) as "owned by"
    from pg_sequence s
    join pg_class c on c.oid = s.seqrelid
    join pg_namespace n on n.oid = c.relnamespace
    where c.relpersistence <> 't' and ${isUserSchema} and ${isNoMember("pg_class", "c.oid")}`,
};
