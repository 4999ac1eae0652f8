import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { TemplateToken } from "@actions/workflow-parser/templates/tokens/index";
import { findField, listFields, readSteps, type StepDefinition } from "./definitions.ts";
import { convertActionTemplate, NoOperationTraceWriter, parseAction, refuseInvalid } from "./parser.ts";

export type ActionInput = { name: string; default: TemplateToken | undefined; deprecation: string | undefined };

export type ActionDefinition = {
  /** Folder of the action.yml. */
  directory: string;
  inputs: ActionInput[];
  outputs: [name: string, value: TemplateToken | undefined][];
  runs:
    | { using: "composite"; steps: StepDefinition[] }
    | { using: "node24"; main: string; post: string | undefined; postCondition: string };
};

/** Reads and validates the action.yml (or action.yaml) of a folder; undefined if there is none. */
export function findAction(directory: string): ActionDefinition | undefined {
  const file = ["action.yml", "action.yaml"].map((name) => path.join(directory, name)).find((name) => existsSync(name));
  if (!file) return undefined;
  const { context, value } = parseAction(
    { name: file, content: readFileSync(file, "utf8") },
    new NoOperationTraceWriter(),
  );
  refuseInvalid(context);
  if (!value) throw new Error(`${file}: empty`);
  const template = convertActionTemplate(context, value);
  refuseInvalid(context);
  const runs = findField(value, "runs");
  return {
    directory,
    inputs: listFields(findField(value, "inputs")).map(([name, input]) => readInput(name, input)),
    outputs: listFields(findField(value, "outputs")).map(([name, output]) => [name, findField(output, "value")]),
    runs: readRuns(file, template.runs, runs),
  };
}

function readInput(name: string, token: TemplateToken): ActionInput {
  return {
    name,
    default: findField(token, "default"),
    deprecation: findField(token, "deprecationMessage")?.assertString("deprecationMessage").value,
  };
}

function readRuns(
  file: string,
  runs: ReturnType<typeof convertActionTemplate>["runs"],
  token: TemplateToken | undefined,
): ActionDefinition["runs"] {
  if (runs.using === "composite") {
    return { using: "composite", steps: readSteps(runs.steps, findField(token, "steps")) };
  }
  if (runs.using !== "node24") throw new Error(`${file}: runs.using ${runs.using} is not supported here`);
  if (runs.pre !== undefined) throw new Error(`${file}: runs.pre is not supported here`);
  return { using: "node24", main: runs.main, post: runs.post, postCondition: runs.postIf ?? "always()" };
}
