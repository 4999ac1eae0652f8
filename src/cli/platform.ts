import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import type { Platform } from "../run.ts";

/** Job ids of the CI systems whose examples we ship; elsewhere a random one. */
const jobVariables = ["CI_JOB_ID", "CIRCLE_WORKFLOW_JOB_ID", "HEROKU_TEST_RUN_ID", "BUILD_BUILDID"] as const;
const urlVariables = ["CI_JOB_URL", "CIRCLE_BUILD_URL"] as const;

export function readLocalPlatform(environment: NodeJS.ProcessEnv): Platform {
  const job = jobVariables.map((name) => environment[name]).find((value) => value !== undefined);
  return {
    runId: `${(job ?? randomBytes(6).toString("hex")).replaceAll(/[^\w-]/gu, "")}-1`,
    runUrl: urlVariables.map((name) => environment[name]).find((value) => value !== undefined),
    isPublic: environment["CI_PROJECT_VISIBILITY"] === "public",
    kind: "local",
    processors: availableParallelism(),
  };
}
