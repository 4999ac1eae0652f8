import { evaluateJson, type Scope } from "./expressions.ts";
import { findField, findText, type Json, listFields, renderScalar } from "./json.ts";
import type { WorkflowDefinition } from "./workflow-file.ts";

export type EventName = "workflow_dispatch" | "workflow_call";
export type GivenInputs = Record<string, string | number | boolean>;

const maxDispatchInputs = 25;
const maxDispatchChars = 65_535;

/** The typed `inputs` context of an event; throws where GitHub would refuse to start the run. */
export function resolveInputs(
  workflow: WorkflowDefinition,
  { event, given, scope }: { event: EventName; given: GivenInputs; scope: Scope },
): Record<string, Json> {
  if (!(event in workflow.events)) throw new Error(`${workflow.file}: the workflow has no '${event}' trigger`);
  const declared = listFields(findField(workflow.events[event], "inputs"));
  const names = new Set(declared.map(([name]) => name));
  const unknown = Object.keys(given).filter((name) => !names.has(name));
  if (unknown.length > 0) throw new Error(`Unexpected inputs provided: ${JSON.stringify(unknown)}`);
  if (event === "workflow_dispatch") refuseOversized(declared.length, given);
  const resolved = declared.map(([name, config]) => {
    const fallback = evaluateJson(findField(config, "default"), scope);
    return [name, resolveInput(name, config, { event, value: given[name] ?? fallback })];
  });
  return Object.fromEntries(resolved) as Record<string, Json>;
}

/** The secrets that a called workflow sees: those that it declares. A dispatched one sees all. */
export function resolveSecrets(workflow: WorkflowDefinition, event: EventName, given: Record<string, string>) {
  if (event === "workflow_dispatch") return given;
  const declared = listFields(findField(workflow.events[event], "secrets"));
  const names = new Set(declared.map(([name]) => name));
  for (const name of Object.keys(given)) {
    if (!names.has(name)) throw new Error(`Invalid secret, ${name} is not defined in the referenced workflow.`);
  }
  for (const [name, config] of declared) {
    const missing = findField(config, "required") === true && !given[name];
    if (missing) throw new Error(`Secret ${name} is required, but not provided while calling.`);
  }
  return given;
}

function refuseOversized(count: number, given: GivenInputs): void {
  if (count > maxDispatchInputs)
    throw new Error(`workflow_dispatch has ${count} inputs, more than ${maxDispatchInputs}`);
  const chars = JSON.stringify(given).length;
  if (chars > maxDispatchChars) throw new Error(`inputs are ${chars} characters, more than ${maxDispatchChars}`);
}

type Asked = { event: EventName; value: Json };

function resolveInput(name: string, config: Json, { event, value }: Asked): Json {
  const required = findField(config, "required") === true;
  if (required && (value === null || value === "")) throw new Error(`Required input '${name}' not provided`);
  const type = findText(config, "type") ?? "string";
  if (type === "boolean") return toBoolean(name, value ?? false, event);
  if (type === "number") return toNumber(name, value ?? 0);
  if (type === "choice") return toChoice(name, config, value);
  return renderScalar(value);
}

/** The form of a dispatch sends text; a caller's value has a type of its own. */
function toBoolean(name: string, value: Json, event: EventName): boolean {
  if (typeof value === "boolean") return value;
  if (event === "workflow_dispatch" && (value === "true" || value === "false")) return value === "true";
  throw new Error(`Input '${name}' must be a boolean`);
}

function toNumber(name: string, value: Json): number {
  const number = Number(value);
  if (value === "" || Number.isNaN(number)) throw new Error(`Input '${name}' must be a number`);
  return number;
}

/** Without a default, the form starts with the first choice. */
function toChoice(name: string, config: Json, value: Json): string {
  const options = (findField(config, "options") ?? []) as string[];
  const choice = renderScalar(value ?? options[0] ?? null);
  if (options.includes(choice)) return choice;
  throw new Error(`Provided value '${choice}' for input '${name}' not in the list of allowed values`);
}
