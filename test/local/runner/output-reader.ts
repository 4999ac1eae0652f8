import { type Command, parseCommand } from "./commands.ts";
import type { StepRecord } from "./step-record.ts";

const deprecated = "command is deprecated and will be disabled soon. Please upgrade to using Environment Files.";
const disabled = "command is disabled. Please upgrade to using Environment Files.";

type Run = (record: StepRecord, command: Command) => void;

/** Problem matchers are accepted and ignored. */
const commands: Record<string, Run> = {
  "add-mask": addMask,
  "set-output": (record, command) => keepPair(record, command, record.outputs),
  "save-state": (record, command) => keepPair(record, command, record.state),
  "set-env": refuse,
  "add-path": refuse,
  "add-matcher": () => undefined,
  "remove-matcher": () => undefined,
  error: annotate,
  warning: annotate,
  notice: annotate,
  debug: (record, command) => record.debug(command.data),
  group: (record, command) => record.write(`##[group]${command.data}`),
  endgroup: (record) => record.write("##[endgroup]"),
  echo: setEcho,
};

/** Commands that are never echoed, as they show themselves or must not be seen. */
const silent = new Set(["add-mask", "debug", "error", "warning", "notice"]);

/** Reads what a step's process prints: obeys commands, writes everything else to the log. */
export class OutputReader {
  readonly #record: StepRecord;
  readonly #known = new Set([...Object.keys(commands), "stop-commands"]);
  #stopToken: string | undefined;

  constructor(record: StepRecord) {
    this.#record = record;
  }

  read(line: string): void {
    const command = parseCommand(line, this.#known);
    if (!command || !this.#obey(command, line)) this.#record.write(line);
  }

  /** False if the line is to be shown as it is. */
  #obey(command: Command, line: string): boolean {
    if (this.#stopToken !== undefined) return this.#resume(command, line);
    try {
      if (command.name === "stop-commands") this.#stop(command, line);
      else this.#run(command, line);
    } catch (error) {
      const shown = silent.has(command.name) ? command.name : line;
      this.#record.annotate("error", `Unable to process command '${shown}' successfully.`);
      this.#record.fail(error);
    }
    return true;
  }

  #run(command: Command, line: string): void {
    if (this.#record.echo && !silent.has(command.name)) this.#record.write(line);
    commands[command.name]?.(this.#record, command);
  }

  #stop(command: Command, line: string): void {
    const token = command.data.toLowerCase();
    if (token === "" || token === "pause-logging" || this.#known.has(token)) {
      throw new Error(
        "You cannot use a endToken that is an empty string, the string 'pause-logging', or another workflow command.",
      );
    }
    this.#stopToken = token;
    this.#known.add(token);
    if (token.length > 6) this.#record.masker.add(command.data);
    this.#record.write(line);
  }

  #resume(command: Command, line: string): boolean {
    if (command.name !== this.#stopToken) return false;
    this.#known.delete(this.#stopToken);
    this.#stopToken = undefined;
    this.#record.write(line);
    return true;
  }
}

function addMask(record: StepRecord, command: Command): void {
  if (command.data.trim() === "") {
    record.annotate("warning", "Can't add secret mask for empty string in ##[add-mask] command.");
    return;
  }
  if (record.echo) record.write("::add-mask::***");
  record.masker.addLines(command.data);
}

function keepPair(record: StepRecord, command: Command, into: Map<string, string>): void {
  record.annotate("warning", `The \`${command.name}\` ${deprecated}`);
  const name = command.properties["name"];
  if (!name) throw new Error(`Required field 'name' is missing in ##[${command.name}] command.`);
  into.set(name, command.data);
}

function annotate(record: StepRecord, command: Command): void {
  record.annotate(command.name as "error" | "warning" | "notice", command.data, command.properties);
}

function setEcho(record: StepRecord, command: Command): void {
  const value = command.data.trim().toLowerCase();
  if (value !== "on" && value !== "off") throw new Error(`Invalid echo command value '${command.data}'.`);
  record.echo = value === "on";
}

function refuse(_record: StepRecord, command: Command): void {
  throw new Error(`The \`${command.name}\` ${disabled}`);
}
