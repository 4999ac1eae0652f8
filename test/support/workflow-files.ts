import { readFileSync, readdirSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";

export const root = resolve(import.meta.dirname, "../..");

export interface Step {
  name?: string;
  id?: string;
  if?: string;
  uses?: string;
  run?: string;
  shell?: string;
  env?: Record<string, string>;
  with?: Record<string, string | number | boolean>;
}

export interface Job {
  permissions?: Record<string, string>;
  "runs-on"?: string;
  "timeout-minutes"?: number;
  environment?: string;
  needs?: string | string[];
  if?: string;
  steps: Step[];
}

export interface Workflow {
  name: string;
  on: Record<string, { inputs?: Record<string, { default?: unknown; description?: string }> } | null>;
  permissions?: unknown;
  concurrency?: { group: string; "cancel-in-progress": unknown };
  jobs: Record<string, Job>;
}

export interface Action {
  inputs: Record<string, { description: string; required: boolean; default?: string }>;
  outputs: Record<string, { description: string; value?: string }>;
  runs: { using: string; main?: string; post?: string; steps?: Step[] };
}

export function readText(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

export function readYaml<T>(file: string): T {
  return parse(readText(file)) as T;
}

export function listFiles(folder: string, ending = ".yml"): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(ending))
    .toSorted()
    .map((name) => `${folder}/${name}`);
}

export const action = readYaml<Action>("action.yml");

/** Examples that are GitHub workflows; two are for other systems. */
export const exampleWorkflows = listFiles("examples").filter((file) => !/gitlab-ci|circleci/u.test(file));
export const workflows = listFiles(".github/workflows");

/** The parts of the language service that are used here; loaded by Node itself, which needs to be told that JSON is JSON. */
interface LanguageService {
  validate: (document: unknown, config: unknown) => Promise<{ range: { start: { line: number } }; message: string }[]>;
}
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    return specifier.endsWith(".json") ? { ...resolved, importAttributes: { type: "json" } } : resolved;
  },
});
const requireThere = createRequire(join(root, "node_modules/@actions/languageservice/package.json"));
const { validate } = requireThere("./dist/index.js") as LanguageService;
const { TextDocument } = requireThere("vscode-languageserver-textdocument") as {
  TextDocument: { create: (uri: string, languageId: string, version: number, text: string) => unknown };
};

/**
 * What GitHub's own editor service has against a file, one line each. It knows the inputs of our action, so that a
 * `with:` of another name is one of them. It keeps what it knows by URI: every call gets one of its own.
 */
export async function listDiagnostics(file: string, text = readText(file)): Promise<string[]> {
  count += 1;
  const place = file.endsWith("action.yml") ? file : `.github/workflows/${count}-${file.split("/").at(-1) ?? ""}`;
  const uri = pathToFileURL(join(root, `check-${count}`, place)).href;
  const diagnostics = await validate(TextDocument.create(uri, "yaml", 1, text), {
    actionsMetadataProvider: {
      fetchActionMetadata: async ({ owner, name }: { owner: string; name: string }) =>
        await Promise.resolve({ name, description: "", inputs: inputsOf(owner) }),
    },
  });
  return diagnostics.map(({ range, message }) => `${file}:${range.start.line + 1}: ${message}`);
}
let count = 0;

export const ourOwner = "migrate-to-heroku-postgres";
/** Inputs of the clouds' own actions at the commits that the examples name. Of others, nothing is known here. */
const cloudInputs: Readonly<Record<string, string>> = {
  "aws-actions": `aws-region aws-profile role-to-assume audience role-duration-seconds role-external-id role-session-name
    role-skip-session-tagging inline-session-policy managed-session-policies output-credentials output-env-credentials
    allowed-account-ids`,
  azure: "creds client-id tenant-id subscription-id environment allow-no-subscriptions audience auth-type",
  "google-github-actions": `project_id workload_identity_provider service_account audience create_credentials_file
    export_environment_variables token_format universe access_token_lifetime`,
};

function inputsOf(owner: string): Action["inputs"] | undefined {
  if (owner === ourOwner) return action.inputs;
  const names = cloudInputs[owner]?.split(/\s+/u);
  return names && Object.fromEntries(names.map((name) => [name, { description: "", required: false }]));
}

export function isOurs(uses: string | undefined): boolean {
  return uses?.startsWith(`${ourOwner}/action@`) === true || uses === "$/" || uses === "./";
}

export function listSteps(workflow: Workflow): { job: string; step: Step }[] {
  return Object.entries(workflow.jobs).flatMap(([job, { steps }]) => steps.map((step) => ({ job, step })));
}
