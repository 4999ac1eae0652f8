import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CommandContext, runCommand } from "../commands.ts";
import { describeError, exitCodes, hintOf } from "../errors.ts";
import { parseInputs } from "../inputs/parse.ts";
import type { RawInputs } from "../inputs/inputs.ts";
import { redact } from "../secret.ts";
import { listenForStop } from "../stop-signal.ts";
import { readFlags } from "./flags.ts";
import { readLocalPlatform } from "./platform.ts";
import { publishToFolder } from "./publish.ts";
import { createTerminalLog } from "./terminal-log.ts";

/** The same commands outside GitHub: flags and environment variables in, a folder of evidence out, the same exit codes. */
export async function runCommandLine(argv: readonly string[], version: string): Promise<void> {
  try {
    process.exitCode = await runArguments(argv, version);
  } catch (error) {
    const hint = hintOf(error);
    process.stderr.write(`${redact(describeError(error))}\n${hint === undefined ? "" : `${redact(hint)}\n`}`);
    process.exitCode = exitCodes.failed;
  }
}

async function runArguments(argv: readonly string[], version: string): Promise<number> {
  const late = { sentence: "" };
  using stop = listenForStop({ onLate: () => process.stderr.write(late.sentence) });
  const flags = await readFlags(argv, version, process.env);
  if (flags === undefined) return exitCodes.ok;
  const inputs = parseInputs(flags.raw satisfies RawInputs);
  const workDirectory = flags.workDirectory ?? (await mkdtemp(join(tmpdir(), "migrate-to-heroku-postgres-")));
  await mkdir(workDirectory, { recursive: true, mode: 0o700 });
  late.sentence = `Not all could be put back in time: ${howToCleanUp(workDirectory)}\n`;
  const log = createTerminalLog({ isJson: flags.json, stream: process.stderr });
  stop.startDeadline(inputs.deadlineMinutes);
  const context: CommandContext = {
    inputs,
    log,
    platform: readLocalPlatform(process.env),
    workDirectory,
    signal: stop.signal,
    onSecret: () => {},
  };
  const result = await runCommand(context);
  const isClean = result === undefined || result.stateIsEmpty || (await tidyUp(context));
  if (result !== undefined)
    await publishToFolder(result, { inputs, log, folder: inputs.outputDir ?? "migration-evidence" });
  if (flags.workDirectory === undefined && isClean) await rm(workDirectory, { recursive: true, force: true });
  if (result?.outcome === "ok" && !isClean) return exitCodes.failed;
  return exitCodes[result?.outcome ?? "ok"];
}

/** Outside GitHub no later step does it. False where something is left to be put back by hand. */
async function tidyUp(context: CommandContext): Promise<boolean> {
  try {
    const { signal } = new AbortController();
    await runCommand({ ...context, inputs: { ...context.inputs, command: "cleanup" }, signal });
    return true;
  } catch (error) {
    context.log.warning(`${describeError(error)}\n${howToCleanUp(context.workDirectory)}`);
    return false;
  }
}

function howToCleanUp(workDirectory: string): string {
  return `Run the cleanup command with --work-dir ${workDirectory} to put back what this run left behind.`;
}
