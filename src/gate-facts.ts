import { freemem } from "node:os";
import { MigrationError, describeError, hintOf } from "./errors.ts";
import type { HerokuApi } from "./heroku/api.ts";
import { listApps, listConfigVarsHolding, readApp } from "./heroku/apps.ts";
import { listAttachments } from "./heroku/attachments.ts";
import { type DatabaseInfo, readDatabaseInfo } from "./heroku/database-info.ts";
import { listFormation } from "./heroku/formation.ts";
import type { TargetDatabase } from "./heroku/resolve-database.ts";
import { type Transfer, listTransfers } from "./heroku/transfers.ts";
import { type JournalDocument, isOwnTransfer } from "./journal.ts";
import { type DatabaseUrl, isLoopback } from "./postgres/database-url.ts";
import { findClientPrograms } from "./postgres/client-programs.ts";
import type {
  BucketProbe,
  HerokuDatabaseInfo,
  HerokuFacts,
  HerokuProblem,
  HerokuProblemKind,
  RunnerFacts,
  Unavailable,
} from "./preflight/facts.ts";
import type { ConfigVarMention } from "./report.ts";
import type { Run } from "./run.ts";
import type { Bucket } from "./storage/bucket.ts";
import { listUploads } from "./storage/multipart.ts";
import { probeBucket } from "./storage/probe.ts";
import { mapLimited } from "./workers.ts";

/** Heroku's side of the gate as plain data. */
export async function readHerokuFacts(
  run: Run,
  heroku: HerokuApi,
  database: TargetDatabase,
  journal: JournalDocument | undefined,
): Promise<HerokuFacts> {
  const call = { signal: run.signal };
  const [app, info, transfers, formation, configVars, attachments] = await Promise.all([
    readApp(heroku, database.app.name, call),
    readDatabaseInfo(heroku, database, call),
    listTransfers(heroku, database, call),
    listFormation(heroku, run.inputs.heroku.app, call),
    listMentions(run, heroku),
    listAttachments(heroku, run.inputs.heroku.app, call),
  ]);
  const ours = attachments.filter((attachment) => attachment.addonId === database.addonId);
  return {
    app: {
      id: app.id,
      name: app.name,
      maintenance: app.isInMaintenance,
      space: app.space ?? null,
      ...(app.region === undefined ? {} : { region: app.region }),
    },
    addon: {
      id: database.addonId,
      name: database.addonName,
      plan: `heroku-postgresql:${database.plan.name}`,
      billingApp: database.billingApp.name,
    },
    attachedApps: [...new Set([run.inputs.heroku.app, ...ours.map((attachment) => attachment.app.name)])],
    info: infoOf(info),
    runningTransfers: transfers
      .filter((transfer) => isRunning(transfer) && !isOwnTransfer(journal, transfer))
      .map(({ number, toType, createdAt }) => ({
        number,
        kind: toType === "pg_restore" ? "restore" : "backup",
        createdAt: createdAt?.toISOString() ?? "",
      })),
    ...lastBackup(transfers),
    formation: formation.filter(({ quantity }) => quantity > 0).map(({ type, quantity }) => ({ type, quantity })),
    configVars,
  };
}

export function isRunning(transfer: Transfer): boolean {
  return transfer.state === "pending" || transfer.state === "running";
}

function lastBackup(transfers: readonly Transfer[]): { lastBackupAt?: string } {
  const times = transfers
    .filter(({ state, toType }) => state === "succeeded" && toType !== "pg_restore")
    .map(({ finishedAt }) => finishedAt?.toISOString())
    .filter((time) => time !== undefined);
  const last = times.toSorted().at(-1);
  return last === undefined ? {} : { lastBackupAt: last };
}

/** What Heroku did not say is left out, not guessed. */
function infoOf(info: DatabaseInfo): HerokuDatabaseInfo {
  const known: Record<string, unknown> = {
    status: info.status,
    postgresVersion: info.postgresVersion,
    following: info.isFollower ? (info.lines["Following"] ?? "another database") : undefined,
    isWaiting: info.isWaiting,
    planBytes: info.dataLimitBytes,
    tableLimit: info.tableLimit,
    tableCount: info.tableCount,
    connectionLimit: info.connectionLimit,
    connectionCount: info.connections,
    hasRollback: info.hasRollback,
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}

const appsAtATime = 4;

/** Config vars of every app the token can see that name the source's host. An app that refuses is skipped: it is not ours to read. */
async function listMentions(run: Run, heroku: HerokuApi): Promise<ConfigVarMention[]> {
  const call = { signal: run.signal };
  const apps = await listApps(heroku, call);
  const found = await mapLimited(apps, appsAtATime, async ({ name }) => {
    const names = await listConfigVarsHolding(heroku, name, [placeOf(run.inputs.source)], call).catch(
      (error: unknown) => {
        run.log.debug(`The config vars of ${name} could not be read: ${describeError(error)}`);
        return [];
      },
    );
    return names.map((configVar) => ({ app: name, name: configVar }));
  });
  return found.flat();
}

/** Behind a tunnel every server has the same host, and only the port tells them apart. */
function placeOf(source: DatabaseUrl): string {
  return isLoopback(source.host) ? `${source.host}:${source.port}` : source.host;
}

const problemKinds: Readonly<Record<string, HerokuProblemKind>> = {
  HEROKU_UNAUTHORIZED: "unauthorized",
  HEROKU_TWO_FACTOR: "two-factor",
  HEROKU_FORBIDDEN: "forbidden",
  HEROKU_APP_NOT_FOUND: "app-not-found",
  HEROKU_DATABASE_NOT_FOUND: "database-not-found",
  HEROKU_DATABASE_AMBIGUOUS: "database-ambiguous",
  HEROKU_NOT_PROVISIONED: "not-provisioned",
  HEROKU_SUSPENDED: "suspended",
};

/** Why Heroku's side could not be read, as a fact for the checks. */
export function herokuProblemOf(error: unknown): HerokuProblem {
  const code = error instanceof MigrationError ? error.code : undefined;
  const hint = hintOf(error);
  return {
    problem: problemKinds[code ?? ""] ?? "unreachable",
    message: describeError(error),
    ...(hint === undefined ? {} : { hint }),
  };
}

export async function readBucketFacts(run: Run, bucket: Bucket): Promise<BucketProbe> {
  const probe = await probeBucket(bucket, { signal: run.signal, log: run.log });
  const leftovers = await listUploads(bucket, bucket.prefix, { signal: run.signal }).catch(() => []);
  return {
    ...probe,
    endpointHost: bucket.location.host,
    isHttps: bucket.location.endpoint?.startsWith("https:") !== false,
    leftoverUploads: leftovers.map(({ key, startedAt }) => ({ key, startedAt: startedAt?.toISOString() ?? "" })),
  };
}

export async function readRunnerFacts(
  run: Run,
  majors: { source: number; target: number } | undefined,
): Promise<RunnerFacts> {
  const search = {
    sourceMajor: majors?.source ?? 0,
    targetMajor: majors?.target ?? 0,
    clientDirectory: run.inputs.postgresClientDir,
  };
  const client = majors === undefined ? undefined : await findClientPrograms(search);
  return {
    cpuCount: run.platform.processors,
    availableMemoryBytes: process.availableMemory?.() ?? freemem(),
    ...(client === undefined ? {} : { client: { major: client.majorVersion, version: client.version } }),
    canInstallClient: run.inputs.installClient && process.platform === "linux",
    kind: run.platform.kind,
  };
}

export function unavailable(error: unknown): Unavailable {
  const hint = hintOf(error);
  return { unavailable: true, reason: describeError(error), ...(hint === undefined ? {} : { hint }) };
}
