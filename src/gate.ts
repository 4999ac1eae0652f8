import { applicationNameOf } from "./application-name.ts";
import { MigrationError, describeError } from "./errors.ts";
import {
  herokuProblemOf,
  isRunning,
  readBucketFacts,
  readHerokuFacts,
  readRunnerFacts,
  unavailable,
} from "./gate-facts.ts";
import type { HerokuApi } from "./heroku/api.ts";
import { type TargetDatabase, resolveDatabase } from "./heroku/resolve-database.ts";
import { listTransfers } from "./heroku/transfers.ts";
import { type Journal, type JournalDocument, findJournal, isOwnTransfer } from "./journal.ts";
import { keysOf } from "./keys.ts";
import type { DatabaseUrl } from "./postgres/database-url.ts";
import { withSession } from "./postgres/session.ts";
import { type Parties, openHeroku, readTargetUrl } from "./parties.ts";
import type { HerokuFacts, HerokuProblem, Unavailable } from "./preflight/facts.ts";
import { type PreflightResult, preflight } from "./preflight/preflight.ts";
import { type GateRecord, readSourceIdentity, staleReasons } from "./preflight/recheck.ts";
import type { DatabaseFacts, MigrationPlan, Report, TargetFacts } from "./report.ts";
import { withRetries } from "./retry.ts";
import type { Run } from "./run.ts";
import { type Bucket, openBucket } from "./storage/bucket.ts";

/** What the gate leaves beside the archive for the migrate job. Plain data without a secret. */
export interface GateDocument {
  version: 1;
  record: GateRecord;
  leaveOut: PreflightResult["leaveOut"];
  source: DatabaseFacts | undefined;
  target: TargetFacts | undefined;
  plan: MigrationPlan | undefined;
  /** What the migrate job's own page shows of the gate again. */
  evidence: GateEvidence;
}

type GateEvidence = Pick<
  Report,
  "checks" | "extensions" | "settingsDiff" | "connections" | "configVars" | "losses" | "identifiers"
>;

/** The whole gate: looks at everything, changes nothing, fills the report, and leaves its record in the bucket. */
export async function passGate(run: Run): Promise<GateDocument> {
  const heroku = await lookAtHeroku(run);
  const bucket = openBucketOrWhy(run);
  await using closing = new AsyncDisposableStack();
  closing.use(bucket.found);
  const majors = await readMajors(run, heroku.target);
  const result = await preflight({
    inputs: run.inputs,
    target: heroku.target,
    heroku: heroku.facts,
    bucket: bucket.found === undefined ? bucket.why : await readBucketFacts(run, bucket.found),
    runner: await readRunnerFacts(run, majors),
    log: run.log,
    signal: run.signal,
  });
  fillReport(run, result);
  const document: GateDocument = {
    version: 1,
    record: result.record,
    leaveOut: result.leaveOut,
    source: result.source,
    target: result.target,
    plan: result.plan,
    evidence: evidenceOf(run.report),
  };
  if (heroku.database !== undefined && bucket.found !== undefined)
    await saveGate(run, bucket.found, heroku.database, document);
  return document;
}

interface HerokuLook {
  facts: HerokuFacts | HerokuProblem;
  database: TargetDatabase | undefined;
  target: DatabaseUrl | Unavailable;
}

async function lookAtHeroku(run: Run): Promise<HerokuLook> {
  const heroku = openHeroku(run);
  const { app, database: name } = run.inputs.heroku;
  let database: TargetDatabase | undefined;
  try {
    database = await resolveDatabase(heroku, app, name, { signal: run.signal });
    const facts = await readHerokuFacts(run, heroku, database, await lookUpJournal(run, database));
    return { facts, database, target: await findTargetUrl(run, heroku, database) };
  } catch (error) {
    run.signal.throwIfAborted();
    return {
      facts: herokuProblemOf(error),
      database,
      target: { unavailable: true, reason: "Heroku could not be asked for the target's URL" },
    };
  }
}

/** What an unfinished migration has begun is no stranger's transfer. That the bucket cannot be read is a finding of its own. */
async function lookUpJournal(run: Run, database: TargetDatabase): Promise<JournalDocument | undefined> {
  await using bucket = openBucketOrWhy(run).found;
  if (bucket === undefined) return undefined;
  const { journal: key } = keysOf(bucket, run.inputs.heroku.app, database);
  return await findJournal(bucket, key, run.signal).catch(() => undefined);
}

async function findTargetUrl(
  run: Run,
  heroku: HerokuApi,
  database: TargetDatabase,
): Promise<DatabaseUrl | Unavailable> {
  if (database.plan.isPrivate)
    return { unavailable: true, reason: `a ${database.plan.name} database lives in a private network` };
  return await readTargetUrl(run, heroku, database).catch(unavailable);
}

function openBucketOrWhy(run: Run): { found: Bucket; why?: undefined } | { found?: undefined; why: Unavailable } {
  try {
    return { found: openBucket(run.inputs.bucket, run.log) };
  } catch (error) {
    return { why: unavailable(error) };
  }
}

/** For the choice of a client alone; that a side does not answer is a finding of the gate itself. */
async function readMajors(
  run: Run,
  target: DatabaseUrl | Unavailable,
): Promise<{ source: number; target: number } | undefined> {
  if ("unavailable" in target) return undefined;
  try {
    return { source: await readMajor(run, run.inputs.source), target: await readMajor(run, target) };
  } catch {
    run.signal.throwIfAborted();
    return undefined;
  }
}

export async function readMajor(run: Run, url: DatabaseUrl): Promise<number> {
  const options = {
    applicationName: "migrate-to-heroku-postgres",
    signal: run.signal,
    side: url === run.inputs.source ? "source" : "target",
  } as const;
  return await withSession(url, options, (session) =>
    session.value<number>("select current_setting('server_version_num')::int / 10000"),
  );
}

function fillReport({ report }: Run, result: PreflightResult): void {
  const {
    verdict,
    headline,
    checks,
    source,
    target,
    plan,
    settingsDiff,
    extensions,
    connections,
    configVars,
    losses,
    identifiers,
  } = result;
  report.verdict = verdict;
  report.headline = headline;
  report.checks = checks;
  Object.assign(report, {
    source,
    target,
    plan,
    settingsDiff,
    extensions,
    connections,
    configVars,
    losses,
    identifiers,
    settingsCsv: result.settingsCsv,
  });
}

function evidenceOf(report: Report): GateEvidence {
  const { checks, extensions, settingsDiff, connections, configVars, losses, identifiers } = report;
  const found = { checks, extensions, settingsDiff, connections, configVars, losses, identifiers };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as GateEvidence;
}

async function saveGate(run: Run, bucket: Bucket, database: TargetDatabase, document: GateDocument): Promise<void> {
  const key = keysOf(bucket, run.inputs.heroku.app, database).gate;
  try {
    await bucket.putObject(key, Buffer.from(JSON.stringify(document)), {
      contentType: "application/json",
      signal: run.signal,
    });
  } catch (error) {
    run.signal.throwIfAborted();
    run.log.warning(
      `The gate's record could not be stored, so the migrate job will run the gate again: ${describeError(error)}`,
    );
  }
}

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
    foreignTransfers: transfers.filter((transfer) => isRunning(transfer) && !isOwnTransfer(earlier, transfer)).length,
  };
}
