import { readFile } from "node:fs/promises";
import { Command, CommanderError } from "commander";
import { MigrationError } from "../errors.ts";
import {
  type Command as CommandName,
  type InputDefinition,
  commands,
  inputDefinitions,
} from "../inputs/definitions.ts";
import { isFileOnly, listOptions, programEpilogue, summaries, variableOf, widestHelp } from "./help.ts";

export interface Flags {
  raw: Record<string, string>;
  /** Machine-readable events, one JSON object a line, instead of text. */
  json: boolean;
  workDirectory: string | undefined;
}

type Options = Readonly<Record<string, string | boolean>>;

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
  print: (text: string) => void = (text) => process.stdout.write(text),
): Promise<Flags | undefined> {
  refuseSecretFlags(argv);
  const chosen = await parseArguments(argv, version, print);
  if (chosen === undefined) return undefined;
  const { command, options } = chosen;
  const raw: Record<string, string> = { command };
  for (const input of inputDefinitions) {
    const value = await readInput(input, options, environment);
    if (value !== undefined && input.name !== "command") raw[input.name] = value;
  }
  return { raw, json: options["json"] === true, workDirectory: textOption(options, "work-dir") };
}

/** The likely mistake gets its own answer, and its value is not repeated. */
function refuseSecretFlags(argv: readonly string[]): void {
  for (const input of inputDefinitions.filter(isFileOnly)) {
    const flag = `--${input.name}`;
    if (!argv.some((argument) => argument === flag || argument.startsWith(`${flag}=`))) continue;
    throw usageError(
      `${flag} is not a flag: every process of this machine could read its value.`,
      `Set ${variableOf(input)}, or name a file with ${flag}-file.`,
    );
  }
}

async function parseArguments(
  argv: readonly string[],
  version: string,
  print: (text: string) => void,
): Promise<{ command: CommandName; options: Options } | undefined> {
  let chosen: { command: CommandName; options: Options } | undefined;
  const program = createProgram(version, print, (command, options) => {
    chosen = { command, options };
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw explain(error);
  }
  return chosen;
}

function explain(error: CommanderError): MigrationError {
  if (error.code === "commander.help")
    return usageError("No command was given.", `Give one of ${commands.join(", ")}, or ask for --help.`);
  // What stands behind the = of an unknown flag may be a secret.
  const message = error.message.replace(/^error: /u, "").replace(/('--[\w-]+)=[^]*?'(?=\n|$)/u, "$1'");
  return usageError(message, "Ask for --help.");
}

function usageError(message: string, hint: string): MigrationError {
  return new MigrationError(message, { code: "USAGE", hint });
}

async function readInput(
  input: InputDefinition,
  options: Options,
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

function textOption(options: Options, name: string): string | undefined {
  const value = options[camelCase(name)];
  return typeof value === "string" ? value : undefined;
}

function camelCase(name: string): string {
  return name.replaceAll(/-(\w)/gu, (_match, letter: string) => letter.toUpperCase());
}

function createProgram(
  version: string,
  print: (text: string) => void,
  choose: (command: CommandName, options: Options) => void,
): Command {
  const output = {
    writeOut: print,
    writeErr: () => {},
    outputError: () => {},
    getOutHelpWidth: () => Math.min(process.stdout.columns ?? 80, widestHelp),
  };
  const program = new Command("migrate-to-heroku-postgres")
    .description(
      "Moves a PostgreSQL database from another provider to Heroku Postgres, and proves that nothing was lost.",
    )
    .usage("<command> [flags]")
    .version(version, "-V, --version", "Print the version")
    .helpOption("-h, --help", "Show this")
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .helpCommand(false)
    .exitOverride()
    .configureOutput(output)
    .addHelpText("after", programEpilogue);
  for (const name of commands) {
    const command = program.command(name).usage("[flags]").description(summaries[name]).exitOverride();
    for (const option of listOptions(name)) command.addOption(option);
    command.helpOption("-h, --help", "Show this").configureOutput(output);
    command.action((options: Options) => choose(name, options));
  }
  return program;
}
