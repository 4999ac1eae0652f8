import { applicationNameOf } from "./application-name.ts";
import { MigrationError } from "./errors.ts";
import { isRunning } from "./gate-facts.ts";
import { type GateDocument, passGate } from "./gate.ts";
import { listTransfers } from "./heroku/transfers.ts";
import { type Journal, digestExclusions, isOwnTransfer } from "./journal.ts";
import { keysOf } from "./keys.ts";
import { type Parties, findTargetUrl } from "./parties.ts";
import { withSession } from "./postgres/session.ts";
import { readSourceIdentity, staleReasons } from "./preflight/recheck.ts";
import { withRetries } from "./retry.ts";
import type { Run } from "./run.ts";

/** What the last gate of this target has left; undefined where there is none that can be read. */
export async function findGate(run: Run, { bucket, database }: Parties): Promise<GateDocument | undefined> {
  const { gate } = keysOf(bucket, run.inputs.heroku.app, database);
  const found = await bucket.findObject(gate, { signal: run.signal });
  return found === undefined ? undefined : parseGate(found.content.toString("utf8"));
}

/**
 * The migrate job's own look: cheap where a gate has left its record, the whole gate where none has.
 *
 * @throws MigrationError when the gate's word no longer counts, or when it says no
 */
export async function recheckGate(run: Run, parties: Parties, journal: Journal): Promise<GateDocument> {
  const document = await findGate(run, parties);
  if (document === undefined) return await passGateOrStop(run);
  const reasons = staleReasons(document.record, await readGateNow(run, parties, journal));
  if (document.exclusionsDigest !== digestExclusions(run.inputs)) {
    reasons.push("provider or the exclude-… inputs are not the ones that the gate was given");
  }
  if (reasons.length > 0) {
    throw new MigrationError(`The gate's result does not hold any more: ${reasons.join("; ")}.`, {
      code: "GATE_STALE",
      outcome: "blocked",
      hint: "Run preflight again (on GitHub choose “Re-run all jobs”, not “Re-run failed jobs”). Nothing was changed.",
    });
  }
  const { source, target, plan, evidence } = document;
  Object.assign(run.report, { source, target, plan, ...evidence });
  return document;
}

/** A record that cannot be read, or is of another version, is as good as none: the whole gate is passed again. */
function parseGate(text: string): GateDocument | undefined {
  try {
    const document = JSON.parse(text) as GateDocument | null;
    return document?.version === 1 ? document : undefined;
  } catch {
    return undefined;
  }
}

async function passGateOrStop(run: Run): Promise<GateDocument> {
  const document = await passGate(run);
  if (document.record.verdict !== "blocked") return document;
  throw new MigrationError(run.report.headline, {
    code: "GATE_BLOCKED",
    outcome: "blocked",
    hint: "See the findings and their remedies in the summary. Nothing was changed.",
  });
}

async function readGateNow(
  run: Run,
  { heroku, database }: Parties,
  { earlier }: Journal,
): Promise<Parameters<typeof staleReasons>[1]> {
  const { inputs, signal, log } = run;
  const options = { applicationName: applicationNameOf("gate", run.platform.runId), signal, side: "source" } as const;
  const source = await withRetries(() => withSession(inputs.source, options, readSourceIdentity), {
    what: "reading the source's identity",
    signal,
    log,
  });
  const transfers = await listTransfers(heroku, database, { signal });
  return {
    now: new Date(),
    gateMaxAgeHours: inputs.gateMaxAgeHours,
    accepted: inputs.accept,
    app: inputs.heroku.app,
    confirm: inputs.heroku.confirm,
    addonId: database.addonId,
    source,
    ...(await readTargetNow(run, { heroku, database }, earlier)),
    foreignTransfers: transfers.filter((transfer) => isRunning(transfer) && !isOwnTransfer(earlier, transfer)).length,
  };
}

/** Not asked where this migration has already begun to fill the target, or where it cannot be reached by SQL. */
async function readTargetNow(
  run: Run,
  { heroku, database }: Pick<Parties, "heroku" | "database">,
  earlier: Journal["earlier"],
): Promise<{ target?: { majorVersion: number; tableCount: number } }> {
  if (earlier?.restore !== undefined && earlier.completedAt === undefined) return {};
  const url = await findTargetUrl(run, heroku, database);
  if ("unavailable" in url) return {};
  const options = {
    applicationName: applicationNameOf("gate", run.platform.runId),
    signal: run.signal,
    side: "target",
  } as const;
  const target = await withSession(url, options, (session) =>
    session.row<{ majorVersion: number; tableCount: number }>(targetNowSql),
  );
  return { target };
}

const targetNowSql = `
  select current_setting('server_version_num')::int / 10000 as "majorVersion",
    (select count(*)::int from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'heroku_ext', '_heroku')
    ) as "tableCount"`;
