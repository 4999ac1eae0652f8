import { describeError } from "../errors.ts";
import { plural } from "../format.ts";
import type { Inputs } from "../inputs/inputs.ts";
import type { Log } from "../log.ts";
import { type DatabaseUrl, isLocal } from "../postgres/database-url.ts";
import type { Session } from "../postgres/session.ts";
import type { CheckResult, DatabaseFacts, MigrationPlan, TargetFacts } from "../report.ts";
import { databaseFacts } from "./catalog/server.ts";
import { isDataExcluded, isTable } from "./catalog/relations.ts";
import { TargetCatalog } from "./catalog/target-catalog.ts";
import { runChecks } from "./check.ts";
import { checks } from "./checks.ts";
import { readFreeConnections } from "./checks/sessions.ts";
import { type Evidence, evidenceCheck } from "./evidence.ts";
import {
  type BucketProbe,
  type HerokuFacts,
  type HerokuProblem,
  type Limits,
  type RunnerFacts,
  type Unavailable,
  defaultLimits,
  isUnavailable,
} from "./facts.ts";
import { Gate, type GateParts, type SourceSide, type TargetSide } from "./gate.ts";
import { type GateRecord, readSourceIdentity } from "./recheck.ts";
import { guardSession, openDirect } from "./guard.ts";
import { planMigration } from "./plan.ts";
import { sampleTables } from "./sample.ts";
import { type OpenedSource, openSource } from "./source.ts";
import { acceptFindings, countOutcomes, verdictOf } from "./verdict.ts";

/**
 * What the stage is given. Source and target are opened here; what only an API can tell (Heroku, the bucket, the runner)
 * comes as plain data, or as the reason why it is not there, which becomes a finding.
 */
export interface PreflightContext {
  inputs: Inputs;
  /** The target's own URL, or why there is none to connect to. */
  target: DatabaseUrl | Unavailable;
  heroku: HerokuFacts | HerokuProblem;
  bucket: BucketProbe | Unavailable;
  runner: RunnerFacts;
  log: Log;
  signal: AbortSignal;
  now?: () => Date;
  limits?: Partial<Limits>;
}

export interface PreflightResult extends Evidence {
  verdict: "passed" | "warnings" | "blocked";
  headline: string;
  checks: CheckResult[];
  source?: DatabaseFacts;
  target?: TargetFacts;
  plan?: MigrationPlan;
  /** What does not cross: the provider's own and what the inputs exclude. Patterns of schemas may hold a `*`. */
  leaveOut: { extensions: string[]; schemas: string[]; eventTriggers: string[] };
  /** For the migrate job, to be kept beside the archive. */
  record: GateRecord;
}

/**
 * The gate: looks at source, target, Heroku, bucket and runner, reads only, never stops at the first problem.
 *
 * - `preflight(context)` runs it; `checks` (checks.ts) is the list; `codes` (codes.ts) is every finding it can report.
 * - `staleReasons(record, now)` and `readSourceIdentity(session)` (recheck.ts) are the migrate job's cheap second look.
 * - `readSettingsCsv`, `compareSettings`, `judgeExtensions`, `listLosses`, `planMigration` make the evidence.
 *
 * @throws only when the signal fires; everything else is a finding
 */
export async function preflight(context: PreflightContext): Promise<PreflightResult> {
  const limits = { ...defaultLimits, ...context.limits };
  const opened = await openSource(context.inputs, limits, context.signal);
  const target = await openTarget(context, limits);
  try {
    const parts = gateParts(context, limits, opened, target);
    const plan = await planFor(parts, context).catch(asError);
    return await runGate({ ...parts, plan }, opened, context);
  } finally {
    await closeAll([opened, target]);
    context.signal.throwIfAborted();
  }
}

async function runGate(
  parts: GateParts,
  opened: OpenedSource | Error,
  context: PreflightContext,
): Promise<PreflightResult> {
  const gate = new Gate(parts);
  const evidence: Evidence = {};
  const list = [...checks, evidenceCheck(opened instanceof Error ? undefined : opened, evidence)];
  const results = acceptFindings(await runChecks(list, gate), context.inputs.accept);
  const verdict = verdictOf(results);
  const source = await sourceFacts(gate);
  const target = await targetFacts(gate);
  return {
    ...evidence,
    verdict,
    headline: headlineOf(verdict, results),
    checks: results,
    ...(source === undefined ? {} : { source }),
    ...(target === undefined ? {} : { target }),
    ...(gate.plan === undefined ? {} : { plan: gate.plan }),
    leaveOut: leaveOutOf(gate, opened, evidence),
    record: await gateRecord(gate, verdict, results),
  };
}

function gateParts(
  context: PreflightContext,
  limits: Limits,
  source: OpenedSource | Error,
  target: TargetSide | Unavailable,
): Omit<GateParts, "plan"> {
  const { inputs, heroku, bucket, runner, log, signal, now = () => new Date() } = context;
  const targetUrl = isUnavailable(context.target) ? {} : { targetUrl: context.target };
  return { inputs, source, target, ...targetUrl, heroku, bucket, runner, limits, log, signal, now };
}

async function openTarget(context: PreflightContext, limits: Limits): Promise<TargetSide | Unavailable> {
  const { target: url, signal } = context;
  if (isUnavailable(url)) return url;
  let session: Session | undefined;
  try {
    session = await openDirect(url, { limits, side: "target", signal });
    const catalog = new TargetCatalog(session);
    await catalog.settings().catch(() => undefined);
    await guardSession(session, limits);
    return { session, catalog };
  } catch (error) {
    session?.destroy();
    signal.throwIfAborted();
    return { unavailable: true, reason: describeError(error) };
  }
}

async function closeAll(sides: readonly ({ session: Session } | Error | Unavailable)[]): Promise<void> {
  for (const side of sides) if ("session" in side) await side.session.close();
}

/** Where none can be made, the checks that need one say why. */
async function planFor(parts: Omit<GateParts, "plan">, context: PreflightContext): Promise<MigrationPlan | Error> {
  if (parts.source instanceof Error) return parts.source;
  const { session, catalog } = parts.source;
  const { inputs, limits, signal, bucket } = parts;
  const relations = (await catalog.relations()).filter((each) => !isDataExcluded(each, inputs.excludeTableData));
  // 1 stands for `auto`, which takes hardly longer, for an archive that is no larger.
  const level = inputs.compressionLevel === "auto" ? 1 : Math.min(9, inputs.compressionLevel);
  const samples = await sampleTables(session, relations, {
    compressionLevel: level,
    budgetMs: limits.sampleBudgetMs,
    statementTimeoutMs: limits.statementTimeoutMs,
    signal,
  });
  const probe: Partial<BucketProbe> = isUnavailable(bucket) ? {} : bucket;
  const { uploadBytesPerSecond, credentialsExpireAt } = probe;
  return planMigration({
    relations,
    sourceBytes: (await catalog.server()).sizeBytes,
    samples,
    cpuCount: context.runner.cpuCount,
    isSourceLocal: isLocal(inputs.source.host),
    freeConnections: await readFreeConnections(session),
    jobs: inputs.jobs,
    ...(uploadBytesPerSecond === undefined ? {} : { uploadBytesPerSecond }),
    ...(credentialsExpireAt === undefined ? {} : { credentialsExpireAt }),
    targetBytes: await safetyBackupBytes(parts),
    verifies: inputs.verify !== "off" && inputs.verify !== "schema",
    now: parts.now(),
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(describeError(error));
}

async function safetyBackupBytes({ target, inputs, heroku }: Omit<GateParts, "plan">): Promise<number> {
  if (isUnavailable(target) || inputs.heroku.safetyBackup === "never") return 0;
  const hasRollback = "info" in heroku && heroku.info.hasRollback === true;
  if (inputs.heroku.safetyBackup === "auto" && hasRollback) return 0;
  const tables = (await target.catalog.relations()).filter(isTable);
  return tables.length === 0 ? 0 : (await target.catalog.server()).sizeBytes;
}

function headlineOf(verdict: PreflightResult["verdict"], results: readonly CheckResult[]): string {
  const { blocked, couldNotCheck, warnings } = countOutcomes(results);
  if (verdict === "passed") return `All ${results.length} checks passed.`;
  if (verdict === "warnings") return `The migration can run; read ${plural(warnings, "warning")} first.`;
  const unanswered = couldNotCheck === 0 ? "" : `, ${plural(couldNotCheck, "question")} could not be answered`;
  return `The migration must not run yet: ${plural(blocked, "check")} blocked${unanswered}.`;
}

async function sourceFacts(gate: Gate): Promise<DatabaseFacts | undefined> {
  if (!gate.has("source")) return undefined;
  const { catalog, provider, session } = gate.source;
  const read = async (): Promise<DatabaseFacts> => {
    const tableCount = (await catalog.relations()).filter(isTable).length;
    return databaseFacts(await catalog.server(), provider, session.url.host, tableCount);
  };
  return await read().catch(() => undefined);
}

async function targetFacts(gate: Gate): Promise<TargetFacts | undefined> {
  if (!gate.has("heroku")) return undefined;
  const { addon, app, info } = gate.heroku;
  const server = gate.has("target") ? await gate.target.catalog.server().catch(() => undefined) : undefined;
  const relations = gate.has("target") ? await gate.target.catalog.relations().catch(() => undefined) : undefined;
  const tableCount = relations?.filter(isTable).length ?? info.tableCount ?? 0;
  return {
    addonName: addon.name,
    addonId: addon.id,
    plan: addon.plan.replace(/^heroku-postgresql:/u, ""),
    serverVersion: server?.serverVersion.replace(/\s.*$/u, "") ?? info.postgresVersion ?? "",
    majorVersion: server?.majorVersion ?? (Number.parseInt(info.postgresVersion ?? "", 10) || 0),
    reachable: server !== undefined,
    isEmpty: relations !== undefined && tableCount === 0,
    sizeBytes: server?.sizeBytes ?? 0,
    tableCount,
    ...(app.region === undefined ? {} : { region: app.region }),
  };
}

function leaveOutOf(gate: Gate, opened: OpenedSource | Error, evidence: Evidence): PreflightResult["leaveOut"] {
  const { inputs } = gate;
  const own =
    opened instanceof Error ? { extensions: [], schemas: [], eventTriggers: [] } : opened.provider.profile.leaveOut;
  const judged = (evidence.extensions ?? []).filter(({ action }) => action === "leave-out" || action === "blocked");
  return {
    extensions: [...new Set([...judged.map(({ name }) => name), ...inputs.excludeExtensions])].toSorted(),
    schemas: [...new Set([...own.schemas, ...inputs.excludeSchemas])],
    eventTriggers: [...own.eventTriggers],
  };
}

async function gateRecord(
  gate: Gate,
  verdict: GateRecord["verdict"],
  results: readonly CheckResult[],
): Promise<GateRecord> {
  const identity = gate.has("source") ? await readSourceIdentity(gate.source.session).catch(() => null) : null;
  const target = await targetFacts(gate);
  const accepted = results.flatMap(({ findings }) => findings.filter((found) => found.accepted === true));
  return {
    version: 1,
    finishedAt: gate.now().toISOString(),
    verdict,
    accepted: [...new Set(accepted.map(({ code }) => code))],
    app: gate.inputs.heroku.app,
    addonId: gate.has("heroku") ? gate.heroku.addon.id : null,
    source: identity,
    target: target === undefined ? null : { majorVersion: target.majorVersion, tableCount: target.tableCount },
    windowMinutes: gate.plan?.windowMinutes ?? null,
  };
}

export type { SourceSide };
