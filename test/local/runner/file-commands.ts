import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { randomUUID } from "node:crypto";
import type { StepRecord } from "./step-record.ts";

const maxSummaryKib = 1024;

/** Names in the github context → paths of the files through which one step speaks to the runner. */
export type CommandFiles = Record<"env" | "output" | "path" | "state" | "step_summary", string>;

/** What lasts beyond the step: the job's environment and PATH. */
export type JobEnvironment = { env: Map<string, string>; prependPath: string[] };

export function createCommandFiles(temp: string): CommandFiles {
  const folder = path.join(temp, "_runner_file_commands");
  mkdirSync(folder, { recursive: true });
  const suffix = randomUUID();
  const create = (prefix: string): string => {
    const file = path.join(folder, prefix + suffix);
    writeFileSync(file, "");
    return file;
  };
  return {
    env: create("set_env_"),
    output: create("set_output_"),
    path: create("add_path_"),
    state: create("save_state_"),
    step_summary: create("step_summary_"),
  };
}

/** Reads the files once the step has ended, however it ended. A malformed one fails the step. */
export function readCommandFiles(files: CommandFiles, record: StepRecord, job: JobEnvironment): void {
  const readers: Record<keyof CommandFiles, () => void> = {
    path: () => addPaths(job.prependPath, read(files.path)),
    env: () => setEnvironment(job.env, read(files.env), record),
    step_summary: () => keepSummary(files.step_summary, record),
    state: () => parsePairs(read(files.state)).forEach(([key, value]) => record.state.set(key, value)),
    output: () => parsePairs(read(files.output)).forEach(([key, value]) => record.outputs.set(key, value)),
  };
  for (const [name, reader] of Object.entries(readers)) {
    try {
      reader();
    } catch (error) {
      record.annotate("error", `Unable to process file command '${name}' successfully.`);
      record.fail(error);
    }
  }
}

/** Parses `NAME=value` and `NAME<<DELIMITER … DELIMITER`; throws on anything else. */
export function parsePairs(text: string): [string, string][] {
  const pairs: [string, string][] = [];
  const lines = text.split("\n");
  while (lines.length > 0) {
    const line = lines.shift() ?? "";
    if (line === "") continue;
    const equals = line.indexOf("=");
    const heredoc = line.indexOf("<<");
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) pairs.push([line.slice(0, equals), line.slice(equals + 1)]);
    else if (heredoc >= 0) pairs.push([line.slice(0, heredoc), takeHeredoc(line, heredoc, lines)]);
    else throw new Error(`Invalid format '${line}'`);
  }
  return pairs;
}

function takeHeredoc(line: string, at: number, lines: string[]): string {
  const delimiter = line.slice(at + 2);
  if (at === 0 || delimiter === "") {
    throw new Error(`Invalid format '${line}'. Name must not be empty and delimiter must not be empty`);
  }
  const end = lines.indexOf(delimiter);
  if (end < 0) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`);
  const value = lines.slice(0, end).join("\n");
  lines.splice(0, end + 1);
  return value;
}

function addPaths(paths: string[], text: string): void {
  for (const line of text.split(/\r?\n/).filter((candidate) => candidate !== "")) {
    const known = paths.indexOf(line);
    if (known >= 0) paths.splice(known, 1);
    paths.push(line);
  }
}

function setEnvironment(env: Map<string, string>, text: string, record: StepRecord): void {
  for (const [key, value] of parsePairs(text)) {
    if (key.toUpperCase() === "NODE_OPTIONS") {
      record.annotate("error", "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.");
    } else env.set(key, value);
  }
}

/** Masked line by line, so a secret that spans lines is caught only where its lines are registered too. */
function keepSummary(file: string, record: StepRecord): void {
  const sizeBytes = statSync(file).size;
  if (sizeBytes > maxSummaryKib * 1024) {
    const got = Math.floor(sizeBytes / 1024);
    record.annotate(
      "error",
      `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of ${maxSummaryKib}k, got ${got}k.`,
    );
    return;
  }
  const lines = read(file).split(/\r\n|\n|\r/);
  if (lines.at(-1) === "") lines.pop();
  record.summary = lines.map((line) => `${record.masker.mask(line)}\n`).join("");
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
