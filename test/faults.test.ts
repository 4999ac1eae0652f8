import { afterAll, beforeAll, expect, test } from "vitest";
import { faultCases } from "./faults/cases.ts";
import { runCase } from "./faults/run-case.ts";
import { type Scene, openScene } from "./faults/scene.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(async () => {
  await scene?.[Symbol.asyncDispose]();
});

// A few of each kind; the whole matrix is `npm run faults`.
const chosen = [
  "a reader is ended by pg_terminate_backend in the dump",
  "the snapshot's holder is ended in the dump",
  "somebody holds an exclusive lock on a table, for ever",
  "a part is acknowledged and not stored",
  "completing the upload loses its answer",
  "a byte of a part turns over in the store",
  "the restore is accepted and its answer lost",
  "the restore fails after a safety backup: the message says how to go back",
  "every call is answered 401",
  "the disk is full: no file may grow",
];

test.each(chosen)("%s", async (name) => {
  const fault = faultCases.find((one) => one.fault === name);
  if (fault === undefined) throw new Error(`there is no fault ${name}`);
  const { problems, message } = await runCase(scene, fault);
  expect(problems, message).toEqual([]);
});

test("there are at least 40 faults, each told apart by its words", () => {
  expect(faultCases.length).toBeGreaterThanOrEqual(40);
  expect(new Set(faultCases.map(({ fault }) => fault)).size).toBe(faultCases.length);
});
