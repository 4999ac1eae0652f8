import { inputDefinitions } from "../inputs/definitions.ts";
import type { RawInputs } from "../inputs/inputs.ts";

/** The composite passes all of its inputs, unknown ones included, as one JSON text, so that a misspelt name is seen. */
const jsonVariable = "MIGRATE_INPUTS";

/**
 * Takes the inputs out of the environment: from the composite's JSON, or from the `INPUT_…` variables that a JavaScript
 * action gets. They are deleted from the environment, so that no child inherits them.
 */
export function takeRawInputs(environment: NodeJS.ProcessEnv): RawInputs {
  const json = environment[jsonVariable];
  delete environment[jsonVariable];
  return json === undefined ? takeVariables(environment) : parseJson(json);
}

function parseJson(json: string): RawInputs {
  const values: unknown = JSON.parse(json);
  if (typeof values !== "object" || values === null) throw new TypeError(`${jsonVariable} is not a JSON object`);
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value ?? "")]));
}

/** Inside github-script, `INPUT_SCRIPT` and its neighbours are github-script's own; unknown names are ours to refuse only outside. */
function takeVariables(environment: NodeJS.ProcessEnv): RawInputs {
  const raw: Record<string, string> = {};
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith("INPUT_")) continue;
    raw[variable.slice("INPUT_".length).toLowerCase()] = value ?? "";
    delete environment[variable];
  }
  return raw;
}

/** The values that must be masked before anything else happens. */
export function listSecretValues(raw: RawInputs): string[] {
  return inputDefinitions
    .filter((input) => input.secret === true)
    .map((input) => raw[input.name] ?? "")
    .filter((value) => value !== "");
}
