import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Step } from "@actions/workflow-parser/model/workflow-template";
import { readSteps, type StepDefinition } from "./definitions.ts";
import { findField, findText, type Json, listFields } from "./json.ts";
import { parseActionFile } from "./parser.ts";

export type ActionInput = { name: string; default: Json | undefined; deprecation: string | undefined };

export type ActionDefinition = {
  /** Folder of the action.yml. */
  directory: string;
  inputs: ActionInput[];
  outputs: [name: string, value: Json | undefined][];
  runs:
    | { using: "composite"; steps: StepDefinition[] }
    | { using: "node24"; main: string; post: string | undefined; postCondition: string };
};

/** Reads and validates the action.yml (or action.yaml) of a folder; undefined if there is none. */
export function findAction(directory: string): ActionDefinition | undefined {
  const files = ["action.yml", "action.yaml"].map((name) => path.join(directory, name));
  const file = files.find((candidate) => existsSync(candidate));
  if (!file) return undefined;
  const { model, yaml } = parseActionFile(file, readFileSync(file, "utf8"));
  return {
    directory,
    inputs: listFields(findField(yaml, "inputs")).map(([name, input]) => readInput(name, input)),
    outputs: listFields(findField(yaml, "outputs")).map(([name, output]) => [name, findField(output, "value")]),
    runs: readRuns(file, model.runs, findField(yaml, "runs")),
  };
}

function readInput(name: string, yaml: Json): ActionInput {
  return { name, default: findField(yaml, "default"), deprecation: findText(yaml, "deprecationMessage") };
}

type ModelRuns = ReturnType<typeof parseActionFile>["model"]["runs"];

function readRuns(file: string, runs: ModelRuns, yaml: Json | undefined): ActionDefinition["runs"] {
  if (runs.using === "composite") return { using: "composite", steps: readCompositeSteps(file, runs.steps, yaml) };
  if (runs.using !== "node24") throw new Error(`${file}: runs.using ${runs.using} is not supported here`);
  if (runs.pre !== undefined) throw new Error(`${file}: runs.pre is not supported here`);
  return { using: "node24", main: runs.main, post: runs.post, postCondition: runs.postIf ?? "always()" };
}

/** A composite cannot name its own root by `$/`, though a workflow can: the runner's parser refuses the whole file. */
function readCompositeSteps(file: string, model: Step[], yaml: Json | undefined): StepDefinition[] {
  const steps = readSteps(model, findField(yaml, "steps"));
  const refused = steps.find((step) => step.uses === "$/");
  if (refused) throw new Error(`${file}: Expected format {org}/{repo}[/path]@ref. Actual '$/'`);
  return steps;
}
