import { arch } from "node:os";
import path from "node:path";
import type { Json } from "./json.ts";

export type RunIdentity = { runId: string; runNumber: number; runAttempt: number };

export type EventFacts = {
  eventName: string;
  /** As the form of a dispatch sends them. */
  inputs: Record<string, Json> | undefined;
  workflowName: string;
  workflowFile: string;
  repositoryRoot: string;
};

/** The github context that all jobs of a run share. */
export function githubContext(
  run: RunIdentity,
  event: EventFacts,
  overrides: Record<string, Json>,
): Record<string, Json> {
  const repository = text(overrides["repository"]) ?? "octo-org/octo-app";
  const [owner = ""] = repository.split("/");
  const server = text(overrides["server_url"]) ?? "https://github.com";
  const hosted = server === "https://github.com";
  const actor = text(overrides["actor"]) ?? "octocat";
  const ref = text(overrides["ref"]) ?? "refs/heads/main";
  const file = path.relative(event.repositoryRoot, event.workflowFile);
  const sha = "6f0a1c2d3e4b5a69788796a5b4c3d2e1f0a1b2c3";
  return {
    ref,
    ref_name: ref.replace(/^refs\/(heads|tags)\//, ""),
    ref_type: ref.startsWith("refs/tags/") ? "tag" : "branch",
    ref_protected: false,
    sha,
    head_ref: "",
    base_ref: "",
    repository,
    repository_owner: owner,
    repository_id: "1296269",
    repository_owner_id: "9919",
    repositoryUrl: `git://${new URL(server).host}/${repository}.git`,
    actor,
    actor_id: "583231",
    triggering_actor: actor,
    run_id: run.runId,
    run_number: String(run.runNumber),
    run_attempt: String(run.runAttempt),
    retention_days: "90",
    event_name: event.eventName,
    workflow: event.workflowName,
    workflow_ref: `${repository}/${file}@${ref}`,
    workflow_sha: sha,
    server_url: server,
    api_url: hosted ? "https://api.github.com" : `${server}/api/v3`,
    graphql_url: hosted ? "https://api.github.com/graphql" : `${server}/api/graphql`,
    secret_source: "Actions",
    ...overrides,
    event: {
      inputs: event.inputs ? asText(event.inputs) : null,
      ref,
      repository: {
        full_name: repository,
        name: repository.split("/")[1] ?? "",
        owner: { login: owner },
        private: true,
      },
      sender: { login: actor },
      workflow: file,
    },
  };
}

export function runnerContext(folders: { temp: string; toolCache: string; root: string }, debug: boolean) {
  return {
    os: "Linux",
    arch: arch() === "arm64" ? "ARM64" : "X64",
    name: "GitHub Actions 1",
    environment: "github-hosted",
    tool_cache: folders.toolCache,
    temp: folders.temp,
    workspace: folders.root,
    ...(debug ? { debug: "1" } : {}),
  };
}

function text(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** `github.event.inputs` holds text, whatever the types of the `inputs` context. */
function asText(inputs: Record<string, Json>): Record<string, string> {
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, String(value as string | number)]));
}
