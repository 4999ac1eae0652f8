import type { ActionDefinition } from "./action-file.ts";
import { runComposite } from "./composite-step.ts";
import { evaluateText, evaluateTexts } from "./expressions.ts";
import { runJavaScript } from "./javascript-step.ts";
import type { StubAction } from "./options.ts";
import { processEnvironment } from "./step-environment.ts";
import type { Source } from "./step-scope.ts";
import { writeHead } from "./step-process.ts";
import type { StepRun } from "./step-run.ts";
import { resolveUses } from "./uses.ts";

/** GitHub allows nine composites inside each other; the workflow's own steps are the tenth level. */
const maxDepth = 10;

/** Runs a `uses:` step. */
export async function runUses(run: StepRun): Promise<void> {
  const { definition, scope } = run;
  if (scope.depth >= maxDepth) throw new Error(`Composite action depth exceeded max depth ${maxDepth - 1}`);
  const used = resolveUses(definition.uses ?? "", scope);
  Object.assign(run.github, nameSource("source" in used ? used.source : { kind: "local" }));
  const written = evaluateTexts(definition.with, run.expressions);
  if ("stub" in used) return runStub(run, used.stub, written);
  const { action, source } = used;
  const inputs = mergeInputs(run, action, written);
  writeHead(run, `Run ${definition.uses}`, describeInputs(inputs));
  const { runs } = action;
  if (runs.using === "composite") return runComposite(run, { action, steps: runs.steps, source, inputs });
  return runJavaScript(run, { action, runs, inputs });
}

function nameSource(source: Source): { action_repository: string; action_ref: string } {
  if (source.kind !== "remote") return { action_repository: "", action_ref: "" };
  return { action_repository: source.repository, action_ref: source.ref };
}

/**
 * All inputs that the caller wrote, declared or not, then the defaults of the others. Nobody checks `required`
 * (actions/runner, src/Runner.Worker/ActionRunner.cs).
 */
function mergeInputs(run: StepRun, action: ActionDefinition, written: Map<string, string>): Record<string, string> {
  const { record, expressions } = run;
  const names = new Map([...written.keys()].map((name) => [name.toLowerCase(), name]));
  const inputs = new Map(written);
  for (const input of action.inputs) {
    const known = names.has(input.name.toLowerCase());
    if (!known) inputs.set(input.name, evaluateText(input.default, expressions));
    else if (input.deprecation) {
      const name = names.get(input.name.toLowerCase());
      record.annotate("warning", `Input '${name}' has been deprecated with message: ${input.deprecation}`);
    }
  }
  const valid = action.inputs.map((input) => input.name);
  const lower = new Set(valid.map((name) => name.toLowerCase()));
  const unexpected = [...written.keys()].filter((name) => !lower.has(name.toLowerCase()));
  if (unexpected.length > 0) {
    const quoted = (list: string[]): string => `'${list.join("', '")}'`;
    record.annotate("warning", `Unexpected input(s) ${quoted(unexpected)}, valid inputs are [${quoted(valid)}]`);
  }
  return Object.fromEntries(inputs);
}

function describeInputs(inputs: Record<string, string>): string[] {
  const shown = Object.entries(inputs).filter(([, value]) => value !== "");
  return shown.length === 0 ? [] : ["with:", ...shown.map(([name, value]) => `  ${name}: ${value}`)];
}

async function runStub(run: StepRun, stub: StubAction, written: Map<string, string>): Promise<void> {
  const { definition, job, record, env, github } = run;
  const uses = definition.uses ?? "";
  const inputs = Object.fromEntries(written);
  writeHead(run, `Run ${uses}`, describeInputs(inputs));
  const result = await stub({
    uses,
    inputs,
    env: processEnvironment(job, { env, github, runtime: true }),
    workspace: job.folders.workspace,
    write: (message) => record.write(message),
  });
  for (const [name, value] of Object.entries(result?.outputs ?? {})) record.outputs.set(name, value);
  for (const [name, value] of Object.entries(result?.env ?? {})) job.env.set(name, value);
}
