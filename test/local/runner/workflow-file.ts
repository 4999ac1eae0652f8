import { readFileSync } from "node:fs";
import type { Job, WorkflowJob } from "@actions/workflow-parser/model/workflow-template";
import { type JobDefinition, readSteps } from "./definitions.ts";
import { findField, findText, type Json, listFields } from "./json.ts";
import { parseWorkflowFile, readCondition } from "./parser.ts";

/** A validated workflow. Values may hold expressions. */
export type WorkflowDefinition = {
  file: string;
  name: string;
  /** Names of the events that start it → what is written about each. */
  events: Record<string, Json>;
  env: Json | undefined;
  concurrency: Json | undefined;
  permissions: Json | undefined;
  defaults: Json | undefined;
  /** Outputs of `workflow_call`. */
  outputs: [name: string, value: Json | undefined][];
  jobs: JobDefinition[];
};

/** Reads a workflow file and validates it with GitHub's parser, whose messages it throws. */
export function readWorkflow(file: string): Promise<WorkflowDefinition> {
  return parseWorkflowText(file, readFileSync(file, "utf8"));
}

/** Parses and validates the text of a workflow; messages speak of the given file. */
export async function parseWorkflowText(file: string, content: string): Promise<WorkflowDefinition> {
  const { model, yaml } = await parseWorkflowFile(file, content);
  const on = findField(yaml, "on");
  const jobs = findField(yaml, "jobs");
  const calls = listFields(findField(findField(on, "workflow_call"), "outputs"));
  return {
    file,
    name: findText(yaml, "name") ?? file,
    events: Object.fromEntries(Object.keys(model.events).map((name) => [name, findField(on, name) ?? null])),
    env: findField(yaml, "env"),
    concurrency: findField(yaml, "concurrency"),
    permissions: findField(yaml, "permissions"),
    defaults: findField(yaml, "defaults"),
    outputs: calls.map(([name, output]) => [name, findField(output, "value")]),
    jobs: model.jobs.map((job) => readJob(job, findField(jobs, job.id.value))),
  };
}

const unsupported = ["strategy", "container", "services", "uses", "snapshot"];

function readJob(model: WorkflowJob, yaml: Json | undefined): JobDefinition {
  const id = model.id.value;
  const stranger = unsupported.find((key) => findField(yaml, key) !== undefined);
  if (stranger) throw new Error(`job ${id}: ${stranger} is not supported here`);
  return {
    id,
    name: findText(yaml, "name"),
    needs: (model.needs ?? []).map((need) => need.value),
    condition: readCondition(findField(yaml, "if")),
    runsOn: findField(yaml, "runs-on"),
    env: findField(yaml, "env"),
    outputs: findField(yaml, "outputs"),
    environment: findField(yaml, "environment"),
    concurrency: findField(yaml, "concurrency"),
    permissions: findField(yaml, "permissions"),
    timeoutMinutes: findField(yaml, "timeout-minutes"),
    defaults: findField(yaml, "defaults"),
    steps: readSteps((model as Job).steps, findField(yaml, "steps")),
  };
}
