import { type CatalogClass, isNoMember, isUserSchema, qualified } from "./class.ts";

export const textSearchConfigurations: CatalogClass = {
  object: "TEXT SEARCH CONFIGURATION",
  sql: `
    select n.nspname as schema, c.cfgname as name,
      ${qualified("pn.nspname", "p.prsname")} as parser,
      (select string_agg(m.maptokentype || ':' || m.mapdict::regdictionary, ', ' order by m.maptokentype, m.mapseqno)
        from pg_ts_config_map m where m.mapcfg = c.oid) as mappings
    from pg_ts_config c
    join pg_ts_parser p on p.oid = c.cfgparser
    join pg_namespace pn on pn.oid = p.prsnamespace
    join pg_namespace n on n.oid = c.cfgnamespace
    where ${isUserSchema} and ${isNoMember("pg_ts_config", "c.oid")}`,
};

export const textSearchDictionaries: CatalogClass = {
  object: "TEXT SEARCH DICTIONARY",
  sql: `
    select n.nspname as schema, d.dictname as name,
      ${qualified("tn.nspname", "t.tmplname")} as template,
      d.dictinitoption as options
    from pg_ts_dict d
    join pg_ts_template t on t.oid = d.dicttemplate
    join pg_namespace tn on tn.oid = t.tmplnamespace
    join pg_namespace n on n.oid = d.dictnamespace
    where ${isUserSchema} and ${isNoMember("pg_ts_dict", "d.oid")}`,
};

export const textSearchParsers: CatalogClass = {
  object: "TEXT SEARCH PARSER",
  sql: `
    select n.nspname as schema, p.prsname as name,
      concat_ws(' ', p.prsstart, p.prstoken, p.prsend, p.prsheadline, p.prslextype) as functions
    from pg_ts_parser p
    join pg_namespace n on n.oid = p.prsnamespace
    where ${isUserSchema} and ${isNoMember("pg_ts_parser", "p.oid")}`,
};

export const textSearchTemplates: CatalogClass = {
  object: "TEXT SEARCH TEMPLATE",
  sql: `
    select n.nspname as schema, t.tmplname as name, concat_ws(' ', t.tmplinit, t.tmpllexize) as functions
    from pg_ts_template t
    join pg_namespace n on n.oid = t.tmplnamespace
    where ${isUserSchema} and ${isNoMember("pg_ts_template", "t.oid")}`,
};
