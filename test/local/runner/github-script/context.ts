import { existsSync, readFileSync } from "node:fs";

/** The fields of @actions/github's context that the environment gives. */
export function readContext(env: NodeJS.ProcessEnv): Record<string, unknown> {
  const eventPath = env["GITHUB_EVENT_PATH"] ?? "";
  const [owner = "", repo = ""] = (env["GITHUB_REPOSITORY"] ?? "").split("/");
  return {
    payload: existsSync(eventPath) ? (JSON.parse(readFileSync(eventPath, "utf8")) as unknown) : {},
    eventName: env["GITHUB_EVENT_NAME"],
    sha: env["GITHUB_SHA"],
    ref: env["GITHUB_REF"],
    workflow: env["GITHUB_WORKFLOW"],
    action: env["GITHUB_ACTION"],
    actor: env["GITHUB_ACTOR"],
    job: env["GITHUB_JOB"],
    runAttempt: Number(env["GITHUB_RUN_ATTEMPT"]),
    runNumber: Number(env["GITHUB_RUN_NUMBER"]),
    runId: Number(env["GITHUB_RUN_ID"]),
    apiUrl: env["GITHUB_API_URL"] ?? "https://api.github.com",
    serverUrl: env["GITHUB_SERVER_URL"] ?? "https://github.com",
    graphqlUrl: env["GITHUB_GRAPHQL_URL"] ?? "https://api.github.com/graphql",
    repo: { owner, repo },
    issue: { owner, repo, number: undefined },
  };
}
