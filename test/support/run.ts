import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseInputs } from "../../src/inputs/parse.ts";
import type { RawInputs } from "../../src/inputs/inputs.ts";
import { silentLog } from "../../src/log.ts";
import type { Run } from "../../src/run.ts";
import { StateFile } from "../../src/state.ts";

export interface TestRun extends AsyncDisposable {
  run: Run;
}

/** A run outside of any platform, with inputs as a user would write them. Its folder goes with it. */
export async function openTestRun(
  raw: RawInputs,
  signal: AbortSignal = new AbortController().signal,
): Promise<TestRun> {
  const workDirectory = await mkdtemp(join(tmpdir(), "migration-"));
  const inputs = parseInputs(raw);
  const run: Run = {
    inputs,
    log: silentLog,
    signal,
    report: {
      version: 1,
      toolVersion: "0.0.0",
      command: "migrate",
      startedAt: new Date().toISOString(),
      verdict: "failed",
      headline: "",
      nextSteps: [],
      app: inputs.heroku.app,
      stages: [],
      checks: [],
    },
    workDirectory,
    state: await StateFile.open(join(workDirectory, "state.json")),
    platform: { runId: "test-1", runUrl: undefined, isPublic: false, kind: "local", processors: 2 },
    keepSecret: () => {},
  };
  return { run, [Symbol.asyncDispose]: () => rm(workDirectory, { recursive: true, force: true }) };
}
