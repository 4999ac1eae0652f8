import { defaultLimits, type BucketProbe, type HerokuFacts, type RunnerFacts } from "../../src/preflight/facts.ts";
import { type PreflightContext, type PreflightResult, preflight } from "../../src/preflight/preflight.ts";
import { parseInputs } from "../../src/inputs/parse.ts";
import type { RawInputs } from "../../src/inputs/inputs.ts";
import { type DatabaseUrl, parseDatabaseUrl } from "../../src/postgres/database-url.ts";
import { silentLog } from "../../src/log.ts";
import type { CheckResult, Finding } from "../../src/report.ts";
import { createDatabase } from "../local/postgres/databases.ts";
import type { PostgresServer } from "../local/postgres/servers.ts";

/** A Heroku app with an empty Standard database, and nothing to complain of. */
export const goodHeroku: HerokuFacts = {
  app: {
    id: "e69612aa-4c88-41e5-887e-2cf0ee2c94de",
    name: "example-app",
    maintenance: false,
    space: null,
    region: "us",
  },
  addon: {
    id: "01234567-89ab-4cde-8f01-23456789abcd",
    name: "postgresql-curved-12345",
    plan: "heroku-postgresql:standard-0",
    billingApp: "example-app",
  },
  attachedApps: ["example-app"],
  info: { status: "Available", postgresVersion: "17.9", planBytes: 64e9, connectionLimit: 120, hasRollback: true },
  runningTransfers: [],
  formation: [],
  configVars: [],
};

const stepNames = [
  "put",
  "presign",
  "plain-get",
  "ranged-get",
  "multipart",
  "abort",
  "conditional-put",
  "delete",
] as const;

export const goodBucket: BucketProbe = {
  ok: true,
  endpointHost: "bucket.s3.us-east-1.amazonaws.com",
  isHttps: true,
  steps: stepNames.map((name) => ({ name, ok: true, seconds: 0.01 })),
  supportsConditionalWrites: true,
  uploadBytesPerSecond: 50e6,
};

export const goodRunner: RunnerFacts = {
  cpuCount: 2,
  availableMemoryBytes: 4e9,
  client: { major: 17, version: "17.5" },
  canInstallClient: false,
  kind: "github",
  jobLimitMinutes: 350,
};

const goodInputs: RawInputs = {
  command: "preflight",
  "heroku-api-key": "HRKU-test-0123456789",
  "heroku-app": "example-app",
  bucket: "example-bucket",
};

export interface SceneOptions extends Partial<Omit<PreflightContext, "inputs">> {
  source: string;
  inputs?: RawInputs;
}

/** What the stage gets when nothing is wrong but what the test has made wrong. */
export function sceneContext({ source, inputs, ...rest }: SceneOptions): PreflightContext {
  return {
    inputs: parseInputs({ ...goodInputs, "source-database-url": source, ...inputs }),
    target: { unavailable: true, reason: "this scene has no target" },
    heroku: goodHeroku,
    bucket: goodBucket,
    runner: goodRunner,
    log: silentLog,
    signal: new AbortController().signal,
    ...rest,
    limits: { ...defaultLimits, ...rest.limits },
  };
}

export async function runScene(options: SceneOptions): Promise<PreflightResult> {
  return await preflight(sceneContext(options));
}

export function findingsOf(result: { checks: CheckResult[] }, code?: string): Finding[] {
  const findings = result.checks.flatMap((check) => check.findings);
  return code === undefined ? findings : findings.filter((found) => found.code === code);
}

export function codesOf(result: { checks: CheckResult[] }): string[] {
  return [...new Set(findingsOf(result).map(({ code }) => code))].toSorted();
}

/** The target as Heroku makes it: an empty database whose owner is no superuser. */
export async function createTarget(server: PostgresServer, name: string): Promise<DatabaseUrl> {
  const url = await server.createOwner({ role: `${name}_owner`, database: name, password: "target-password" });
  return parseDatabaseUrl(url, "target");
}

/** A database of its own for one hazard; `sql` runs in it as the superuser. */
export async function createSource(server: PostgresServer, sql = ""): Promise<{ database: string; url: string }> {
  const database = await createDatabase(server);
  if (sql !== "") await server.query(database, sql);
  return { database, url: server.superuserUrl(database) };
}
