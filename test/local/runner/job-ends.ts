import type { JobDefinition } from "./definitions.ts";
import { evaluateText, evaluateTexts, type Scope } from "./expressions.ts";
import { findField, type Json } from "./json.ts";
import type { JobContext } from "./job-context.ts";
import { killOrphans } from "./process-tree.ts";
import type { Annotation } from "./results.ts";
import { StepRecord } from "./step-record.ts";
import { stepExpressions, type StepScope } from "./step-scope.ts";

/** The runner's own first step: what it says before the job's steps. */
export function writeSetUp(job: JobContext, permissions: Json): void {
  inOwnStep(job, "Set up job", (record) => {
    record.write(`Runner name: '${job.runner["name"]}'`);
    record.write("##[group]GITHUB_TOKEN Permissions");
    const granted = permissions !== null && typeof permissions === "object" ? Object.entries(permissions) : [];
    for (const [name, access] of granted) record.write(`${name}: ${access as string}`);
    record.write("##[endgroup]");
    record.write("Secret source: Actions");
    record.write("Prepare workflow directory");
    record.write(`Complete job name: ${job.id}`);
  });
}

export type JobEnd = { outputs: Record<string, string>; environmentUrl: string; annotations: Annotation[] };

/** The runner's own last step: evaluates outputs and ends what the steps left running. */
export function completeJob(job: JobContext, definition: JobDefinition, scope: StepScope): JobEnd {
  const end: JobEnd = { outputs: {}, environmentUrl: "", annotations: [] };
  const expressions = stepExpressions(scope, job.github, job.env);
  end.annotations = inOwnStep(job, "Complete job", (record) => {
    try {
      end.outputs = evaluateOutputs(record, definition, expressions);
      end.environmentUrl = evaluateUrl(record, definition, expressions);
    } catch (error) {
      record.annotate("error", "Fail to evaluate job outputs");
      record.fail(error);
      if (job.status === "success") job.status = "failure";
    }
    record.write("Cleaning up orphan processes");
    for (const line of killOrphans(job.tracking)) record.write(line);
  });
  return end;
}

/** Empty outputs and those that hold a secret are left out. */
function evaluateOutputs(record: StepRecord, definition: JobDefinition, expressions: Scope): Record<string, string> {
  const outputs: Record<string, string> = {};
  if (definition.outputs) record.write("Evaluate and set job outputs");
  for (const [name, value] of evaluateTexts(definition.outputs, expressions)) {
    if (value === "") continue;
    if (record.masker.mask(value) !== value) {
      record.annotate("warning", `Skip output '${name}' since it may contain secret.`);
      continue;
    }
    record.write(`Set output '${name}'`);
    outputs[name] = value;
  }
  return outputs;
}

function evaluateUrl(record: StepRecord, definition: JobDefinition, expressions: Scope): string {
  const url = evaluateText(findField(definition.environment, "url"), expressions);
  if (record.masker.mask(url) === url) return url;
  record.annotate("warning", "Skip setting environment url as it may contain secret.");
  return "";
}

function inOwnStep(job: JobContext, name: string, use: (record: StepRecord) => void): Annotation[] {
  const { log, masker, options } = job;
  const record = new StepRecord({ id: "__runner", name, log, masker, debug: options.debug ?? false });
  options.onEvent?.({ type: "step-started", job: job.id, step: name, at: new Date() });
  use(record);
  const { conclusion, durationMs, annotations } = record.finish();
  options.onEvent?.({ type: "step-finished", job: job.id, step: name, conclusion, durationMs, at: new Date() });
  return annotations;
}
