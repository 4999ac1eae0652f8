import { type CatalogClass, isNoMember, qualified, sortedText } from "./class.ts";

export const eventTriggers: CatalogClass = {
  object: "EVENT TRIGGER",
  sql: `
    select e.evtname as name, e.evtevent as event, e.evtenabled::text as enabled, e.evtfoid::regprocedure::text as function,
      ${sortedText("e.evttags")} as tags
    from pg_event_trigger e
    where ${isNoMember("pg_event_trigger", "e.oid")}`,
};

export const publications: CatalogClass = {
  object: "PUBLICATION",
  sql: `
    select p.pubname as name, p.puballtables::text as "all tables",
      concat_ws(' ', p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, to_jsonb(p) ->> 'pubviaroot') as changes,
      (select string_agg(${qualified("n.nspname", "c.relname")}, ', ' order by n.nspname collate "C", c.relname collate "C")
        from pg_publication_rel r join pg_class c on c.oid = r.prrelid join pg_namespace n on n.oid = c.relnamespace
        where r.prpubid = p.oid) as tables
    from pg_publication p`,
};

export const subscriptions: CatalogClass = {
  object: "SUBSCRIPTION",
  sql: `
    select s.subname as name from pg_subscription s
    where s.subdbid = (select d.oid from pg_database d where d.datname = current_database())`,
};
