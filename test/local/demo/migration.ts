import { fileURLToPath } from "node:url";
import type { RunEvent } from "../runner/events.ts";
import type { RunnerOptions, Running } from "../runner/options.ts";
import type { WorkflowResult } from "../runner/results.ts";
import { startWorkflow } from "../runner/workflow.ts";
import { type World, appName } from "../world.ts";

interface MigrationOptions {
  provider?: string;
  /** More inputs of the workflow. */
  inputs?: Record<string, string | boolean>;
  rerunOf?: WorkflowResult;
  onEvent?: (event: RunEvent) => void;
  signal?: AbortSignal;
  /** Where the jobs' files go, and whether they stay. */
  runner?: Pick<RunnerOptions, "workFolder" | "keepTemp">;
}

export const repositoryRoot = fileURLToPath(new URL("../../..", import.meta.url));

/** The shipped two-job workflow, called as another repository would call it. */
export function startMigration(world: World, options: MigrationOptions = {}): Running<WorkflowResult> {
  const { inputs } = world;
  const input = (name: string): string => inputs[name] ?? "";
  return startWorkflow({
    file: `${repositoryRoot}/.github/workflows/migrate.yml`,
    event: "workflow_call",
    repositoryRoot,
    inputs: {
      "heroku-app": appName,
      confirm: appName,
      bucket: input("bucket"),
      "s3-endpoint": input("s3-endpoint"),
      provider: options.provider ?? "auto",
      "postgres-client-dir": input("postgres-client-dir"),
      "heroku-api-url": input("heroku-api-url"),
      "heroku-data-url": input("heroku-data-url"),
      "show-identifiers": "true",
      ...options.inputs,
    },
    secrets: {
      SOURCE_DATABASE_URL: input("source-database-url"),
      HEROKU_API_KEY: input("heroku-api-key"),
      S3_ACCESS_KEY_ID: input("s3-access-key-id"),
      S3_SECRET_ACCESS_KEY: input("s3-secret-access-key"),
    },
    artifactService: world.artifacts,
    ...options.runner,
    ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
    ...(options.rerunOf === undefined ? {} : { rerunOf: options.rerunOf }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

export async function runMigration(world: World, options: MigrationOptions = {}): Promise<WorkflowResult> {
  return await startMigration(world, options).finished;
}
