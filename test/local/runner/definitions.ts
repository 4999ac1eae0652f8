import type { Step } from "@actions/workflow-parser/model/workflow-template";
import { findField, findText, type Json } from "./json.ts";
import { readCondition } from "./parser.ts";

/** A step of a workflow or of a composite. Values may hold expressions. */
export type StepDefinition = {
  /** The written id, or a generated one that starts with `__` and gets no entry in the steps context. */
  id: string;
  name: string | undefined;
  /** A whole expression, with the implied `success()`. */
  condition: string;
  uses: string | undefined;
  run: string | undefined;
  with: Json | undefined;
  env: Json | undefined;
  shell: string | undefined;
  workingDirectory: string | undefined;
  continueOnError: Json | undefined;
  timeoutMinutes: Json | undefined;
};

export type JobDefinition = {
  id: string;
  name: string | undefined;
  needs: string[];
  condition: string;
  runsOn: Json | undefined;
  env: Json | undefined;
  outputs: Json | undefined;
  environment: Json | undefined;
  concurrency: Json | undefined;
  permissions: Json | undefined;
  timeoutMinutes: Json | undefined;
  defaults: Json | undefined;
  steps: StepDefinition[];
};

/** Joins the ids that the parser gives to steps with what is written about them. */
export function readSteps(model: Step[], yaml: Json | undefined): StepDefinition[] {
  const written = Array.isArray(yaml) ? yaml : [];
  return model.map((step, index) => readStep(step, written[index]));
}

function readStep(model: Step, yaml: Json | undefined): StepDefinition {
  if (!("run" in model) && !("uses" in model))
    throw new Error(`step ${model.id}: only run and uses are supported here`);
  if (model.background) throw new Error(`step ${model.id}: background steps are not supported here`);
  return {
    id: model.id || `__${"run" in model ? "run" : model.uses.value.replace(/@.*$/, "").replaceAll("/", "_")}`,
    name: findText(yaml, "name"),
    condition: readCondition(findField(yaml, "if")),
    uses: findText(yaml, "uses"),
    run: findText(yaml, "run"),
    with: findField(yaml, "with"),
    env: findField(yaml, "env"),
    shell: findText(yaml, "shell"),
    workingDirectory: findText(yaml, "working-directory"),
    continueOnError: findField(yaml, "continue-on-error"),
    timeoutMinutes: findField(yaml, "timeout-minutes"),
  };
}
