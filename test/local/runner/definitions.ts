import type { Step } from "@actions/workflow-parser/model/workflow-template";
import type { TemplateToken } from "@actions/workflow-parser/templates/tokens/index";
import { isMapping, isSequence } from "./parser.ts";

/** A step of a workflow or of a composite. Tokens are not evaluated yet. */
export type StepDefinition = {
  /** The written id, or a generated one that starts with `__` and gets no entry in the steps context. */
  id: string;
  name: TemplateToken | undefined;
  /** A whole expression, with the implied `success()`. */
  condition: string;
  uses: string | undefined;
  run: TemplateToken | undefined;
  with: TemplateToken | undefined;
  env: TemplateToken | undefined;
  shell: TemplateToken | undefined;
  workingDirectory: TemplateToken | undefined;
  continueOnError: TemplateToken | undefined;
  timeoutMinutes: TemplateToken | undefined;
};

export type JobDefinition = {
  id: string;
  name: TemplateToken | undefined;
  needs: string[];
  condition: string;
  runsOn: TemplateToken | undefined;
  env: TemplateToken | undefined;
  outputs: TemplateToken | undefined;
  environment: TemplateToken | undefined;
  concurrency: TemplateToken | undefined;
  permissions: TemplateToken | undefined;
  timeoutMinutes: TemplateToken | undefined;
  defaults: TemplateToken | undefined;
  steps: StepDefinition[];
};

/** Joins what the converted model knows (ids, conditions) with what it drops (`with`, `shell`, …). */
export function readSteps(converted: Step[], tokens: TemplateToken | undefined): StepDefinition[] {
  const mappings = tokens && isSequence(tokens) ? [...tokens] : [];
  return converted.map((step, index) => readStep(step, mappings[index]));
}

function readStep(step: Step, token: TemplateToken | undefined): StepDefinition {
  if (!("run" in step) && !("uses" in step)) throw new Error(`step ${step.id}: only run and uses are supported here`);
  if (step.background) throw new Error(`step ${step.id}: background steps are not supported here`);
  return {
    id: step.id,
    name: step.name,
    condition: step.if.expression,
    uses: "uses" in step ? step.uses.value : undefined,
    run: findField(token, "run"),
    with: findField(token, "with"),
    env: findField(token, "env"),
    shell: findField(token, "shell"),
    workingDirectory: findField(token, "working-directory"),
    continueOnError: findField(token, "continue-on-error"),
    timeoutMinutes: findField(token, "timeout-minutes"),
  };
}

/** The value under a key of a mapping; undefined where there is no mapping or no such key. */
export function findField(token: TemplateToken | undefined, key: string): TemplateToken | undefined {
  return token && isMapping(token) ? token.find(key) : undefined;
}

/** Keys and values of a mapping, in the order in which they are written. */
export function listFields(token: TemplateToken | undefined): [string, TemplateToken][] {
  if (!token || !isMapping(token)) return [];
  return [...token].map(({ key, value }) => [key.toString(), value]);
}
