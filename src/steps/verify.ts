import { applicationNameOf } from "../application-name.ts";
import type { LeftOut } from "../dump/edits.ts";
import { describeError } from "../errors.ts";
import { formatCount, formatSeconds, plural } from "../format.ts";
import { readDatabaseInfo } from "../heroku/database-info.ts";
import { type Parties, readTargetUrl } from "../parties.ts";
import type { Snapshot } from "../postgres/snapshot.ts";
import type { ContentsEdit, StageRecord, TableRecord, VerificationRecord, Verdict } from "../report.ts";
import type { Run } from "../run.ts";
import type { CompareOptions } from "../verify/compare-model.ts";
import type { Fingerprint } from "../verify/fingerprint-model.ts";
import { unreachableRecord, unreadRecord } from "../verify/target.ts";
import {
  type VerificationResult,
  type VerifyOptions,
  fingerprintSource,
  snapshotSessions,
  verifyLive,
  verifyTarget,
} from "../verify/verify.ts";
import type { Archive } from "./archive.ts";
import { judgeDrift } from "./drift.ts";
import { readLeftOut } from "./left-out.ts";
import type { SourceSide } from "./source-side.ts";

interface FingerprintRequest {
  run: Run;
  snapshot: Snapshot;
  side: SourceSide;
  archive: Archive;
}

/** A source that could not be read: the data may be restored well all the same, but nobody can say so. */
export interface Unread {
  unread: VerificationRecord;
}

export function isUnread(fingerprint: Fingerprint | Unread): fingerprint is Unread {
  return "unread" in fingerprint;
}

/** The source's side, read in the dump's own snapshot. Undefined where nothing is to be compared. */
export async function readSourceFingerprint(
  request: FingerprintRequest & { signal: AbortSignal },
): Promise<Fingerprint | Unread | undefined> {
  const { run, snapshot, side, archive, signal } = request;
  const { verify, source } = run.inputs;
  if (verify === "off") return undefined;
  try {
    const options = { ...verifyOptions(run, side.connectionRoom, archive), signal };
    return await fingerprintSource(source, snapshot, options);
  } catch (error) {
    signal.throwIfAborted();
    run.log.warning(`The source could not be read for the comparison: ${describeError(error)}`);
    return { unread: unreadRecord(verify, "source", describeError(error)) };
  }
}

interface CompareRequest extends FingerprintRequest {
  parties: Parties;
  fingerprint: Fingerprint | Unread | undefined;
  record: StageRecord;
}

/** Compares the target with the source's fingerprint; a difference is a verdict, not an error. */
export async function compareWithTarget(request: CompareRequest): Promise<void> {
  const { run, fingerprint, record } = request;
  if (fingerprint === undefined) {
    record.outcome = "skipped";
    record.summary = "verify is off: nothing was compared";
    run.report.verdict = "unverified";
    run.report.headline = "Restored. Nothing was compared, as asked.";
    return;
  }
  const result: VerificationResult = isUnread(fingerprint)
    ? { record: fingerprint.unread, tables: [] }
    : await compare(request, fingerprint);
  noteAnalyze(run, result);
  conclude(run, result, "migrated");
  record.summary = describeVerification(result.record);
  await judgeDrift({ ...request, fingerprint });
}

async function compare(
  { run, parties, snapshot, side, archive }: CompareRequest,
  fingerprint: Fingerprint,
): Promise<VerificationResult> {
  const { heroku, database } = parties;
  const info = await readDatabaseInfo(heroku, database, { signal: run.signal });
  const api = { tables: info.tableCount ?? null, bytes: info.dataSizeBytes ?? null };
  if (database.plan.isPrivate) {
    return {
      record: unreachableRecord(fingerprint.kind, `a ${database.plan.name} database lives in a private network`, api),
      tables: [],
    };
  }
  const options = verifyOptions(run, Math.max(1, (info.connectionLimit ?? 20) - (info.connections ?? 0) - 5), archive);
  return await verifyTarget(fingerprint, {
    ...options,
    target: await readTargetUrl(run, heroku, database),
    openSource: snapshotSessions(run.inputs.source, snapshot.id, "source", {
      applicationName: side.snapshotOptions.applicationName,
    }),
    analyze: true,
    api,
  });
}

/** `command: verify`: both sides as they are now. */
export async function compareLive(run: Run, parties: Parties, record: StageRecord): Promise<void> {
  const target = await readTargetUrl(run, parties.heroku, parties.database);
  const leftOut = await readLeftOut(run, parties);
  const options = { ...verifyOptions(run, mostJobs, undefined), ...leftOutOptions(leftOut) };
  const result = await verifyLive(run.inputs.source, { ...options, target, live: true });
  conclude(run, result, "verified");
  record.summary = describeVerification(result.record);
}

/** Without statistics the first queries are planned blindly, however right the data is. */
function noteAnalyze(run: Run, { analyze }: VerificationResult): void {
  if (analyze?.problem === undefined) return;
  run.log.warning(`ANALYZE of the target failed: ${analyze.problem}`);
  run.report.nextSteps.push(
    `Run ANALYZE on the target before traffic returns: heroku pg:psql --app ${run.inputs.heroku.app} -c analyze`,
  );
}

/** More sessions than this gain nothing: the servers hash, and small plans have few connections. */
const mostJobs = 4;

/** Extensions and schemas that never crossed are no difference. */
function leftOutOptions({ extensions, schemas }: LeftOut): Pick<CompareOptions, "leftOut" | "excludeSchemas"> {
  const reason = "it is left behind on purpose";
  return {
    leftOut: extensions.map((name) => ({ object: "EXTENSION", schema: null, name, reason })),
    excludeSchemas: schemas,
  };
}

export function verifyOptions(run: Run, room: number, archive: Archive | undefined): VerifyOptions {
  const { inputs, signal, log } = run;
  return {
    kind: inputs.verify === "off" ? "schema" : inputs.verify,
    jobs: Math.max(1, Math.min(mostJobs, room)),
    applicationName: applicationNameOf("verify", run.platform.runId),
    signal,
    log,
    excludeSchemas: inputs.excludeSchemas,
    excludeTableData: inputs.excludeTableData,
    ...(archive === undefined ? {} : archiveOptions(archive)),
  };
}

/** What was left out of the archive on purpose is expected to be missing. */
function archiveOptions({
  edits,
  sequences,
}: Archive): Pick<CompareOptions, "leftOut" | "archiveSequences" | "alsoKnown"> {
  const removed = edits.filter((edit) => edit.kind === "removed");
  const cleared = edits.length - removed.length;
  return {
    leftOut: removed.map(({ object, schema, name, reason }: ContentsEdit) => ({ object, schema, name, reason })),
    archiveSequences: sequences,
    alsoKnown: cleared === 0 ? [] : [{ what: "tablespaces", reason: "Heroku has one tablespace", count: cleared }],
  };
}

function conclude({ report }: Run, { record, tables }: VerificationResult, good: "migrated" | "verified"): void {
  report.verification = record;
  report.tables = mergeTables(report.tables ?? [], tables);
  report.targetState = targetStateOf(record);
  report.verdict = verdictOf(record, good);
  report.headline = headlineOf(record);
}

/** Definitions that match say nothing of rows: a target whose rows nobody has looked at is not verified. */
function verdictOf({ outcome, kind }: VerificationRecord, good: "migrated" | "verified"): Verdict {
  if (outcome === "mismatch") return "mismatch";
  return outcome === "match" && kind !== "schema" ? good : "unverified";
}

function targetStateOf({ outcome, kind }: VerificationRecord): string {
  if (outcome === "match" && kind === "full") return "The target holds the source's content, verified.";
  if (outcome === "match") return "The target has been filled; the content of its rows was not compared.";
  return outcome === "mismatch"
    ? "The target differs from the source."
    : "The target has been filled, and could not be wholly compared with the source.";
}

function headlineOf(record: VerificationRecord): string {
  const rows = `${formatCount(record.rowsCompared)} rows in ${plural(record.tablesCompared, "table")}`;
  if (record.outcome === "match" && record.kind === "schema")
    return `The definitions of ${plural(record.objectsCompared, "object")} match. No row was compared, as asked.`;
  if (record.outcome === "match" && record.kind === "counts")
    return `The row counts match: ${rows}, and ${plural(record.objectsCompared, "object")}. The content of the rows was not compared, as asked.`;
  if (record.outcome === "match")
    return `Source and target match: ${rows} and ${plural(record.objectsCompared, "object")} were compared.`;
  if (record.outcome === "mismatch")
    return `Source and target differ in ${plural(record.differences.length, "place")}.`;
  return `Not everything could be compared: ${record.unread?.[0]?.reason ?? record.note ?? "see verification.json"}.`;
}

function mergeTables(dumped: readonly TableRecord[], verdicts: VerificationResult["tables"]): TableRecord[] {
  const byName = new Map(dumped.map((table) => [JSON.stringify([table.schema, table.table]), { ...table }]));
  for (const { schema, table, verdict, sourceRows, targetRows } of verdicts) {
    const key = JSON.stringify([schema, table]);
    const known = byName.get(key) ?? { schema, table, rows: sourceRows ?? 0, bytes: 0 };
    byName.set(key, { ...known, verification: verdict, ...(targetRows === null ? {} : { targetRows }) });
  }
  return [...byName.values()];
}

function describeVerification(record: VerificationRecord): string {
  return `${record.outcome}: ${formatCount(record.rowsCompared)} rows in ${plural(record.tablesCompared, "table")}, ${plural(record.objectsCompared, "object")}, ${plural(record.differences.length, "difference")}, in ${formatSeconds(record.seconds)}`;
}
