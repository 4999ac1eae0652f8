import { sessionTag } from "./application-name.ts";
import { cleanUp } from "./cleanup.ts";
import { diagnoseSource } from "./diagnosis.ts";
import { InterruptedError, MigrationError, type Outcome, describeError, hintOf } from "./errors.ts";
import type { Inputs } from "./inputs/inputs.ts";
import type { Log } from "./log.ts";
import { migrate, passGateAlone, verifyAlone } from "./migrate.ts";
import { withoutIdentifiers } from "./report/privacy.ts";
import type { FailureRecord, Report, Verdict } from "./report.ts";
import type { Platform, Run } from "./run.ts";
import type { Secret } from "./secret.ts";
import { StateFile, statePathOf } from "./state.ts";
import { toolVersion } from "./version.ts";
import { Watchdog } from "./watchdog.ts";

export interface CommandContext {
  inputs: Inputs;
  log: Log;
  platform: Platform;
  /** A private folder; the state file lives in it. */
  workDirectory: string;
  signal: AbortSignal;
  /** Called with each secret that is learnt on the way, before it could be printed. */
  onSecret: (secret: Secret) => void;
}

export interface CommandResult {
  outcome: Outcome;
  report: Report;
  /** The same with hosts, addresses, users and role names replaced. */
  publicReport: () => Report;
  /** What the evidence is searched for once more. */
  secrets: Secret[];
  /** Nothing is left for `cleanup` to put back. */
  stateIsEmpty: boolean;
}

/** Runs one command to its end. A failure is part of the report; only `cleanup` has none. */
export async function runCommand(context: CommandContext): Promise<CommandResult | undefined> {
  const run = await openRun(context);
  if (context.inputs.command === "cleanup") {
    await cleanUp(run);
    return undefined;
  }
  await attempt(run);
  run.report.finishedAt = new Date().toISOString();
  const { report } = run;
  return {
    outcome: outcomes[report.verdict],
    report,
    publicReport: () => withoutIdentifiers(report),
    secrets: run.secrets,
    stateIsEmpty: run.state.isEmpty,
  };
}

const outcomes: Readonly<Record<Verdict, Outcome>> = {
  passed: "ok",
  warnings: "ok",
  migrated: "ok",
  verified: "ok",
  blocked: "blocked",
  mismatch: "mismatch",
  unverified: "unverified",
  failed: "failed",
  interrupted: "interrupted",
};

async function attempt(run: Run): Promise<void> {
  try {
    if (run.inputs.command === "preflight") await passGateAlone(run);
    else if (run.inputs.command === "verify") await verifyAlone(run);
    else await migrate(run);
  } catch (error) {
    recordFailure(run, error);
  }
}

function recordFailure({ report, signal }: Run, error: unknown): void {
  // What was aborted by a signal fails in many ways; the signal is the reason.
  const cause: unknown = signal.aborted ? signal.reason : error;
  const stage = report.stages.findLast(({ outcome }) => outcome === "failed")?.name ?? "inputs";
  const hint = hintOf(cause);
  const code = cause instanceof MigrationError ? cause.code : undefined;
  const failure: FailureRecord = {
    stage,
    message: describeError(cause),
    targetState: report.targetState ?? "The target has not been touched.",
    ...(hint === undefined ? {} : { hint }),
    ...(code === undefined ? {} : { code }),
  };
  report.failure = failure;
  report.verdict = verdictOf(cause);
  const where = stage === "inputs" ? "The run" : `Stage ${stage}`;
  const ended = cause instanceof InterruptedError ? "was stopped" : "failed";
  const reason = /[.!?]$/u.test(failure.message) ? failure.message : `${failure.message}.`;
  report.headline = `${where} ${ended}: ${reason} ${failure.targetState}`;
  report.nextSteps = [...listAfterFailure(report), ...(hint === undefined ? [] : [hint]), ...report.nextSteps];
}

/** The app is put back as it was, even onto a database that the restore has wiped: whoever is on call must know that first. */
function listAfterFailure({ app, targetState, restore }: Report): string[] {
  if (targetState === undefined) return [];
  const wayBack = restore?.wayBack === undefined ? "" : `, or bring the old content back: ${restore.wayBack}`;
  return [
    `If the target is the database that ${app} uses now, keep the app away from it: heroku maintenance:on --app ${app}. Then run again${wayBack}.`,
  ];
}

function verdictOf(error: unknown): Verdict {
  if (error instanceof InterruptedError) return "interrupted";
  return error instanceof MigrationError ? error.outcome : "failed";
}

async function openRun(context: CommandContext): Promise<Run & { secrets: Secret[] }> {
  const { inputs, platform, workDirectory, onSecret } = context;
  const secrets = listInputSecrets(inputs);
  const stalled = new AbortController();
  const watchdog = new Watchdog({
    stallMs: inputs.stallMinutes * 60_000,
    diagnose: () => diagnoseSource(inputs.source, sessionTag(platform.runId)),
    onStall: (error) => stalled.abort(error),
  });
  return {
    inputs,
    log: watchdog.listenTo(context.log),
    platform,
    workDirectory,
    signal: AbortSignal.any([context.signal, stalled.signal]),
    watchdog,
    secrets,
    state: await StateFile.open(statePathOf(workDirectory)),
    report: newReport(inputs),
    keepSecret: (secret) => {
      secrets.push(secret);
      onSecret(secret);
    },
  };
}

function listInputSecrets({ source, heroku, bucket }: Inputs): Secret[] {
  const { credentials } = bucket;
  const all = [
    source.password,
    source.tls.clientKey,
    heroku.apiKey,
    credentials?.secretAccessKey,
    credentials?.sessionToken,
  ];
  return all.filter((secret) => secret !== undefined && !secret.isEmpty) as Secret[];
}

function newReport(inputs: Inputs): Report {
  const command = inputs.command === "cleanup" ? "migrate" : inputs.command;
  return {
    version: 1,
    toolVersion,
    command,
    startedAt: new Date().toISOString(),
    verdict: "failed",
    headline: "The run did not get far enough to say anything.",
    nextSteps: [],
    app: inputs.heroku.app,
    stages: [],
    checks: [],
  };
}
