import type { CodeDefinitions } from "./definition.ts";

export const lossCodes = {
  ROLES_NOT_CARRIED: {
    severity: "warning",
    title: "Roles and memberships stay behind",
    why: "Roles belong to the server, not to the database, and Heroku does not allow CREATE ROLE.",
    source: "PostgreSQL manual, pg_dumpall; Heroku documentation of credentials",
    remedy: "Create the credentials that you need with heroku pg:credentials:create; losses.sql lists the roles.",
  },
  GRANTS_NOT_CARRIED: {
    severity: "warning",
    title: "Grants and default privileges stay behind",
    why: "Heroku restores with --no-privileges.",
    source: "Heroku's restore command",
    remedy: "losses.sql holds them as SQL; run what you need after the migration, once the roles exist.",
  },
  ROLE_SETTINGS_NOT_CARRIED: {
    severity: "warning",
    title: "Settings of roles and of the database stay behind",
    why: "ALTER ROLE … SET and ALTER DATABASE … SET are not part of an archive.",
    source: "pg_db_role_setting; PostgreSQL manual, pg_dump notes",
    remedy: "losses.sql holds them as SQL: the database's own can be set on Heroku by its owner.",
  },
  SCHEDULED_JOBS_NOT_CARRIED: {
    severity: "warning",
    title: "Scheduled jobs stay behind",
    why: "pg_cron and pgAgent are not offered by Heroku; their jobs would silently never run again.",
    source: "cron.job, pgagent.pga_job; Heroku's list of extensions",
    remedy: "Recreate them with Heroku Scheduler or a clock process; losses.sql lists schedule and command.",
  },
  PUBLICATIONS_LEFT_OUT: {
    severity: "warning",
    title: "Publications and subscriptions are left out",
    why: "Heroku does not offer logical replication; restoring them would only count as errors.",
    source: "measured: `must be superuser to create FOR ALL TABLES publication`",
    remedy: "Find out who subscribes, and give them another way to get the changes.",
  },
  REPLICATION_SLOT_IN_USE: {
    severity: "warning",
    title: "Somebody replicates from the source",
    why: "A consumer of a logical slot (a warehouse, a search index, change data capture) gets nothing from Heroku.",
    source: "pg_replication_slots",
    remedy: "Find the consumer of each slot and plan its replacement before the cut-over.",
  },
  EVENT_TRIGGERS_LEFT_OUT: {
    severity: "warning",
    title: "Event triggers are left out",
    why: "Only a superuser may create them.",
    source: "measured: `permission denied to create event trigger`",
    remedy: "Check that nothing relies on them.",
  },
  TABLESPACES_CLEARED: {
    severity: "warning",
    title: "Tables or indexes live in tablespaces",
    why: "Heroku has none: a table that asks for one would be missing with all its rows. The action clears the tablespace of each entry.",
    source: "measured: `permission denied for tablespace`, then the table does not exist",
    remedy: "Nothing to do; storage placement does not cross.",
  },
  FOREIGN_SERVERS: {
    severity: "warning",
    title: "Foreign servers and tables refer to other databases",
    why: "User mappings hold passwords and do not cross; the remote side must accept Heroku's addresses.",
    source: "pg_foreign_server, pg_user_mappings",
    remedy: "Create the user mappings on Heroku after the migration and check that the remote side can be reached.",
  },
} as const satisfies CodeDefinitions;
