/**
 * The record of a run as plain data: stages fill it, `report/` renders it, artifacts store it.
 * It never holds a secret. Hosts, addresses, users and role names stand only in fields that `report/privacy.ts` knows.
 */
export interface Report {
  version: 1;
  toolVersion: string;
  command: "preflight" | "migrate" | "verify";
  /** ISO 8601, UTC, as everywhere here. */
  startedAt: string;
  finishedAt?: string;
  verdict: Verdict;
  /** One sentence for the headline. */
  headline: string;
  /** What the reader should do now, most urgent first. */
  nextSteps: string[];
  app: string;
  source?: DatabaseFacts;
  target?: TargetFacts;
  stages: StageRecord[];
  /** When the app could not write: maintenance mode on until it was off again. Without it, quiesce to finish. */
  window?: { startedAt: string; finishedAt?: string };
  checks: CheckResult[];
  plan?: MigrationPlan;
  extensions?: ExtensionRow[];
  /** `settings.csv` as the server printed it, sensitive values blanked and counted. */
  settingsCsv?: { text: string; redactions: number };
  settingsDiff?: SettingDifference[];
  connections?: ConnectionRow[];
  configVars?: ConfigVarMention[];
  losses?: Loss[];
  edits?: ContentsEdit[];
  tables?: TableRecord[];
  dump?: DumpRecord;
  proof?: ProofRecord;
  restore?: RestoreRecord;
  verification?: VerificationRecord;
  drift?: DriftRecord;
  /** Progress samples for the charts. */
  samples?: ThroughputSample[];
  /** What state the target is in by now, and how to get its old content back, for whoever reads of a failure. */
  targetState?: string;
  failure?: FailureRecord;
  artifacts?: ArtifactRecord[];
  /** Names that `report/privacy.ts` replaces wherever they appear in text, besides those in fields of their own. */
  identifiers?: KnownIdentifiers;
}

export interface KnownIdentifiers {
  hosts: string[];
  /** Roles and users of the source and the target. */
  roles: string[];
}

/** `passed` and `warnings` let the next job start; `migrated` and `verified` end well; the rest end in their own exit codes. */
export type Verdict =
  | "passed"
  | "warnings"
  | "blocked"
  | "migrated"
  | "verified"
  | "mismatch"
  | "unverified"
  | "failed"
  | "interrupted";

export interface DatabaseFacts {
  provider: string;
  providerName: string;
  /** `16.4`, and the major as a number. */
  serverVersion: string;
  majorVersion: number;
  database: string;
  host: string;
  user: string;
  encoding: string;
  sizeBytes: number;
  tableCount: number;
  /** `pg_control_system().system_identifier`, where it may be read. */
  systemIdentifier?: string;
  isStandby: boolean;
}

export interface TargetFacts {
  addonName: string;
  addonId: string;
  plan: string;
  serverVersion: string;
  majorVersion: number;
  reachable: boolean;
  isEmpty: boolean;
  sizeBytes: number;
  tableCount: number;
  region?: string;
}

/** In the order in which they run; their position is the number that progress lines show. */
export const stageNames = [
  "preflight",
  "quiesce",
  "dump",
  "proof",
  "safety-backup",
  "restore",
  "verify",
  "finish",
] as const;
export type StageName = (typeof stageNames)[number];

export interface StageRecord {
  name: StageName;
  startedAt: string;
  finishedAt?: string;
  seconds?: number;
  outcome: "running" | "done" | "skipped" | "failed";
  /** One line for people: what it did, in numbers. */
  summary?: string;
}

export type CheckOutcome = "pass" | "warning" | "blocked" | "could-not-check";

export interface CheckResult {
  /** Name of the check in words, e.g. `Extensions are offered by the target`. */
  title: string;
  area: "source" | "target" | "bucket" | "heroku" | "runner";
  outcome: CheckOutcome;
  findings: Finding[];
  /** What was looked at, where it helps to know that it was. */
  note?: string;
  seconds: number;
}

export interface Finding {
  /** Stable, e.g. `EXTENSION_NOT_OFFERED`; listed in docs/findings.md. */
  code: string;
  severity: "warning" | "blocked" | "could-not-check";
  /** What was found, in one sentence. */
  message: string;
  /** Objects concerned, the most important first; the renderer cuts long lists. */
  objects: string[];
  /** What to do, in words. */
  remedy: string;
  /** SQL to run as somebody who may, where SQL is the remedy. */
  sql?: string;
  /** Set when the user accepted the code: severity was `blocked` before. */
  accepted?: boolean;
}

export interface MigrationPlan {
  sourceBytes: number;
  /** From a sampled compression ratio. */
  archiveBytes: number;
  /** COPY text divided by archive: 4 is a quarter of the size. */
  compressionRatio: number;
  /** Measured in the gate, bytes of COPY text a second; absent where it could not be measured. */
  readBytesPerSecond?: number;
  uploadBytesPerSecond?: number;
  jobs: number;
  partBytes: number;
  memoryBytes: number;
  /** Minutes of each stage, in order. */
  stages: { name: StageName; minutes: number }[];
  /** The shortest maintenance window to announce, minutes, margin included. */
  windowMinutes: number;
  urlLifetimeSeconds: number;
  tables: { schema: string; table: string; bytes: number; estimatedRows: number; slices: number }[];
}

export type ExtensionClass =
  | "built-in"
  | "provider-agent"
  | "operations"
  | "scheduler"
  | "data-bearing"
  | "foreign-data"
  | "replication"
  | "other";

export interface ExtensionRow {
  name: string;
  sourceVersion: string | null;
  sourceSchema: string | null;
  targetVersion: string | null;
  class: ExtensionClass;
  /** User objects that depend on a member of it. */
  dependants: string[];
  action: "create" | "leave-out" | "keep" | "blocked";
  note: string;
}

export interface SettingDifference {
  name: string;
  source: string | null;
  target: string | null;
  verdict: "same" | "harmless" | "changes-behaviour" | "cannot-be-set";
  note: string;
}

export interface ConnectionRow {
  application: string;
  user: string;
  address: string;
  count: number;
  tls: boolean;
  since: string;
}

/** A config var that names the source's host. Never its value. */
export interface ConfigVarMention {
  app: string;
  name: string;
}

export interface Loss {
  kind:
    | "role"
    | "membership"
    | "grant"
    | "default-privilege"
    | "role-setting"
    | "database-setting"
    | "job"
    | "publication"
    | "subscription"
    | "event-trigger"
    | "foreign-server"
    | "owner"
    | "other";
  /** For people. */
  description: string;
  /** Recreates it on Heroku, or undefined where Heroku does not allow it. */
  sql?: string;
  /** The original, for the record, where it cannot be recreated. */
  original?: string;
}

/** What was left out of the archive's table of contents, or changed in it, and why. */
export interface ContentsEdit {
  kind: "removed" | "tablespace-cleared";
  /** The entry, in the archive's own words. */
  object: string;
  schema: string | null;
  name: string;
  description: string;
  reason: string;
}

export interface TableRecord {
  schema: string;
  table: string;
  rows: number;
  /** COPY text. */
  bytes: number;
  compressedBytes?: number;
  slices?: number;
  seconds?: number;
  verification?: "match" | "mismatch" | "not-compared";
  targetRows?: number;
}

export interface DumpRecord {
  engine: "parallel" | "pg_dump";
  clientVersion: string;
  archiveVersion: string;
  compression: string;
  jobs: number;
  archiveKey: string;
  archiveBytes: number;
  archiveSha256: string;
  copyBytes: number;
  rows: number;
  parts: number;
  partBytes: number;
  seconds: number;
  /** WAL position of the snapshot. */
  snapshotLsn: string | null;
  largeObjects: number;
  reusedFromRun?: string;
  retries: number;
}

export interface ProofRecord {
  kind: "full" | "quick";
  seconds: number;
  bytes: number;
  entries: number;
  blocks: number;
  rows: number;
  sha256: string;
}

export interface RestoreRecord {
  transferId: string;
  /** Heroku's number of it, as `heroku pg:backups:info` shows it. */
  transferNumber: number;
  adopted: boolean;
  seconds: number;
  warnings: number;
  /** pg_restore's errors, grouped; empty when the restore was clean. */
  skipped: RestoreProblem[];
  logLines: { at: string; message: string }[];
  safetyBackup?: { number: number; bytes: number };
  /** The command that brings the old content back, where there was any. */
  wayBack?: string;
}

export interface RestoreProblem {
  message: string;
  /** From `pg_restore: from TOC entry …`. */
  entry?: string;
  /** First line of `Command was: …`. */
  command?: string;
  harmless: boolean;
}

export interface VerificationRecord {
  kind: "full" | "counts" | "schema" | "off";
  outcome: "match" | "mismatch" | "could-not-complete";
  /** Live sides, when neither was read in a dump's snapshot. */
  live: boolean;
  seconds: number;
  tablesCompared: number;
  rowsCompared: number;
  objectsCompared: number;
  differences: Difference[];
  /** Differences that are expected, each with its reason. */
  known: KnownDifference[];
  /** What could not be read on one side, so that nothing is said of it. */
  unread?: { object: string; name: string; reason: string }[];
  note?: string;
}

export interface KnownDifference {
  what: string;
  reason: string;
  count: number;
}

export interface Difference {
  kind: "missing" | "extra" | "changed" | "row-count" | "content";
  /** `table`, `index`, `sequence` …: pg_dump's words. */
  object: string;
  name: string;
  detail: string;
  /** Keys of differing rows, never values. */
  keys?: string[];
}

export interface DriftRecord {
  /** WAL positions at the snapshot, the end of the dump and the end of verification. */
  positions: { at: string; moment: string; lsn: string | null }[];
  /** `rewritten`: the table's file was replaced, as TRUNCATE and VACUUM FULL do; no counter tells how many rows went. */
  tables: {
    schema: string;
    table: string;
    inserted: number;
    updated: number;
    deleted: number;
    rewritten?: boolean;
  }[];
  /** Why the counters say nothing, where they do not. */
  unavailable?: string;
  accepted: boolean;
}

export interface ThroughputSample {
  at: string;
  /** `upload` runs inside the dump and counts archive bytes, while `dump` counts COPY text. */
  stage: StageName | "upload";
  /** Cumulative. */
  bytes: number;
}

export interface FailureRecord {
  stage: StageName | "inputs";
  message: string;
  hint?: string;
  code?: string;
  /** What state the target is in and which command brings the old content back. */
  targetState: string;
}

export interface ArtifactRecord {
  name: string;
  file: string;
  bytes: number;
  description: string;
  uploaded: boolean;
  sha256?: string;
  /** Where a browser opens it, once it is uploaded. */
  url?: string;
}
