import type { CodeDefinitions } from "./definition.ts";

export const privilegeCodes = {
  PRIVILEGES_MISSING: {
    severity: "blocked",
    title: "The user may not read everything",
    why: "pg_dump stops at the first table or sequence that it may not lock and read.",
    source: "measured: `LOCK TABLE … permission denied`; PostgreSQL manual, pg_dump",
    remedy: "Run the statements below as the owner of the objects or as an administrator.",
  },
  LARGE_OBJECTS_UNREADABLE: {
    severity: "blocked",
    title: "The user may not read every large object",
    why: "pg_read_all_data covers tables but not large objects; pg_dump stops at the first one it may not read.",
    source: "measured: `permission denied for large object`; PostgreSQL manual, 22.5",
    remedy: "Run the block below as an administrator, or connect as the large objects' owner.",
  },
  ROW_SECURITY_HIDES_ROWS: {
    severity: "blocked",
    title: "Row-level security would hide rows from this user",
    why: "pg_dump refuses such a table; dumping with row security on would leave rows behind in silence.",
    source: "measured: `query would be affected by row-level security policy`; PostgreSQL manual, 5.9",
    remedy:
      "Connect as the tables' owner, or run the statements below. Granting the owner role or BYPASSRLS touches the migration's user only.",
  },
  POLICY_ROLE_MISSING: {
    severity: "blocked",
    title: "Policies name roles that the target does not have",
    why: "Such a policy is skipped by the restore: the table is left with row-level security on and a policy missing.",
    source: 'measured: `role "app" does not exist` is counted as an ignored error',
    remedy:
      "Create credentials of these names on Heroku first (heroku pg:credentials:create --name NAME), or let the policies name PUBLIC.",
  },
  SECURITY_DEFINER_FUNCTIONS: {
    severity: "warning",
    title: "Functions run with the rights of their owner",
    why: "On Heroku everything belongs to the database's own user, so these functions run with that user's rights.",
    source: "Heroku restores with --no-owner; pg_proc.prosecdef",
    remedy: "Read these functions and check that the target's user may do what they do, and no more than they should.",
  },
} as const satisfies CodeDefinitions;
