import { type CatalogClass, digestOfOptions, isNoMember, isUserSchema } from "./class.ts";

/** Options may hold passwords: only their digest is read. */
export const foreignTables: CatalogClass = {
  object: "FOREIGN TABLE",
  sql: `
    select n.nspname as schema, c.relname as name, s.srvname as server, ${digestOfOptions("f.ftoptions")} as options
    from pg_foreign_table f
    join pg_class c on c.oid = f.ftrelid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_foreign_server s on s.oid = f.ftserver
    where ${isUserSchema} and ${isNoMember("pg_class", "c.oid")}`,
};

export const foreignServers: CatalogClass = {
  object: "SERVER",
  sql: `
    select s.srvname as name, w.fdwname as wrapper, s.srvtype as type, s.srvversion as version,
      ${digestOfOptions("s.srvoptions")} as options
    from pg_foreign_server s
    join pg_foreign_data_wrapper w on w.oid = s.srvfdw
    where ${isNoMember("pg_foreign_server", "s.oid")}`,
};

export const foreignDataWrappers: CatalogClass = {
  object: "FOREIGN DATA WRAPPER",
  sql: `
    select w.fdwname as name,
      nullif(w.fdwhandler, 0)::regprocedure::text as handler,
      nullif(w.fdwvalidator, 0)::regprocedure::text as validator,
      ${digestOfOptions("w.fdwoptions")} as options
    from pg_foreign_data_wrapper w
    where ${isNoMember("pg_foreign_data_wrapper", "w.oid")}`,
};

/** Its user is a role, and roles are not the same on the two sides: what counts is that the server has a mapping. */
export const userMappings: CatalogClass = {
  object: "USER MAPPING",
  sql: `select m.usename || ' SERVER ' || m.srvname as name, m.srvname as server from pg_user_mappings m`,
};
