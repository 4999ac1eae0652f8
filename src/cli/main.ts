import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CommandContext, runCommand } from "../commands.ts";
import { MigrationError, type Outcome, exitCodes } from "../errors.ts";
import type { Command } from "../inputs/definitions.ts";
import { parseInputs } from "../inputs/parse.ts";
import type { Log } from "../log.ts";
import { makeWorkDirectory } from "../state.ts";
import { cleanupCommand } from "./cleanup-command.ts";
import { finishedEvent, sayEnding } from "./ending.ts";
import { type Flags, readFlags } from "./flags.ts";
import { createHider } from "./hider.ts";
import { hasLeftovers, tidyUp } from "./leftovers.ts";
import { readLocalPlatform } from "./platform.ts";
import { prepareFolder, publishToFolder } from "./publish.ts";
import { listenForStopping } from "./stopping.ts";
import { createTerminalLog, reportMistake, surviveClosedOutput } from "./terminal-log.ts";

/** Sockets of a stopped run may linger; nothing waits for them any longer than this. */
const lingeringMs = 1000;

/** The same commands outside GitHub: flags and environment variables in, a folder of evidence out, the same exit codes. */
export async function runCommandLine(argv: readonly string[], version: string): Promise<void> {
  surviveClosedOutput();
  try {
    const flags = await readFlags(argv, version, process.env);
    process.exitCode = exitCodes[flags === undefined ? "ok" : await runFlags(flags, argv)];
  } catch (error) {
    reportMistake(error, argv.includes("--json"));
    process.exitCode = exitCodes.failed;
  }
  setTimeout(() => process.exit(), lingeringMs).unref();
}

/** What one call of the command line has, besides what the command itself needs. */
interface Call extends CommandContext {
  howToCleanUp: string;
  isOwnWorkDirectory: boolean;
}

async function runFlags(flags: Flags, argv: readonly string[]): Promise<Outcome> {
  const inputs = parseInputs(flags.raw);
  const { command } = inputs;
  const folder = command === "cleanup" ? "" : await prepareFolder(inputs);
  const workDirectory = await openWorkDirectory(flags.workDirectory, command);
  const howToCleanUp = cleanupCommand(argv, workDirectory);
  const { hide, learn } = createHider(inputs);
  const log = createTerminalLog({ isJson: flags.json, stream: process.stderr, hide });
  using stopping = listenForStopping({ log, onAbandon: () => abandon({ log, command, workDirectory, howToCleanUp }) });
  stopping.startDeadline(inputs.deadlineMinutes);
  const call: Call = {
    inputs,
    log,
    platform: readLocalPlatform(process.env),
    workDirectory,
    signal: stopping.signal,
    onSecret: learn,
    howToCleanUp,
    isOwnWorkDirectory: flags.workDirectory === undefined,
  };
  return command === "cleanup" ? await cleanUp(call) : await runAndPublish(call, folder);
}

async function runAndPublish(call: Call, folder: string): Promise<Outcome> {
  const result = await runCommand(call);
  if (result === undefined) return "ok";
  const isClean = result.stateIsEmpty || (await tidyUp(call, call.howToCleanUp));
  const published = await publishToFolder(result, { ...call, folder });
  if (call.isOwnWorkDirectory && isClean) await rm(call.workDirectory, { recursive: true, force: true });
  const outcome = result.outcome === "ok" && !isClean ? "failed" : result.outcome;
  sayEnding(call.log, published, folder);
  call.log.event("finished", finishedEvent(published, folder, outcome));
  return outcome;
}

async function cleanUp(call: Call): Promise<Outcome> {
  const hadSomething = hasLeftovers(call.workDirectory);
  await runCommand(call);
  const headline = hadSomething ? "Everything is put back." : `Nothing in ${call.workDirectory} is left to put back.`;
  call.log.info(headline);
  call.log.event("finished", { command: "cleanup", outcome: "ok", exitCode: exitCodes.ok, headline });
  return "ok";
}

interface Abandoned {
  log: Log;
  command: Command;
  workDirectory: string;
  howToCleanUp: string;
}

/** The last words of a process that ends in the middle. */
function abandon({ log, command, workDirectory, howToCleanUp }: Abandoned): void {
  const cleanup = hasLeftovers(workDirectory) ? { cleanup: howToCleanUp } : {};
  if (cleanup.cleanup === undefined) log.error("Ended at once. Nothing is left to put back.");
  else log.error(`Ended before everything was put back. To do that, with the same environment:\n  ${howToCleanUp}`);
  const { interrupted: exitCode } = exitCodes;
  log.event("finished", { command, verdict: "interrupted", outcome: "interrupted", exitCode, ...cleanup });
}

async function openWorkDirectory(given: string | undefined, command: Command): Promise<string> {
  if (given === undefined && command === "cleanup") {
    throw new MigrationError("cleanup needs to know what was left behind.", {
      code: "USAGE",
      hint: "Give --work-dir with the folder that the interrupted run used or named.",
    });
  }
  const folder = given ?? (await mkdtemp(join(tmpdir(), "migrate-to-heroku-postgres-")));
  await makeWorkDirectory(folder, "Name a folder that can be written with --work-dir.");
  return folder;
}
