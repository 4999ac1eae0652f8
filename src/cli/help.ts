import { Option } from "commander";
import type { Command as CommandName, InputDefinition, InputGroup } from "../inputs/definitions.ts";
import { inputDefinitions } from "../inputs/definitions.ts";

export const summaries: Readonly<Record<CommandName, string>> = {
  preflight: "Check everything, change nothing, say what will go wrong",
  migrate: "Dump, upload, prove, restore and verify",
  verify: "Compare a source with a target again, later",
  cleanup: "Put back what an interrupted run left behind; takes its inputs and its --work-dir",
};

const groupTitles: Readonly<Record<Exclude<InputGroup, "run">, string>> = {
  source: "Source:",
  heroku: "Heroku:",
  bucket: "Bucket:",
  work: "How:",
  output: "Evidence:",
  tests: "For tests:",
};

/** Wider lines are hard to read, however wide the terminal is. */
export const widestHelp = 100;

export const programEpilogue = `
Begin with the gate, which changes nothing:

  export SOURCE_DATABASE_URL=… HEROKU_API_KEY=…
  export S3_ACCESS_KEY_ID=… S3_SECRET_ACCESS_KEY=…
  migrate-to-heroku-postgres preflight --heroku-app example-app --bucket my-bucket

Every input is a flag, or an environment variable of the same name in capitals:
--heroku-app is HEROKU_APP. Secrets come from the environment or from a file
(--heroku-api-key-file), never from a flag, where every process of the machine
could read them. The evidence is left in migration-evidence/<command>.

Exit codes: 0 done, 1 failed, 2 blocked by the gate, 3 the databases differ,
4 they could not be compared, 130 interrupted.

What a command takes: migrate-to-heroku-postgres <command> --help`;

/** Said of GitHub's runner in the definitions, or of no use outside it. */
const elsewhere: Readonly<Record<string, string>> = {
  "output-dir": "Folder for the evidence; migration-evidence/<command> when not given.",
  "show-identifiers":
    "Whether hosts, addresses, users and role names appear in the evidence; auto shows them, except in a public GitLab project.",
};
const onGitHubOnly = new Set(["command", "artifacts", "artifact-retention-days"]);

/** `SOURCE_DATABASE_URL` for `source-database-url`. */
export function variableOf(input: Pick<InputDefinition, "name">): string {
  return input.name.toUpperCase().replaceAll("-", "_");
}

/** Secrets, and what is longer than a line: by file or by environment only. */
export function isFileOnly(input: InputDefinition): boolean {
  return input.secret === true || input.name === "source-ca" || input.name === "source-client-cert";
}

/** A command's flags in reading order: first what it cannot do without, then by group. */
export function listOptions(command: CommandName): Option[] {
  const inputs = inputDefinitions.filter((input) => !onGitHubOnly.has(input.name));
  const isNeeded = (input: InputDefinition): boolean => input.requiredFor?.includes(command) === true;
  const needed = inputs.filter(isNeeded).map((input) => optionOf(input).helpGroup("Needed:"));
  const others = inputs
    .filter((input) => !isNeeded(input))
    .map((input) => optionOf(input).helpGroup(groupTitles[input.group as keyof typeof groupTitles]));
  return [...needed, ...others, ...runOptions()];
}

function runOptions(): Option[] {
  return [
    new Option("--json", "Print events as JSON, one a line on standard output, instead of text."),
    new Option("--work-dir <folder>", "Folder for the state that the cleanup command needs. Keep it between the two."),
  ].map((option) => option.helpGroup("This run:"));
}

function optionOf(input: InputDefinition): Option {
  const option = new Option(flagOf(input), describe(input));
  return input.group === "tests" ? option.hideHelp() : option;
}

function flagOf(input: InputDefinition): string {
  if (isFileOnly(input)) return `--${input.name}-file <path>`;
  return `--${input.name} <${isYesNo(input) ? "true|false" : "value"}>`;
}

function describe(input: InputDefinition): string {
  const facts = [
    input.values === undefined || isYesNo(input) ? undefined : joinValues(input.values),
    input.default === undefined ? undefined : `default ${input.default}`,
    isFileOnly(input) ? `or ${variableOf(input)}` : undefined,
  ].filter((fact) => fact !== undefined);
  const text = elsewhere[input.name] ?? input.description.replaceAll("`", "");
  return facts.length === 0 ? text : `${text} (${facts.join("; ")})`;
}

function isYesNo({ values }: InputDefinition): boolean {
  return values?.join() === "true,false";
}

function joinValues(values: readonly string[]): string {
  const [last = "", ...others] = values.toReversed();
  return others.length === 0 ? last : `${others.toReversed().join(", ")} or ${last}`;
}
