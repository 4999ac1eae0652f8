import { afterAll, beforeAll, expect, test } from "vitest";
import { interruptions } from "./faults/cases/interruptions.ts";
import { runCase } from "./faults/run-case.ts";
import { type Scene, openScene } from "./faults/scene.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(async () => {
  await scene?.[Symbol.asyncDispose]();
});

// The others are in `npm run faults`.
const chosen = [
  "SIGTERM in stage quiesce",
  "SIGTERM in stage dump",
  "SIGTERM in stage restore",
  "SIGKILL in stage restore, and the runner is lost",
];

test.each(chosen)("%s: stopped in time, everything put back, finished by the next run", async (name) => {
  const fault = interruptions.find((one) => one.fault === name);
  if (fault === undefined) throw new Error(`there is no fault ${name}`);
  const { problems, message } = await runCase(scene, fault);
  expect(problems, message).toEqual([]);
});
