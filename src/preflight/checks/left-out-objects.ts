import { plural } from "../../format.ts";
import type { Check } from "../check.ts";
import { findingAbout } from "../check.ts";
import { matchesAny } from "../pattern.ts";
import { isOwnObject, listing } from "./listing.ts";

export const noEventTriggers: Check = {
  id: "event-triggers",
  title: "No event triggers",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { session, provider } = gate.source;
    const rows = await session.rows<{ name: string }>(eventTriggersQuery, [provider.profile.leaveOut.eventTriggers]);
    return findingAbout(
      "EVENT_TRIGGERS_LEFT_OUT",
      rows.map(({ name }) => name),
      (count) => ({
        message: `${plural(count, "event trigger")} ${count === 1 ? "is" : "are"} left out.`,
      }),
    );
  },
};

const eventTriggersQuery = `
  select t.evtname::text as name from pg_event_trigger t
   where ${isOwnObject("pg_event_trigger", "t.oid")} and t.evtname <> all($1::text[])
   order by 1`;

export const noPublications = listing({
  id: "publications",
  title: "No publications or subscriptions",
  code: "PUBLICATIONS_LEFT_OUT",
  query: `
    select 'publication ' || pubname as name from pg_publication
    union all
    select 'subscription ' || subname from pg_subscription
     where subdbid = (select oid from pg_database where datname = current_database())
     order by 1`,
  message: (count) => `${plural(count, "publication or subscription", "publications or subscriptions")} left out.`,
});

export const noLogicalSlots = listing({
  id: "replication-slots",
  title: "Nobody replicates from the source",
  code: "REPLICATION_SLOT_IN_USE",
  query: `
    select format('%s (%s, %s)', slot_name, plugin, case when active then 'active' else 'inactive' end) as name
      from pg_replication_slots where slot_type = 'logical' and database = current_database()
     order by 1`,
  message: (count) => `${plural(count, "logical replication slot")} on this database.`,
});

export const noTablespaces = listing({
  id: "tablespaces",
  title: "No tablespaces",
  code: "TABLESPACES_CLEARED",
  query: `
    select format('%s.%s in %s', n.nspname, c.relname, t.spcname) as name
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      join pg_tablespace t on t.oid = c.reltablespace
     where c.relnamespace = any($1) and t.spcname <> 'pg_global'
     order by 1`,
  message: (count) => `${plural(count, "relation")} in a tablespace; the archive is made without.`,
});

export const noForeignServers = listing({
  id: "foreign-servers",
  title: "No foreign servers",
  code: "FOREIGN_SERVERS",
  query: `
    select format('server %s (%s), %s foreign tables, %s user mappings', s.srvname, w.fdwname,
                  (select count(*) from pg_foreign_table t where t.ftserver = s.oid),
                  (select count(*) from pg_user_mappings m where m.srvid = s.oid)) as name
      from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw
     where ${isOwnObject("pg_foreign_server", "s.oid")}
     order by 1`,
  message: (count) => `${plural(count, "foreign server")}: mappings and their passwords do not cross.`,
});

export const noTemporaryTables = listing({
  id: "temporary-tables",
  title: "No session holds temporary tables",
  code: "TEMPORARY_TABLES",
  query: `
    select c.relname::text as name from pg_class c
     where c.relpersistence = 't' and c.relkind in ('r', 'p') and c.relnamespace <> pg_my_temp_schema()
     order by 1`,
  message: (count) => `${plural(count, "temporary table")} in sessions of others.`,
});

/** Amazon's migration service keeps its own records in tables of this name. */
const leftOutTablesQuery = `
  select format('%s.%s', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname = any($1) and c.relkind in ('r', 'p', 'm') and c.relname !~ '^awsdms_'
     and ${isOwnObject("pg_class", "c.oid")}
   order by 1`;

export const leftOutSchemasAreEmpty: Check = {
  id: "left-out-schemas",
  title: "The provider's own schemas hold nothing else",
  area: "source",
  needs: ["source"],
  async run(gate) {
    const { session, catalog } = gate.source;
    const { excludeSchemas } = gate.inputs;
    const schemas = (await catalog.scope()).leftOut.filter((name) => !matchesAny(name, excludeSchemas));
    if (schemas.length === 0) return [];
    const rows = await session.rows<{ name: string }>(leftOutTablesQuery, [schemas]);
    return findingAbout(
      "SCHEMA_LEFT_OUT_IN_USE",
      rows.map(({ name }) => name),
      (count) => ({ message: `${plural(count, "table")} in schemas that are left out: ${schemas.join(", ")}.` }),
    );
  },
};
