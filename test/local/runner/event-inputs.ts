import type { InputConfig } from "@actions/workflow-parser/model/workflow-template";
import type { TemplateToken } from "@actions/workflow-parser/templates/tokens/index";
import { evaluateJson, type Json, type Scope } from "./expressions.ts";
import type { WorkflowDefinition } from "./workflow-file.ts";

export type EventName = "workflow_dispatch" | "workflow_call";
export type GivenInputs = Record<string, string | number | boolean>;

const maxDispatchInputs = 25;
const maxDispatchChars = 65_535;

/** The typed `inputs` context of an event; throws where GitHub would refuse to start the run. */
export function resolveInputs(definition: WorkflowDefinition, event: EventName, given: GivenInputs, scope: Scope) {
  const declared = definition.events[event];
  if (!declared) throw new Error(`${definition.file}: the workflow has no '${event}' trigger`);
  const configs = Object.entries(declared.inputs ?? {});
  const names = new Set(configs.map(([name]) => name));
  const unknown = Object.keys(given).filter((name) => !names.has(name));
  if (unknown.length > 0) throw new Error(`Unexpected inputs provided: ${JSON.stringify(unknown)}`);
  if (event === "workflow_dispatch") refuseOversized(configs.length, given);
  const inputs: Record<string, Json> = {};
  for (const [name, config] of configs) inputs[name] = resolveInput(name, config, { event, given: given[name], scope });
  return inputs;
}

/** The secrets that a called workflow sees: those that it declares. */
export function resolveSecrets(definition: WorkflowDefinition, event: EventName, given: Record<string, string>) {
  if (event === "workflow_dispatch") return given;
  const declared = definition.events.workflow_call?.secrets ?? {};
  for (const name of Object.keys(given)) {
    if (!(name in declared)) throw new Error(`Invalid secret, ${name} is not defined in the referenced workflow.`);
  }
  for (const [name, config] of Object.entries(declared)) {
    const missing = config.required && !given[name];
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

type Config = Omit<InputConfig, "default"> & { default?: string | boolean | number | TemplateToken };
type Asked = { event: EventName; given: string | number | boolean | undefined; scope: Scope };

function resolveInput(name: string, config: Config, { event, given, scope }: Asked): Json {
  const fallback = typeof config.default === "object" ? evaluateJson(config.default, scope) : config.default;
  const value = given ?? (fallback as string | number | boolean | null | undefined);
  if (config.required && (value === undefined || value === ""))
    throw new Error(`Required input '${name}' not provided`);
  const type: string = config.type;
  if (type === "boolean") return toBoolean(name, value ?? false, event);
  if (type === "number") return toNumber(name, value ?? 0);
  const text = String(value ?? (type === "choice" ? (config.options?.[0] ?? "") : ""));
  if (type === "choice" && !config.options?.includes(text)) {
    throw new Error(`Provided value '${text}' for input '${name}' not in the list of allowed values`);
  }
  return text;
}

/** The form of a dispatch sends text; a caller's value has a type of its own. */
function toBoolean(name: string, value: unknown, event: EventName): boolean {
  if (typeof value === "boolean") return value;
  if (event === "workflow_dispatch" && (value === "true" || value === "false")) return value === "true";
  throw new Error(`Input '${name}' must be a boolean`);
}

function toNumber(name: string, value: unknown): number {
  const number = Number(value);
  if (value === "" || Number.isNaN(number)) throw new Error(`Input '${name}' must be a number`);
  return number;
}
