import { getState, saveState, setFailed } from "@actions/core";
import { existsSync } from "node:fs";
import { runCommand } from "../commands.ts";
import { type Outcome, describeError, exitCodes, hintOf } from "../errors.ts";
import type { Command } from "../inputs/definitions.ts";
import { parseInputs } from "../inputs/parse.ts";
import type { RawInputs } from "../inputs/inputs.ts";
import { redact } from "../secret.ts";
import { makeWorkDirectory, statePathOf } from "../state.ts";
import { listenForStop } from "../stop-signal.ts";
import { createActionsLog } from "./actions-log.ts";
import { maskInputs, maskSecret } from "./masks.ts";
import { readActionsPlatform, workDirectoryOf } from "./platform.ts";
import { publish } from "./publish.ts";
import { takeRawInputs } from "./raw-inputs.ts";

/** Runs the command that the inputs name, and ends the step with its exit code. */
export async function run(): Promise<void> {
  await reportFailure(() => runInputs({}));
}

/** Puts back what an interrupted run left behind. Does nothing, in silence, after a run that ended well. */
export async function cleanUp(): Promise<void> {
  await reportFailure(async () => {
    // Without a state there is nothing to put back, and wrong inputs have been reported once.
    if (!existsSync(statePathOf(workDirectoryOf(process.env)))) return;
    await runInputs({ command: "cleanup" });
  });
}

/** The entry of `runtime/action.yml`: the same file is its main and its post step. */
export async function runAsJavaScriptAction(): Promise<void> {
  if (getState("isPost") === "true") return await cleanUp();
  saveState("isPost", "true");
  await run();
}

async function runInputs(changes: { command?: Command }): Promise<void> {
  using stop = listenForStop();
  const raw: RawInputs = { ...takeRawInputs(process.env), ...changes };
  maskInputs(raw);
  const inputs = parseInputs(raw);
  const workDirectory = workDirectoryOf(process.env);
  await makeWorkDirectory(workDirectory, "RUNNER_TEMP must be a folder that the runner's user may write to.");
  const platform = await readActionsPlatform(process.env);
  const log = createActionsLog();
  stop.startDeadline(inputs.deadlineMinutes);
  const result = await runCommand({
    inputs,
    log,
    platform,
    workDirectory,
    signal: stop.signal,
    onSecret: (secret) => maskSecret(secret.reveal()),
  });
  if (result === undefined) return;
  await publish(result, { inputs, log, platform, workDirectory });
  end(result.outcome, result.report.headline, result.report.failure?.hint);
}

function end(outcome: Outcome, headline: string, hint: string | undefined): void {
  if (outcome === "ok") return;
  setFailed(redact(hint === undefined ? headline : `${headline}\n${hint}`));
  process.exitCode = exitCodes[outcome];
}

/** The one place where an error becomes a failed step: message, causes and hint, redacted. */
async function reportFailure(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    end("failed", describeError(error), hintOf(error));
  }
}
