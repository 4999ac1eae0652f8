import { type CatalogClass, firstUserOid, isNoMember } from "./class.ts";

export const casts: CatalogClass = {
  object: "CAST",
  sql: `
    select k.castsource::regtype || ' AS ' || k.casttarget::regtype as name,
      k.castfunc::regprocedure::text as function,
      k.castcontext::text as context,
      k.castmethod::text as method
    from pg_cast k
    where k.oid >= ${firstUserOid} and ${isNoMember("pg_cast", "k.oid")}`,
};

export const transforms: CatalogClass = {
  object: "TRANSFORM",
  sql: `
    select t.trftype::regtype || ' ' || l.lanname as name,
      t.trffromsql::regprocedure::text as "from SQL",
      t.trftosql::regprocedure::text as "to SQL"
    from pg_transform t
    join pg_language l on l.oid = t.trflang
    where t.oid >= ${firstUserOid} and ${isNoMember("pg_transform", "t.oid")}`,
};

export const conversions: CatalogClass = {
  object: "CONVERSION",
  sql: `
    select n.nspname as schema, c.conname as name,
      pg_encoding_to_char(c.conforencoding) || ' to ' || pg_encoding_to_char(c.contoencoding) as encodings,
      c.conproc::regprocedure::text as function,
      c.condefault::text as "default"
    from pg_conversion c
    join pg_namespace n on n.oid = c.connamespace
    where n.nspname <> 'pg_catalog' and ${isNoMember("pg_conversion", "c.oid")}`,
};
