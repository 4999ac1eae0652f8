import { applicationNameOf } from "../application-name.ts";
import { describeError } from "../errors.ts";
import type { GateDocument } from "../gate.ts";
import { readDatabaseInfo } from "../heroku/database-info.ts";
import { type Parties, readTargetUrl } from "../parties.ts";
import { withSession } from "../postgres/session.ts";
import type { Run } from "../run.ts";

/** Heroku's own schemas in a customer's database hold nothing of the customer's. */
const countObjectsSql = `
  select (
    (select count(*) from pg_catalog.pg_largeobject_metadata)
    + (select count(*) from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
       where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'heroku_ext', '_heroku')
         and not exists (select from pg_catalog.pg_depend d
           where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'))
    + (select count(*) from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'm', 'v', 'f', 'S')
    and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'heroku_ext', '_heroku')
    and not exists (
      select from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'))
  )::int as count`;

/**
 * Whether the target holds nothing, asked right before it is wiped: the gate may be days old. What cannot be found out counts
 * as something to lose.
 */
export async function isTargetEmpty(run: Run, parties: Parties, gate: GateDocument): Promise<boolean> {
  if (gate.target?.isEmpty === false) return false;
  try {
    return (await countObjects(run, parties)) === 0;
  } catch (error) {
    run.signal.throwIfAborted();
    run.log.warning(`Whether the target is empty could not be found out, so it is backed up: ${describeError(error)}`);
    return false;
  }
}

async function countObjects(run: Run, { heroku, database }: Parties): Promise<number | undefined> {
  if (database.plan.isPrivate) return (await readDatabaseInfo(heroku, database, { signal: run.signal })).tableCount;
  const options = {
    applicationName: applicationNameOf("target", run.platform.runId),
    side: "target",
    signal: run.signal,
  } as const;
  return await withSession(await readTargetUrl(run, heroku, database), options, (session) =>
    session.value<number>(countObjectsSql),
  );
}
