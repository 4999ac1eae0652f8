import { readFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { Platform } from "../run.ts";

/** What the Actions runner says of this run, by its documented environment variables. */
export async function readActionsPlatform(environment: NodeJS.ProcessEnv): Promise<Platform> {
  const {
    GITHUB_RUN_ID: run = "local",
    GITHUB_RUN_ATTEMPT: attempt = "1",
    GITHUB_SERVER_URL: server,
    GITHUB_REPOSITORY: repository,
  } = environment;
  return {
    runId: `${run}-${attempt}`,
    runUrl:
      server === undefined || repository === undefined
        ? undefined
        : `${server}/${repository}/actions/runs/${run}/attempts/${attempt}`,
    isPublic: await isPublicRepository(environment["GITHUB_EVENT_PATH"]),
    kind: environment["RUNNER_ENVIRONMENT"] === "github-hosted" ? "github" : "self-hosted",
    processors: availableParallelism(),
  };
}

/** The event's payload carries the repository; where it does not say, the world is assumed to read along. */
async function isPublicRepository(eventPath: string | undefined): Promise<boolean> {
  if (eventPath === undefined) return true;
  try {
    const event = JSON.parse(await readFile(eventPath, "utf8")) as {
      repository?: { private?: boolean; visibility?: string };
    };
    return event.repository?.private !== true;
  } catch {
    return true;
  }
}

/** The runner empties this folder before and after each job. */
export function workDirectoryOf(environment: NodeJS.ProcessEnv): string {
  return join(environment["RUNNER_TEMP"] ?? tmpdir(), "migrate-to-heroku-postgres");
}
