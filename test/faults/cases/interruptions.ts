import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { statePathOf } from "../../../src/state.ts";
import { answers } from "../../local/heroku/faults.ts";
import type { ChildRun } from "../child-run.ts";
import type { FaultCase } from "../fault-case.ts";
import type { Scene } from "../scene.ts";
import { slowUploads } from "./source.ts";

/** Makes a stage last long enough to be hit in the middle. */
const holds: Readonly<Record<string, (scene: Scene) => void>> = {
  preflight: ({ world }) =>
    void world.heroku.faults.add({ match: { path: /transfers$/u }, action: { kind: "delay", delayMs: 1500 } }),
  quiesce: ({ world }) =>
    void world.heroku.faults.add({
      match: { method: "PATCH", path: /formation/u },
      action: { kind: "delay", delayMs: 700 },
    }),
  dump: (scene) => slowUploads(scene, 2500),
  proof: ({ world }) =>
    void world.bucket.faults.add({ operation: "GetObject", nth: 5, times: Infinity, action: { stallMs: 1500 } }),
  "safety-backup": ({ world }) =>
    void world.heroku.faults.add({
      match: { method: "POST", path: /backups$/u },
      action: { kind: "delay", delayMs: 1500 },
    }),
  restore: ({ world }) => void (world.heroku.faults.restore = { bytesPerSecond: 5_000_000 }),
  verify: ({ world }) =>
    void world.heroku.faults.add({
      match: { path: /config-vars/u },
      after: 0,
      action: { kind: "delay", delayMs: 1500 },
    }),
  finish: ({ world }) =>
    void world.bucket.faults.add({ operation: "DeleteObject", times: 1, action: { stallMs: 1500 } }),
};

const wiping = new Set(["restore", "verify", "finish"]);

/** The grace of five seconds, and the time that a busy machine takes to end a process. */
const mostSeconds = 6.5;

async function hit(run: ChildRun, stage: string, signal: NodeJS.Signals): Promise<void> {
  await run.stage(stage);
  await sleep(stage === "restore" ? 700 : 250);
  run.kill(signal);
}

function interruption(stage: string, signal: NodeJS.Signals, cleanup: FaultCase["cleanup"] = "runs"): FaultCase {
  const after = signal === "SIGKILL" ? (cleanup === "runs" ? ", then cleanup" : ", and the runner is lost") : "";
  return {
    area: "interruption",
    fault: `${signal} in stage ${stage}${after}`,
    arrange: (scene) => holds[stage]?.(scene),
    during: async (_scene, run) => await hit(run, stage, signal),
    ...(stage === "safety-backup" ? { options: { inputs: { "safety-backup": "always" } } } : {}),
    expect: signal === "SIGKILL" ? "killed" : "interrupted",
    ...(signal === "SIGKILL" ? {} : { says: /Interrupted by SIG(?:TERM|INT)/u }),
    target: wiping.has(stage) ? "any" : "untouched",
    cleanup,
    inspect: (_scene, { first }) => {
      const { stopSeconds = 0 } = first;
      return stopSeconds > mostSeconds ? [`it took ${stopSeconds.toFixed(1)} s to stop`] : [];
    },
  };
}

const stages = Object.keys(holds);

export const interruptions: FaultCase[] = [
  ...stages.map((stage) => interruption(stage, "SIGTERM")),
  ...stages.map((stage) => interruption(stage, "SIGKILL")),
  ...["quiesce", "dump", "restore"].map((stage) => interruption(stage, "SIGKILL", "never")),
  {
    area: "interruption",
    fault: "SIGINT, then SIGTERM 7.5 s later as the runner sends them, in the dump",
    arrange: (scene) => slowUploads(scene, 2500),
    during: async (_scene, run) => {
      await hit(run, "dump", "SIGINT");
      await sleep(300);
      run.kill("SIGTERM");
    },
    expect: "interrupted",
    says: /Interrupted by SIGINT/u,
    target: "untouched",
  },
  {
    area: "interruption",
    fault: "SIGTERM while Heroku's API is down: cleanup says what is left, and puts it back later",
    arrange: (scene) => slowUploads(scene, 2500),
    during: async (scene, run) => {
      await run.stage("dump");
      scene.world.heroku.faults.add({ match: {}, action: answers.serverError(503), times: Infinity });
      run.kill("SIGTERM");
      await run.finished;
      const file = statePathOf(join(run.temp, "migrate-to-heroku-postgres"));
      const state = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
      if (state["maintenance"] === undefined) throw new Error("the state file has forgotten maintenance mode");
      scene.world.heroku.faults.clear();
    },
    expect: "interrupted",
    says: /Interrupted by SIGTERM/u,
    target: "untouched",
    cleanup: "runs",
  },
];
