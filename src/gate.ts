import { describeError } from "./errors.ts";
import { herokuProblemOf, readBucketFacts, readHerokuFacts, readRunnerFacts, unavailable } from "./gate-facts.ts";
import { type TargetDatabase, resolveDatabase } from "./heroku/resolve-database.ts";
import { type JournalDocument, digestExclusions, findJournal } from "./journal.ts";
import { keysOf } from "./keys.ts";
import type { DatabaseUrl } from "./postgres/database-url.ts";
import { withSession } from "./postgres/session.ts";
import { findTargetUrl, openHeroku } from "./parties.ts";
import type { HerokuFacts, HerokuProblem, Unavailable } from "./preflight/facts.ts";
import { type PreflightResult, preflight } from "./preflight/preflight.ts";
import type { GateRecord } from "./preflight/recheck.ts";
import type { DatabaseFacts, MigrationPlan, Report, TargetFacts } from "./report.ts";
import type { Run } from "./run.ts";
import { type Bucket, openBucket } from "./storage/bucket.ts";

/** What the gate leaves beside the archive for the migrate job. Plain data without a secret. */
export interface GateDocument {
  version: 1;
  record: GateRecord;
  /** Of the inputs that decide what crosses: the migrate job must have been given the same. */
  exclusionsDigest: string;
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
    exclusionsDigest: digestExclusions(run.inputs),
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
