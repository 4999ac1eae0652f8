import { type CatalogClass, firstUserOid, isNoMember } from "./class.ts";

export const languages: CatalogClass = {
  object: "PROCEDURAL LANGUAGE",
  sql: `
    select l.lanname as name,
      l.lanpltrusted::text as trusted,
      nullif(l.lanplcallfoid, 0)::regprocedure::text as handler,
      nullif(l.laninline, 0)::regprocedure::text as "inline handler",
      nullif(l.lanvalidator, 0)::regprocedure::text as validator
    from pg_language l
    where l.oid >= ${firstUserOid} and ${isNoMember("pg_language", "l.oid")}`,
};

export const accessMethods: CatalogClass = {
  object: "ACCESS METHOD",
  sql: `
    select a.amname as name, a.amtype::text as type, a.amhandler::regprocedure::text as handler
    from pg_am a
    where a.oid >= ${firstUserOid} and ${isNoMember("pg_am", "a.oid")}`,
};
