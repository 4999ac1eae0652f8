import type { ConfigVarMention } from "../report.ts";
import type { ProbeResult } from "../storage/probe.ts";

/**
 * What the gate knows of the bucket, of Heroku and of the runner: plain data that the stage's caller gathers, so that the
 * checks read facts and never call an API. None of it holds a secret or a presigned URL.
 */

/** Something that could not be found out, and why. `reason` and `hint` are for people. */
export interface Unavailable {
  unavailable: true;
  reason: string;
  hint?: string;
}

export function isUnavailable(facts: object): facts is Unavailable {
  return "unavailable" in facts;
}

/** What the probe of the bucket found, and the address as Heroku will see it in the presigned URL. */
export interface BucketProbe extends ProbeResult {
  /** With its port where that is not 443. */
  endpointHost: string;
  isHttps: boolean;
  /** Incomplete multipart uploads under our prefix, left by earlier runs. */
  leftoverUploads?: { key: string; startedAt: string }[];
}

export type HerokuProblemKind =
  | "unauthorized"
  | "two-factor"
  | "forbidden"
  | "app-not-found"
  | "database-not-found"
  | "database-ambiguous"
  | "not-provisioned"
  | "suspended"
  | "unreachable";

/** Why Heroku's API could not be asked for the rest. */
export interface HerokuProblem {
  problem: HerokuProblemKind;
  message: string;
  hint?: string;
  /** Names that would have been right: the app's databases. */
  candidates?: string[];
}

export function isHerokuProblem(facts: HerokuFacts | HerokuProblem): facts is HerokuProblem {
  return "problem" in facts;
}

export interface HerokuFacts {
  app: { id: string; name: string; maintenance: boolean; space: string | null; region?: string };
  addon: {
    id: string;
    name: string;
    /** `heroku-postgresql:standard-0`. */
    plan: string;
    /** Name of the app that is billed for it. */
    billingApp: string;
  };
  /** Apps the database is attached to, the named one included. */
  attachedApps: string[];
  info: HerokuDatabaseInfo;
  /** Transfers that have not finished. */
  runningTransfers: { number: number; kind: string; createdAt: string }[];
  /** When the newest backup of the target that succeeded ended; ISO 8601. */
  lastBackupAt?: string;
  /** Quantities above 0 only. */
  formation: { type: string; quantity: number }[];
  /** Config vars of every app the token can see that name the source's host. Never their values. */
  configVars: ConfigVarMention[];
}

/** Heroku's database info, parsed defensively: what was absent or `unknown` is absent here. */
export interface HerokuDatabaseInfo {
  status?: string;
  /** `17.9`. */
  postgresVersion?: string;
  /** What it follows, when it is a follower. */
  following?: string;
  isWaiting?: boolean;
  planBytes?: number;
  tableLimit?: number;
  tableCount?: number;
  connectionLimit?: number;
  connectionCount?: number;
  /** Whether the plan offers a rollback now. */
  hasRollback?: boolean;
}

export interface RunnerFacts {
  cpuCount: number;
  /** What this process may still take. */
  availableMemoryBytes: number;
  /** The PostgreSQL client that will be used; absent when none of a fitting major was found. */
  client?: { major: number; version: string };
  /** Whether a missing client would be installed on the way. */
  canInstallClient: boolean;
  /** `github` for hosted runners, which end a job after six hours. */
  kind: "github" | "self-hosted" | "local";
  /** The job's own `timeout-minutes`, where known. */
  jobLimitMinutes?: number;
}

/** Thresholds of the checks. Tests lower them; nothing else should. */
export interface Limits {
  longTransactionSeconds: number;
  wraparoundAge: number;
  sizeWarningBytes: number;
  sizeBlockedBytes: number;
  manyLargeObjects: number;
  wideValueBytes: number;
  /** COPY writes a bytea in hexadecimal, and a row of text may not reach 1 GiB. */
  widestValueBytes: number;
  checkBudgetMs: number;
  statementTimeoutMs: number;
  lockTimeoutMs: number;
  probeBudgetMs: number;
  sampleBudgetMs: number;
}

export const defaultLimits: Limits = {
  longTransactionSeconds: 300,
  wraparoundAge: 1_500_000_000,
  sizeWarningBytes: 20e9,
  sizeBlockedBytes: 100e9,
  manyLargeObjects: 100_000,
  wideValueBytes: 100 * 2 ** 20,
  widestValueBytes: 500 * 2 ** 20,
  checkBudgetMs: 30_000,
  statementTimeoutMs: 15_000,
  lockTimeoutMs: 2_000,
  probeBudgetMs: 120_000,
  sampleBudgetMs: 15_000,
};
