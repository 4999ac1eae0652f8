import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../commands.ts";
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
  const flags = await readFlags(argv, version, process.env);
  if (flags === undefined) return exitCodes.ok;
  const inputs = parseInputs(flags.raw satisfies RawInputs);
  const workDirectory = flags.workDirectory ?? (await mkdtemp(join(tmpdir(), "migrate-to-heroku-postgres-")));
  await mkdir(workDirectory, { recursive: true, mode: 0o700 });
  const log = createTerminalLog({ isJson: flags.json, stream: process.stderr });
  using stop = listenForStop(inputs.deadlineMinutes);
  const result = await runCommand({
    inputs,
    log,
    platform: readLocalPlatform(process.env),
    workDirectory,
    signal: stop.signal,
    onSecret: () => {},
  });
  if (result !== undefined)
    await publishToFolder(result, { inputs, log, folder: inputs.outputDir ?? "migration-evidence" });
  const isFinished = result === undefined || result.stateIsEmpty;
  if (flags.workDirectory === undefined && isFinished) await rm(workDirectory, { recursive: true, force: true });
  else if (!isFinished)
    log.warning(`Run the cleanup command with --work-dir ${workDirectory} to put back what this run left behind.`);
  return exitCodes[result?.outcome ?? "ok"];
}
