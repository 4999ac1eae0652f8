import { randomUUID } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { evaluateText } from "./expressions.ts";
import { processEnvironment } from "./step-environment.ts";
import { runStepProcess, writeHead } from "./step-process.ts";
import type { StepRun } from "./step-run.ts";

/** Arguments of the shells that may be named without any (actions/runner, Handlers/ScriptHandlerHelpers.cs). */
const shells: Record<string, { args: string; extension: string }> = {
  bash: { args: "--noprofile --norc -e -o pipefail {0}", extension: ".sh" },
  sh: { args: "-e {0}", extension: ".sh" },
  python: { args: "{0}", extension: ".py" },
};

/** Runs a `run:` step. It never gets the runtime's token. */
export async function runScript(run: StepRun): Promise<void> {
  const { definition, job, record, scope, expressions, github } = run;
  Object.assign(github, { action_repository: "", action_ref: "" });
  const script = evaluateText(definition.run, expressions);
  const defaults = scope.composite ? {} : job.runDefaults;
  const shell = findShell(run, evaluateText(definition.shell, expressions) || defaults.shell);
  const folder = evaluateText(definition.workingDirectory, expressions) || (defaults["working-directory"] ?? "");
  const file = path.join(job.folders.temp, `${randomUUID()}${shell.extension}`);
  writeFileSync(file, script);
  const firstLine = script.trimStart().split(/[\r\n]/)[0] ?? "";
  const lines = script.replace(/\n+$/, "").split(/\r?\n/);
  const head = [...lines.map((line) => `\u001b[36;1m${line}\u001b[0m`), `shell: ${shell.command} ${shell.args}`];
  writeHead(run, `Run ${firstLine}`, head);
  const exitCode = await runStepProcess(run, {
    command: shell.command,
    args: shell.args.split(" ").map((arg) => arg.replaceAll("{0}", file)),
    cwd: path.resolve(job.folders.workspace, folder),
  });
  if (exitCode !== 0) record.fail(`Process completed with exit code ${exitCode}.`);
}

/** Without a name: bash if there is one, but then without pipefail. */
function findShell(run: StepRun, written: string | undefined): { command: string; args: string; extension: string } {
  const [name = "", ...rest] = (written ?? "").split(" ");
  const command = written ? findProgram(run, name) : (findProgram(run, "bash") ?? findProgram(run, "sh"));
  if (command === undefined) throw new Error(`${name || "bash"}: command not found`);
  const builtIn = shells[written ? name : "sh"];
  const args = rest.join(" ") || builtIn?.args;
  if (!args?.includes("{0}")) {
    throw new Error(
      "Invalid shell option. Shell must be a valid built-in (bash, sh, python) or a format string containing '{0}'",
    );
  }
  return { command, args, extension: builtIn?.extension ?? "" };
}

function findProgram({ job, env, github }: StepRun, name: string): string | undefined {
  const folders = processEnvironment(job, { env, github })["PATH"]?.split(":") ?? [];
  return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
}
