import type { CodeDefinitions } from "./definition.ts";

/** What only the migration itself can find. The gate knows the codes, because `accept` names them beforehand. */
export const laterCodes = {
  SOURCE_DRIFT: {
    severity: "blocked",
    title: "The source was written to after its snapshot",
    why: "Rows that came after the dump's snapshot are not in the target.",
    source: "pg_stat_user_tables before the snapshot and after the verification; suspect tables are read once more",
    remedy:
      "Keep writers away (freeze-source, maintenance mode) and run again, or accept the code where those rows may be lost, as in a rehearsal.",
  },
} as const satisfies CodeDefinitions;
