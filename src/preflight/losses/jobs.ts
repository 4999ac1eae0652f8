import { quoteLiteral } from "../../postgres/session.ts";
import { redact } from "../../secret.ts";
import type { Loss } from "../../report.ts";
import type { LossContext } from "./losses.ts";

const existsQuery = `select to_regclass('cron.job') is not null as cron, to_regclass('pgagent.pga_job') is not null as agent`;

/** Columns differ between versions of pg_cron. */
const cronQuery = `
  select to_jsonb(j) ->> 'jobname' as name, j.schedule, j.command,
         coalesce((to_jsonb(j) ->> 'active')::bool, true) as "isActive", to_jsonb(j) ->> 'database' as database
    from cron.job j
   where coalesce(to_jsonb(j) ->> 'database', current_database()) = current_database()
   order by j.jobid`;

const agentQuery = `select jobname::text as name, coalesce(jobdesc, '') as description from pgagent.pga_job order by jobid`;

interface CronJob {
  name: string | null;
  schedule: string;
  command: string;
  isActive: boolean;
}

/** Jobs that live in extensions' tables. Tables that may not be read are a finding of the privileges' check. */
export async function listJobs({ session }: LossContext): Promise<Loss[]> {
  const { cron, agent } = await session.row<{ cron: boolean; agent: boolean }>(existsQuery);
  const jobs = cron ? await session.rows<CronJob>(cronQuery) : [];
  const agentJobs = agent ? await session.rows<{ name: string; description: string }>(agentQuery) : [];
  return [
    ...jobs.map(cronLoss),
    ...agentJobs.map(({ name, description }): Loss => ({
      kind: "job",
      description: `pgAgent job ${name}: ${redact(description)}`,
    })),
  ];
}

function cronLoss({ name, schedule, command, isActive }: CronJob): Loss {
  const shown = redact(command);
  const label = name === null ? "" : `${quoteLiteral(name)}, `;
  return {
    kind: "job",
    description: `pg_cron ${name ?? "job without a name"}, ${schedule}${isActive ? "" : ", inactive"}: ${shown}`,
    original: `select cron.schedule(${label}${quoteLiteral(schedule)}, ${quoteLiteral(shown)})`,
  };
}
