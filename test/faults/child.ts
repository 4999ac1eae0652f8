import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type CommandContext, runCommand } from "../../src/commands.ts";
import { describeError, exitCodes, hintOf } from "../../src/errors.ts";
import { inputDefinitions } from "../../src/inputs/definitions.ts";
import { parseInputs } from "../../src/inputs/parse.ts";
import type { Log } from "../../src/log.ts";
import { renderEvidence } from "../../src/report/evidence.ts";
import { renderSummary } from "../../src/report/summary.ts";
import { retryPolicies } from "../../src/retry.ts";
import { redact } from "../../src/secret.ts";
import { listenForStop } from "../../src/stop-signal.ts";

// The smallest door to the commands: inputs from the environment, events on standard output. Pauses between tries are
// shorter than in earnest: what is tested is whether it goes on, not how long it waits.

for (const policy of Object.values(retryPolicies)) Object.assign(policy, { baseMs: 20, capMs: 400 });

using stop = listenForStop({ onLate: () => say("late", { message: "Ended in the middle: run the cleanup command." }) });
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "work-dir": { type: "string" }, "output-dir": { type: "string" }, "run-id": { type: "string" } },
});

function say(event: string, facts: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${redact(JSON.stringify({ event, ...facts }))}\n`);
}

const log: Log = {
  info: (message) => say("message", { message }),
  warning: (message) => say("message", { message }),
  error: (message) => say("message", { message }),
  debug: (message) => say("debug", { debug: message }),
  startGroup: () => {},
  endGroup: () => {},
  event: say,
  progress: (progress) => say("progress", { ...progress }),
};

function readInputs(command: string): Record<string, string> {
  const raw: Record<string, string> = { command };
  for (const { name } of inputDefinitions) {
    const value = process.env[name.toUpperCase().replaceAll("-", "_")];
    if (value !== undefined && name !== "command") raw[name] = value;
  }
  return raw;
}

async function run(): Promise<number> {
  const workDirectory = values["work-dir"] ?? "";
  const inputs = parseInputs(readInputs(positionals[0] ?? ""));
  await mkdir(workDirectory, { recursive: true, mode: 0o700 });
  stop.startDeadline(inputs.deadlineMinutes);
  const context: CommandContext = {
    inputs,
    log,
    workDirectory,
    platform: {
      runId: values["run-id"] ?? "0-1",
      runUrl: undefined,
      isPublic: false,
      kind: "local",
      processors: 2,
    },
    signal: stop.signal,
    onSecret: () => {},
  };
  const result = await runCommand(context);
  if (result === undefined) return exitCodes.ok;
  const { report } = result;
  say("message", { message: [report.headline, ...report.nextSteps].join(" ") });
  const folder = values["output-dir"] ?? workDirectory;
  for (const file of await renderEvidence(result, { hideIdentifiers: false, secrets: result.secrets }))
    await writeFile(join(folder, file.name), file.content);
  await writeFile(join(folder, "summary.md"), redact(renderSummary(report)));
  return exitCodes[result.outcome];
}

try {
  process.exitCode = await run();
} catch (error) {
  say("message", { message: [describeError(error), hintOf(error) ?? ""].join(" ") });
  process.exitCode = exitCodes.failed;
}
