import type { Log } from "../log.ts";
import { MigrationError, describeError } from "../errors.ts";
import type { DatabaseUrl } from "../postgres/database-url.ts";
import { Session } from "../postgres/session.ts";
import { type Snapshot, applyDumpSettings, joinSnapshot, sqlStateOf } from "../postgres/snapshot.ts";
import type { VerificationRecord } from "../report.ts";
import { retryPolicies, withRetries } from "../retry.ts";
import { compareFingerprints } from "./compare.ts";
import type { Comparison, CompareOptions, TableVerdict } from "./compare-model.ts";
import { readFingerprint } from "./fingerprint.ts";
import type { Fingerprint, FingerprintKind } from "./fingerprint-model.ts";
import { narrowDifference } from "./narrow.ts";
import { narrowLargeObjects } from "./narrow-large-objects.ts";
import { reprintSource } from "./reprint.ts";
import { type OpenSession, SessionPool } from "./session-pool.ts";
import { type AnalyzeOutcome, type TargetApiFacts, analyzeTarget, unreachableRecord, unreadRecord } from "./target.ts";

export interface VerifyOptions extends CompareOptions {
  kind: FingerprintKind;
  /** Sessions on each side; the target has one more for `ANALYZE`, and one that holds its snapshot. */
  jobs: number;
  applicationName: string;
  signal: AbortSignal;
  log: Log;
  sliceBytes?: number;
}

/** The source inside the dump's snapshot, for as long as its holder lives. */
export async function fingerprintSource(
  url: DatabaseUrl,
  snapshot: Pick<Snapshot, "id">,
  options: VerifyOptions,
): Promise<Fingerprint> {
  return await readFingerprint(snapshotSessions(url, snapshot.id, "source", options), {
    ...options,
    label: "source",
    inDumpSnapshot: true,
  });
}

export interface TargetVerification extends VerifyOptions {
  target: DatabaseUrl;
  /** While the dump's snapshot lives, or for a live source: narrows differences down to the rows' keys. */
  openSource?: OpenSession;
  /** Run `ANALYZE` beside the reading. */
  analyze?: boolean;
  api?: TargetApiFacts;
}

export interface VerificationResult {
  record: VerificationRecord;
  tables: TableVerdict[];
  target?: Fingerprint;
  analyze?: AnalyzeOutcome;
}

/**
 * Reads the target and compares it with the source's fingerprint. A target that cannot be reached, or stops answering, gives
 * a record that says so: `could-not-complete`.
 */
export async function verifyTarget(source: Fingerprint, options: TargetVerification): Promise<VerificationResult> {
  const startedAt = Date.now();
  try {
    const result = await readAndCompare(source, options);
    result.record.seconds = (Date.now() - startedAt) / 1000;
    return result;
  } catch (error) {
    options.signal.throwIfAborted();
    const record = unreachableRecord(source.kind, `the target could not be read: ${describeError(error)}`, options.api);
    const seconds = (Date.now() - startedAt) / 1000;
    return { record: { ...record, seconds, live: !source.inDumpSnapshot }, tables: [] };
  }
}

async function readAndCompare(source: Fingerprint, options: TargetVerification): Promise<VerificationResult> {
  const { target: url, applicationName, signal } = options;
  const stop = new AbortController();
  const session = { applicationName, signal: AbortSignal.any([signal, stop.signal]), side: "target" as const };
  const analyzing = options.analyze === true ? analyzeTarget(url, session) : undefined;
  analyzing?.catch(() => undefined);
  try {
    const compared = await inOwnSnapshot(url, "target", options, (open) => compareWith(source, open, options));
    const analyze = await analyzing;
    return { ...compared, ...(analyze === undefined ? {} : { analyze }) };
  } catch (error) {
    stop.abort(error);
    throw error;
  }
}

async function compareWith(
  source: Fingerprint,
  openTarget: OpenSession,
  options: TargetVerification,
): Promise<VerificationResult> {
  const { kind: _kind, ...rest } = options;
  const target = await readFingerprint(openTarget, {
    ...rest,
    kind: source.kind,
    label: "target",
    hashMethod: source.hashMethod,
  });
  const { printed, known } = await reprinted(source, target, options);
  const alsoKnown = [...(options.alsoKnown ?? []), ...known];
  const comparison = compareFingerprints(printed, target, { ...options, alsoKnown });
  if (options.openSource !== undefined) await narrowAll(comparison, source, options.openSource, openTarget, options);
  return { record: comparison.record, tables: comparison.tables, target };
}

/** The sessions that print are not in the snapshot: they write, though nothing stays. */
async function reprinted(
  source: Fingerprint,
  target: Fingerprint,
  options: TargetVerification,
): Promise<{ printed: Fingerprint; known: NonNullable<CompareOptions["alsoKnown"]> }> {
  const { applicationName } = options;
  const open: OpenSession = (signal) => Session.open(options.target, { applicationName, signal, side: "target" });
  await using pool = new SessionPool(open, options);
  const { source: printed, count } = await reprintSource(source, target, pool, options.jobs);
  const reason = "the target prints both sides' texts alike when it reads them again";
  return { printed, known: [{ what: "definitions in other words", reason, count }] };
}

const narrowedTables = 10;

async function narrowAll(
  comparison: Comparison,
  source: Fingerprint,
  openSource: OpenSession,
  openTarget: OpenSession,
  options: TargetVerification,
): Promise<void> {
  const largeObjects = comparison.record.differences.find(({ object }) => object === "LARGE OBJECTS");
  if (comparison.narrowable.length === 0 && largeObjects === undefined) return;
  await using sourcePool = new SessionPool(openSource, options);
  await using targetPool = new SessionPool(openTarget, options);
  const sides = { source: sourcePool, target: targetPool };
  for (const { table, difference } of comparison.narrowable.slice(0, narrowedTables)) {
    await narrowDifference(difference, table, source.hashMethod, sides);
  }
  if (largeObjects !== undefined && source.kind === "full")
    await narrowLargeObjects(largeObjects, source.hashMethod, sides);
}

/**
 * Both sides as they are now: for a rehearsal, or the morning after. Writes in between count as differences. A side that
 * cannot be read gives a record that says so: `could-not-complete`.
 */
export async function verifyLive(sourceUrl: DatabaseUrl, options: TargetVerification): Promise<VerificationResult> {
  const live = { ...options, live: true };
  try {
    return await inOwnSnapshot(sourceUrl, "source", live, async (openSource) => {
      const source = await readFingerprint(openSource, { ...live, label: "source" });
      const result = await verifyTarget(source, { ...live, openSource });
      result.record.note ??=
        "Both databases were compared as they are now: rows written since the migration count as differences.";
      return result;
    });
  } catch (error) {
    options.signal.throwIfAborted();
    return { record: unreadRecord(options.kind, "source", describeError(error)), tables: [] };
  }
}

/** Sessions of one side inside an exported snapshot. */
export function snapshotSessions(
  url: DatabaseUrl,
  snapshotId: string,
  side: "source" | "target",
  { applicationName }: Pick<VerifyOptions, "applicationName">,
): OpenSession {
  return async (signal) => {
    try {
      return await joinSnapshot(url, snapshotId, { applicationName, signal, side });
    } catch (error) {
      throw sessionError(error, side);
    }
  };
}

/** What an unknown snapshot gives up to 16 and from 17 on; the server knows it while its holder's transaction lives. */
const unknownSnapshot = new Set(["22023", "42704"]);

function sessionError(error: unknown, side: string): unknown {
  if (!unknownSnapshot.has(sqlStateOf(error) ?? "")) return error;
  return new MigrationError(`The snapshot of the ${side} is gone: the session that held it has ended.`, {
    code: "SNAPSHOT_GONE",
    outcome: "unverified",
    hint: "Run again with fewer idle cuts: lift the server's timeouts for this role while the migration runs.",
    cause: error,
  });
}

/** The same from the start, in a new snapshot, where the session that held it was cut: nothing but time is lost. */
async function inOwnSnapshot<T>(
  url: DatabaseUrl,
  side: "source" | "target",
  options: VerifyOptions,
  use: (openSession: OpenSession) => Promise<T>,
): Promise<T> {
  return await withRetries(() => withOwnSnapshot(url, side, options, use), {
    what: `reading the ${side}`,
    policy: { ...retryPolicies.network, tries: 3 },
    signal: options.signal,
    log: options.log,
    isRetryable: (error) => (error as { code?: unknown }).code === "SNAPSHOT_GONE",
  });
}

/** A snapshot that lasts as long as `use`: all sessions of a side see the same rows, whoever writes. */
export async function withOwnSnapshot<T>(
  url: DatabaseUrl,
  side: "source" | "target",
  { applicationName, signal, log }: Pick<VerifyOptions, "applicationName" | "signal" | "log">,
  use: (openSession: OpenSession) => Promise<T>,
): Promise<T> {
  const open = (): Promise<Session> => Session.open(url, { applicationName, signal, side });
  await using holder = await withRetries(open, { what: `connecting to the ${side}`, signal, log });
  await applyDumpSettings(holder);
  await holder.execute("begin isolation level repeatable read, read only");
  const id = await holder.value<string>("select pg_export_snapshot()");
  return await use(snapshotSessions(url, id, side, { applicationName }));
}
