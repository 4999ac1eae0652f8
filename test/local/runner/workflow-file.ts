import { readFileSync } from "node:fs";
import type { Job, WorkflowJob, WorkflowTemplate } from "@actions/workflow-parser/model/workflow-template";
import type { TemplateToken } from "@actions/workflow-parser/templates/tokens/index";
import { findField, type JobDefinition, listFields, readSteps } from "./definitions.ts";
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow, refuseInvalid } from "./parser.ts";

/** A validated workflow. Tokens are not evaluated yet. */
export type WorkflowDefinition = {
  file: string;
  name: string;
  events: WorkflowTemplate["events"];
  env: TemplateToken | undefined;
  concurrency: TemplateToken | undefined;
  permissions: TemplateToken | undefined;
  defaults: TemplateToken | undefined;
  /** Outputs of `workflow_call`. */
  outputs: [name: string, value: TemplateToken | undefined][];
  jobs: JobDefinition[];
};

/** Reads a workflow file and validates it with GitHub's parser, whose messages it throws. */
export function readWorkflow(file: string): Promise<WorkflowDefinition> {
  return parseWorkflowText(file, readFileSync(file, "utf8"));
}

/** Parses and validates the text of a workflow; messages speak of the given file. */
export async function parseWorkflowText(file: string, content: string): Promise<WorkflowDefinition> {
  const { context, value } = parseWorkflow({ name: file, content }, new NoOperationTraceWriter());
  refuseInvalid(context);
  if (!value) throw new Error(`${file}: empty`);
  const template = await convertWorkflowTemplate(context, value);
  refuseInvalid(context);
  const call = findField(findField(value, "on"), "workflow_call");
  const jobs = findField(value, "jobs");
  return {
    file,
    name: findField(value, "name")?.assertString("name").value ?? file,
    events: template.events,
    env: findField(value, "env"),
    concurrency: findField(value, "concurrency"),
    permissions: findField(value, "permissions"),
    defaults: findField(value, "defaults"),
    outputs: listFields(findField(call, "outputs")).map(([name, output]) => [name, findField(output, "value")]),
    jobs: template.jobs.map((job) => readJob(job, findField(jobs, job.id.value))),
  };
}

const unsupported = ["strategy", "container", "services", "uses", "snapshot"];

function readJob(job: WorkflowJob, token: TemplateToken | undefined): JobDefinition {
  const stranger = unsupported.find((key) => findField(token, key));
  if (stranger) throw new Error(`job ${job.id.value}: ${stranger} is not supported here`);
  return {
    id: job.id.value,
    name: findField(token, "name"),
    needs: (job.needs ?? []).map((need) => need.value),
    condition: job.if.expression,
    runsOn: findField(token, "runs-on"),
    env: findField(token, "env"),
    outputs: findField(token, "outputs"),
    environment: findField(token, "environment"),
    concurrency: findField(token, "concurrency"),
    permissions: findField(token, "permissions"),
    timeoutMinutes: findField(token, "timeout-minutes"),
    defaults: findField(token, "defaults"),
    steps: readSteps((job as Job).steps, findField(token, "steps")),
  };
}
