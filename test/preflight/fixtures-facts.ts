import type { HerokuProblem } from "../../src/preflight/facts.ts";
import type { ProbeStepName } from "../../src/storage/probe.ts";
import type { Fixture } from "./fixture.ts";
import { goodBucket, goodHeroku, goodRunner } from "./scene.ts";

function problem(kind: HerokuProblem["problem"], message: string): NonNullable<Fixture["arrange"]> {
  return () => ({ heroku: { problem: kind, message }, target: { unavailable: true, reason: "unknown" } });
}

function failing(...names: ProbeStepName[]): NonNullable<Fixture["arrange"]> {
  const error = { message: "HTTP 403 AccessDenied", code: "AccessDenied", hint: "Allow it." };
  const steps = goodBucket.steps.map((step) => (names.includes(step.name) ? { ...step, ok: false, error } : step));
  return () => ({ bucket: { ...goodBucket, ok: false, steps } });
}

export const herokuFixtures: Fixture[] = [
  { code: "HEROKU_UNREACHABLE", arrange: problem("unreachable", "api.heroku.com does not answer.") },
  {
    code: "HEROKU_TOKEN_REFUSED",
    arrange: problem("unauthorized", "Heroku refuses the token."),
    remedy: /authorizations:create/u,
  },
  {
    code: "HEROKU_TOKEN_REFUSED",
    name: "second factor",
    arrange: problem("two-factor", "Heroku wants a second factor."),
  },
  { code: "HEROKU_ACCESS_DENIED", arrange: problem("forbidden", "No rights on example-app.") },
  { code: "HEROKU_APP_NOT_FOUND", arrange: problem("app-not-found", "No app example-app."), objects: ["example-app"] },
  {
    code: "HEROKU_DATABASE_NOT_FOUND",
    arrange: () => ({
      heroku: {
        problem: "database-not-found",
        message: "No database.",
        candidates: ["DATABASE_URL", "HEROKU_POSTGRESQL_PINK_URL"],
      },
    }),
    objects: ["HEROKU_POSTGRESQL_PINK_URL"],
  },
  { code: "HEROKU_SUSPENDED", arrange: problem("suspended", "The account is suspended.") },
  {
    code: "TARGET_NOT_AVAILABLE",
    arrange: () => ({ heroku: { ...goodHeroku, info: { ...goodHeroku.info, status: "Preparing", isWaiting: true } } }),
    remedy: /heroku pg:wait --app example-app/u,
  },
  { code: "TARGET_NOT_AVAILABLE", name: "not provisioned", arrange: problem("not-provisioned", "Not there yet.") },
  {
    code: "TARGET_IS_FOLLOWER",
    arrange: () => ({ heroku: { ...goodHeroku, info: { ...goodHeroku.info, following: "postgresql-round-1" } } }),
    message: /follows postgresql-round-1/u,
  },
  {
    code: "TARGET_PLAN_UNSUPPORTED",
    arrange: () => ({
      heroku: { ...goodHeroku, addon: { ...goodHeroku.addon, plan: "heroku-postgresql:advanced-beta" } },
    }),
  },
  {
    code: "TRANSFER_RUNNING",
    arrange: () => ({
      heroku: { ...goodHeroku, runningTransfers: [{ number: 7, kind: "backup", createdAt: "2026-01-01T00:00:00Z" }] },
    }),
    objects: ["backup 7, since 2026-01-01T00:00:00Z"],
  },
  {
    code: "TARGET_PRIVATE",
    arrange: () => ({
      heroku: { ...goodHeroku, addon: { ...goodHeroku.addon, plan: "heroku-postgresql:private-0" } },
      target: { unavailable: true, reason: "connect ETIMEDOUT" },
    }),
    remedy: /self-hosted runner/u,
  },
  { code: "TARGET_UNREACHABLE", arrange: () => ({ target: { unavailable: true, reason: "connect ECONNREFUSED" } }) },
  {
    code: "TARGET_SHARED",
    arrange: () => ({ heroku: { ...goodHeroku, attachedApps: ["example-app", "reports"] } }),
    objects: ["reports"],
  },
  {
    code: "APP_KEEPS_RUNNING",
    arrange: () => ({
      heroku: {
        ...goodHeroku,
        formation: [
          { type: "web", quantity: 2 },
          { type: "worker", quantity: 1 },
          { type: "clock", quantity: 1 },
        ],
      },
      inputs: { "scale-down": "clock" },
    }),
    objects: ["worker: 1"],
    message: /1 process type/u,
  },
  {
    code: "CONFIG_VARS_NAME_SOURCE",
    arrange: () => ({ heroku: { ...goodHeroku, configVars: [{ app: "reports", name: "WAREHOUSE_URL" }] } }),
    objects: ["reports: WAREHOUSE_URL"],
  },
];

export const bucketFixtures: Fixture[] = [
  { code: "BUCKET_UNREACHABLE", arrange: () => ({ bucket: { unavailable: true, reason: "NoSuchBucket" } }) },
  {
    code: "BUCKET_NOT_S3",
    arrange: () => ({ inputs: { "s3-endpoint": "https://example.blob.core.windows.net" } }),
  },
  { code: "BUCKET_WRITE_FAILED", arrange: failing("put"), objects: ["example-bucket"], remedy: /Allow it/u },
  { code: "BUCKET_MULTIPART_FAILED", arrange: failing("multipart") },
  { code: "BUCKET_MULTIPART_FAILED", name: "abort", arrange: failing("abort") },
  { code: "BUCKET_URL_FAILED", arrange: failing("plain-get") },
  { code: "BUCKET_URL_FAILED", name: "range", arrange: failing("ranged-get") },
  { code: "BUCKET_DELETE_FAILED", arrange: failing("delete") },
  {
    code: "BUCKET_CLOCK_DIFFERS",
    arrange: () => ({ bucket: { ...goodBucket, clockSkewSeconds: -640 } }),
    message: /-640 s/u,
  },
  {
    code: "BUCKET_URL_PRIVATE",
    arrange: () => ({ bucket: { ...goodBucket, endpointHost: "minio.internal:9000", isHttps: false } }),
    message: /private address; it is not HTTPS/u,
  },
  {
    code: "BUCKET_LEFTOVER_UPLOADS",
    arrange: () => ({
      bucket: { ...goodBucket, leftoverUploads: [{ key: "m/old.dump", startedAt: "2026-01-01T00:00:00Z" }] },
    }),
    objects: ["m/old.dump, since 2026-01-01T00:00:00Z"],
  },
  {
    code: "CREDENTIALS_EXPIRE_EARLY",
    arrange: () => ({ bucket: { ...goodBucket, credentialsExpireAt: new Date(Date.now() + 60_000).toISOString() } }),
  },
  { code: "CREDENTIALS_END_UNKNOWN", arrange: () => ({ bucket: { ...goodBucket, hasTemporaryCredentials: true } }) },
  {
    code: "URL_LIFE_TOO_SHORT",
    sql: "create table big (id int, note text); insert into big select g, repeat('x', 500) from generate_series(1, 2000) g; analyze",
    arrange: ({ server, database }) =>
      server
        .query(
          database,
          "set allow_system_table_mods = on; update pg_class set reltuples = 100000000000 where relname = 'big'",
        )
        .then(() => ({})),
  },
];

export const runnerFixtures: Fixture[] = [
  {
    code: "CLIENT_MISSING",
    arrange: () => ({ runner: { ...goodRunner, client: { major: 15, version: "15.9" } } }),
    message: /client of major 17 is needed; the one found is 15\.9/u,
    remedy: /postgresql-client-17/u,
  },
  { code: "MEMORY_SHORT", arrange: () => ({ runner: { ...goodRunner, availableMemoryBytes: 50e6 } }) },
  {
    code: "DEADLINE_OVER_JOB_LIMIT",
    arrange: () => ({ inputs: { "deadline-minutes": "400" } }),
    message: /350 minutes/u,
  },
  {
    code: "ACCEPTS_UNKNOWN_CODE",
    arrange: () => ({ inputs: { accept: "TARGET_NOT_EMTPY" } }),
    message: /TARGET_NOT_EMTPY/u,
  },
];

export const factFixtures: Fixture[] = [...herokuFixtures, ...bucketFixtures, ...runnerFixtures];
