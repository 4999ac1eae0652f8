import { readFile } from "node:fs/promises";
import { Command, CommanderError, Option } from "commander";
import { MigrationError } from "../errors.ts";
import {
  type Command as CommandName,
  type InputDefinition,
  commands,
  inputDefinitions,
} from "../inputs/definitions.ts";

export interface Flags {
  raw: Record<string, string>;
  /** Machine-readable events, one JSON object a line, instead of text. */
  json: boolean;
  workDirectory: string | undefined;
}

const summaries: Readonly<Record<CommandName, string>> = {
  preflight: "check everything, change nothing, say what will go wrong",
  migrate: "dump, upload, prove, restore and verify",
  verify: "compare a source with a target again, later",
  cleanup: "put back what an interrupted run left behind",
};

/** `SOURCE_DATABASE_URL` for `source-database-url`. */
export function variableOf(input: Pick<InputDefinition, "name">): string {
  return input.name.toUpperCase().replaceAll("-", "_");
}

/**
 * Inputs from flags, else from the environment. A secret never comes as a flag, where every process of the machine could
 * read it: from its environment variable, or from a file by `--<name>-file`.
 *
 * Undefined after `--help` and `--version`, which have printed what was asked.
 */
export async function readFlags(
  argv: readonly string[],
  version: string,
  environment: NodeJS.ProcessEnv,
): Promise<Flags | undefined> {
  let chosen: { command: CommandName; options: Record<string, string | boolean> } | undefined;
  const program = createProgram(version, (command, options) => {
    chosen = { command, options };
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return undefined;
    throw new MigrationError((error as Error).message.replace(/^error: /u, ""), {
      code: "USAGE",
      hint: "Ask for --help.",
      cause: error,
    });
  }
  if (chosen === undefined) return undefined;
  const { command, options } = chosen;
  const raw: Record<string, string> = { command };
  for (const input of inputDefinitions) {
    const value = await readInput(input, options, environment);
    if (value !== undefined && input.name !== "command") raw[input.name] = value;
  }
  return { raw, json: options["json"] === true, workDirectory: textOption(options, "work-dir") };
}

async function readInput(
  input: InputDefinition,
  options: Record<string, string | boolean>,
  environment: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const file = textOption(options, `${input.name}-file`);
  if (file === undefined) return textOption(options, input.name) ?? environment[variableOf(input)];
  return await readFile(file, "utf8").catch((error: unknown) => {
    throw new MigrationError(`The file of --${input.name}-file cannot be read.`, {
      code: "USAGE",
      hint: "Check the path.",
      cause: error,
    });
  });
}

function textOption(options: Record<string, string | boolean>, name: string): string | undefined {
  const value = options[camelCase(name)];
  return typeof value === "string" ? value : undefined;
}

function camelCase(name: string): string {
  return name.replaceAll(/-(\w)/gu, (_match, letter: string) => letter.toUpperCase());
}

function createProgram(
  version: string,
  choose: (command: CommandName, options: Record<string, string | boolean>) => void,
): Command {
  const program = new Command("migrate-to-heroku-postgres")
    .description(
      "Moves a PostgreSQL database from another provider to Heroku Postgres, and proves that nothing was lost.",
    )
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .addHelpText("after", helpEpilogue);
  for (const name of commands) {
    const command = program.command(name).description(summaries[name]).exitOverride();
    for (const option of listOptions(name)) command.addOption(option);
    command.action((options: Record<string, string | boolean>) => choose(name, options));
  }
  return program;
}

const helpEpilogue = `
Every input is a flag or an environment variable of the same name in capitals (--heroku-app, HEROKU_APP).
Secrets are taken from the environment or from a file, never from a flag:
SOURCE_DATABASE_URL or --source-database-url-file, HEROKU_API_KEY or --heroku-api-key-file, …

Exit codes: 0 done, 1 failed, 2 blocked by the gate, 3 the databases differ, 4 could not verify, 130 interrupted.`;

function listOptions(command: CommandName): Option[] {
  const inputs = inputDefinitions.filter((input) => input.name !== "command" && input.group !== "tests");
  const hidden = inputDefinitions
    .filter((input) => input.group === "tests")
    .map((input) => optionOf(input, command).hideHelp());
  return [
    ...inputs.map((input) => optionOf(input, command)),
    ...hidden,
    new Option("--json", "print events as JSON, one a line, instead of text"),
    new Option("--work-dir <folder>", "folder for the state that cleanup needs"),
  ];
}

function optionOf(input: InputDefinition, command: CommandName): Option {
  const isFileOnly = input.secret === true || input.name.startsWith("source-c");
  const flag = isFileOnly ? `--${input.name}-file <path>` : `--${input.name} <value>`;
  const needed = input.requiredFor?.includes(command) === true ? " (needed)" : "";
  const byDefault = input.default === undefined ? "" : ` (default: ${input.default})`;
  return new Option(flag, `${input.description.replaceAll("`", "")}${needed}${byDefault}`);
}
