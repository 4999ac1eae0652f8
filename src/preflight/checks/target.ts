import { formatBytes, plural } from "../../format.ts";
import type { Check } from "../check.ts";
import { finding, findingAbout } from "../check.ts";
import { isTable, relationName } from "../catalog/relations.ts";
import { planNamed } from "../../heroku/plans.ts";
import { isClient } from "./sessions.ts";

export const targetConnection: Check = {
  id: "target-connection",
  title: "The target can be reached by SQL",
  area: "target",
  needs: [],
  run(gate) {
    const problem = gate.targetProblem;
    if (problem === undefined || gate.herokuProblem !== undefined) return [];
    const { plan, name } = gate.heroku.addon;
    const isPrivate = planNamed(plan).isPrivate || gate.heroku.app.space !== null;
    const code = isPrivate ? "TARGET_PRIVATE" : "TARGET_UNREACHABLE";
    return [finding(code, { message: `${name} (${plan}): ${problem.reason}`, objects: [name] })];
  },
};

export const targetTakesWrites: Check = {
  id: "target-writable",
  title: "The target takes writes",
  area: "target",
  needs: ["target"],
  async run(gate) {
    const server = await gate.target.catalog.server();
    const reasons = [
      server.isStandby && "it is a follower (in recovery)",
      server.isReadOnly && "default_transaction_read_only is on",
      !server.mayCreate && `${server.user} may not create schemas in ${server.database}`,
    ].filter((reason) => reason !== false);
    return findingAbout("TARGET_READ_ONLY", reasons, () => ({
      message: `The target takes no writes: ${reasons.join("; ")}.`,
    }));
  },
};

export const targetIsEmpty: Check = {
  id: "target-empty",
  title: "The target is empty, or what it holds can be brought back",
  area: "target",
  needs: ["target"],
  async run(gate) {
    const tables = (await gate.target.catalog.relations()).filter(isTable);
    if (tables.length === 0) return [];
    const { sizeBytes } = await gate.target.catalog.server();
    const message = `The target holds ${plural(tables.length, "table")} (${formatBytes(sizeBytes)}); the restore wipes it.`;
    const objects = tables.map(relationName);
    const filled = finding("TARGET_NOT_EMPTY", { message, objects });
    const hasRollback = gate.has("heroku") && gate.heroku.info.hasRollback === true;
    if (gate.inputs.heroku.safetyBackup !== "never" || hasRollback) return [filled];
    const noWay = `safety-backup is never and the plan offers no rollback${lastBackup(gate.has("heroku") ? gate.heroku.lastBackupAt : undefined)}.`;
    return [filled, finding("TARGET_NO_WAY_BACK", { message: noWay, objects })];
  },
};

function lastBackup(at: string | undefined): string {
  return at === undefined ? ", and there is no backup of it" : `; its newest backup is of ${at}`;
}

const sessionsQuery = `
  select coalesce(nullif(a.application_name, ''), '(no name)') as application, a.usename::text as user,
         count(*)::int as count
    from pg_stat_activity a
   where a.datname = current_database() and ${isClient("a")} and a.pid <> pg_backend_pid()
     and coalesce(a.application_name, '') not like 'migrate-to-heroku-postgres%'
   group by 1, 2 order by 3 desc, 1`;

export const targetIsQuiet: Check = {
  id: "target-sessions",
  title: "Nobody else uses the target",
  area: "target",
  needs: ["target"],
  async run(gate) {
    const sessions = await gate.target.session.rows<{ application: string; user: string; count: number }>(
      sessionsQuery,
    );
    const objects = sessions.map(({ application, user, count }) => `${application} as ${user}: ${count}`);
    const total = sessions.reduce((sum, { count }) => sum + count, 0);
    return findingAbout("TARGET_SESSIONS", objects, () => ({
      message: `${plural(total, "other session")} ${total === 1 ? "is" : "are"} connected to the target.`,
    }));
  },
};
