import type { Json } from "./json.ts";
import type { JobContext } from "./job-context.ts";

/** What a process inherits from the machine. Everything else of our own environment stays out. */
const inherited = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_[A-Z]+|TZ|TMPDIR)$/;

/** Keys of the github context that become GITHUB_* variables (actions/runner, src/Runner.Worker/GitHubContext.cs). */
const exported = new Set(
  `action_path action_ref action_repository action actor actor_id api_url base_ref env event_name event_path
   graphql_url head_ref job output path ref_name ref_protected ref_type ref repository repository_id repository_owner
   repository_owner_id retention_days run_attempt run_id run_number server_url sha state step_summary triggering_actor
   workflow workflow_ref workflow_sha workspace`.split(/\s+/),
);

/**
 * The environment of a step's process. Later ones win: machine, the step's `env` with all outer ones, what the action
 * itself brings (inputs, saved state), GITHUB_* and RUNNER_*, the runtime.
 */
export function processEnvironment(
  job: JobContext,
  layers: { env: Map<string, string>; own?: Record<string, string>; github: Record<string, Json>; runtime?: boolean },
): Record<string, string> {
  const machine = { ...machineEnvironment(), ...job.options.extraEnv };
  const env: Record<string, string> = { ...machine, ...Object.fromEntries(layers.env), ...layers.own };
  env["PATH"] = [...job.prependPath.toReversed(), env["PATH"] ?? ""].join(":");
  Object.assign(env, exportGithub(layers.github), exportRunner(job.runner), layers.runtime ? job.runtime : {});
  env["GITHUB_ACTIONS"] = "true";
  env["CI"] ??= "true";
  const [name = "", value = ""] = job.tracking.split("=");
  env[name] = value;
  return env;
}

function machineEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name, value]) => inherited.test(name) && value !== undefined);
  return Object.fromEntries(entries) as Record<string, string>;
}

function exportGithub(github: Record<string, Json>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [key, value] of Object.entries(github)) {
    if (!exported.has(key)) continue;
    if (typeof value === "string") env[`GITHUB_${key.toUpperCase()}`] = value;
    if (typeof value === "boolean") env[`GITHUB_${key.toUpperCase()}`] = value ? "True" : "False";
  }
  return env;
}

function exportRunner(runner: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(runner).map(([key, value]) => [`RUNNER_${key.toUpperCase()}`, value]));
}
