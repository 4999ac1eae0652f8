import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { createRuntimeToken } from "../artifacts/token.ts";
import { evaluateJson, evaluateTexts, type Scope } from "./expressions.ts";
import type { Json } from "./json.ts";
import { runnerContext } from "./github-context.ts";
import type { JobContext, JobFolders } from "./job-context.ts";
import { JobLog } from "./job-log.ts";
import type { JobRequest } from "./job.ts";
import { SecretMasker } from "./masker.ts";

/** Makes a job's folders, masks and contexts. */
export async function setUpJob(request: JobRequest): Promise<JobContext> {
  const { definition, run, environmentName } = request;
  const { options, timings, workFolder } = run;
  const root = path.join(workFolder, definition.id);
  const folders = await makeFolders(request, root);
  const token = `ghs_${randomBytes(18).toString("hex")}`;
  const own = options.environments?.[environmentName ?? ""];
  const secrets = { ...run.secrets, ...own?.secrets, GITHUB_TOKEN: token };
  const runtime = runtimeVariables(request);
  const masker = new SecretMasker();
  for (const secret of [...Object.values(options.secrets ?? {}), ...Object.values(secrets)])
    masker.addLines(secret.trim());
  masker.add(runtime["ACTIONS_RUNTIME_TOKEN"] ?? "");
  const runner = { ...runnerContext({ ...folders, root }, options.debug ?? false), ...options.runner };
  const eventPath = path.join(folders.temp, "_github_workflow", "event.json");
  const github = { ...run.github, token, job: definition.id, workspace: folders.workspace, event_path: eventPath };
  await writeEvent(eventPath, run.github["event"] ?? {});
  const strategy = { "fail-fast": true, "job-index": 0, "job-total": 1, "max-parallel": 1 };
  const vars = { ...options.vars, ...own?.vars };
  const contexts = { inputs: run.inputs, secrets, vars, needs: request.needs, strategy, matrix: null };
  const job: JobContext = {
    id: definition.id,
    options,
    timings,
    folders,
    masker,
    log: new JobLog(definition.id, masker, (event) => options.onEvent?.(event)),
    status: "success",
    cancel: request.cancel,
    forcedEnd: request.forcedEnd,
    contexts,
    github,
    runner,
    runtime,
    tracking: `RUNNER_TRACKING_ID=github_${randomUUID()}`,
    env: new Map(),
    prependPath: [],
    runDefaults: {},
    postSteps: [],
  };
  evaluateDefaults(job, request);
  return job;
}

/** The scope in which a job's own fields are evaluated: no step has run. */
export function jobExpressions(job: JobContext, more: Record<string, Json> = {}): Scope {
  const contexts = { ...job.contexts, github: job.github, runner: job.runner, job: { status: job.status }, ...more };
  return {
    contexts,
    success: () => job.status === "success",
    failure: () => job.status === "failure",
    cancelled: () => job.status === "cancelled",
  };
}

function evaluateDefaults(job: JobContext, { definition, workflow }: JobRequest): void {
  for (const level of [workflow.env, definition.env]) {
    for (const [key, value] of evaluateTexts(level, jobExpressions(job))) job.env.set(key, value);
  }
  const env = { env: Object.fromEntries(job.env) };
  for (const level of [workflow.defaults, definition.defaults]) {
    const defaults = evaluateJson(level, jobExpressions(job, env)) as { run?: JobContext["runDefaults"] } | null;
    Object.assign(job.runDefaults, defaults?.run);
  }
}

async function makeFolders({ run }: JobRequest, root: string): Promise<JobFolders> {
  const [, repository = "repository"] = (run.github["repository"] as string).split("/");
  const temp = path.join(root, "_temp");
  const toolCache = path.join(run.workFolder, "_tool");
  const workspace = run.options.workspace ?? path.join(root, repository, repository);
  await rm(temp, { recursive: true, force: true });
  if (!run.options.workspace) await rm(workspace, { recursive: true, force: true });
  for (const folder of [temp, toolCache, workspace]) await mkdir(folder, { recursive: true });
  return { temp, toolCache, workspace, repositoryRoot: run.repositoryRoot };
}

/** Without a service, the token is there all the same and the addresses lead to a closed port. */
function runtimeVariables({ definition, run }: JobRequest): Record<string, string> {
  const service = run.options.artifactService;
  const holder = { runId: run.backendId, jobId: `${definition.id}-${randomUUID()}`, attempt: run.runAttempt };
  const url = service?.url ?? "http://127.0.0.1:9/";
  const token = service ? service.issueToken(holder) : createRuntimeToken(holder);
  return { ACTIONS_RUNTIME_TOKEN: token, ACTIONS_RUNTIME_URL: url, ACTIONS_RESULTS_URL: url };
}

async function writeEvent(file: string, event: Json): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(event, undefined, 2));
}
