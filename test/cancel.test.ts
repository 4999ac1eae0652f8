import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../src/commands.ts";
import { MigrationError } from "../src/errors.ts";
import { silentLog } from "../src/log.ts";
import { interruptions } from "./faults/cases/interruptions.ts";
import { runCase } from "./faults/run-case.ts";
import { type Scene, openScene } from "./faults/scene.ts";
import { compareRows } from "./local/demo/compare.ts";
import { fillShop } from "./local/demo/fill.ts";
import { runMigration, startMigration } from "./local/demo/migration.ts";
import { type World, appName, startWorld } from "./local/world.ts";
import { openTestRun } from "./support/run.ts";

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

test("on GitHub: cancelled in the dump, the action's own cleanup step puts everything back, and the re-run ends well", async () => {
  await using world = await startWorld();
  await fillShop(world.sourceUrl, 500);
  world.bucket.faults.add({ operation: "UploadPart", times: Infinity, action: { stallMs: 20_000 } });
  const running = startMigration(world, {
    inputs: { "scale-down": "all", "freeze-source": "database" },
    onEvent: (event) => {
      if (event.type === "line" && /3(?:\.|\/8) dump/u.test(event.text)) setTimeout(() => running.cancel(), 700);
    },
  });
  const cancelled = await running.finished;
  expect(cancelled.conclusion, cancelled.log).toBe("cancelled");
  await expectAllPutBack(world);
  expect(world.heroku.state.transfers).toEqual([]);
  world.bucket.faults.clear();
  const again = await runMigration(world, {
    inputs: { "scale-down": "all", "freeze-source": "database" },
    rerunOf: cancelled,
  });
  expect(again.conclusion, again.log).toBe("success");
  expect((await compareRows(world)).different).toEqual([]);
  await expectAllPutBack(world);
});

test("on GitHub: a failed restore, too, leaves the app and the source as they were", async () => {
  await using world = await startWorld();
  await fillShop(world.sourceUrl, 300);
  world.heroku.faults.restore = { failsAfterBytes: 1000 };
  const failed = await runMigration(world, { inputs: { "scale-down": "all", "freeze-source": "database" } });
  expect(failed.conclusion).toBe("failure");
  expect(failed.jobs["migrate"]?.summary).toMatch(/wiped by the restore/u);
  await expectAllPutBack(world);
});

test("our own deadline leaves time to put everything back at once", async () => {
  await using world = await startWorld();
  await fillShop(world.sourceUrl, 300);
  const raw = {
    ...world.inputs,
    command: "migrate",
    confirm: appName,
    "scale-down": "all",
    "freeze-source": "database",
  };
  await using folder = await openTestRun(raw);
  const stop = new AbortController();
  const deadline = new MigrationError("The deadline passed.", { code: "DEADLINE" });
  const result = await runCommand({
    inputs: folder.run.inputs,
    log: { ...silentLog, startGroup: (title) => void (/dump/iu.test(title) && stop.abort(deadline)) },
    workDirectory: folder.run.workDirectory,
    platform: { runId: "9-1", runUrl: undefined, isPublic: false, kind: "local", processors: 2 },
    signal: stop.signal,
    onSecret: () => {},
  });
  expect(result?.report.failure).toMatchObject({ code: "DEADLINE", stage: "dump" });
  await expectAllPutBack(world);
});

async function expectAllPutBack(world: World): Promise<void> {
  const app = world.heroku.app(appName);
  expect(app.maintenance).toBe(false);
  expect(app.formation.map(({ quantity }) => quantity)).toEqual([2, 1]);
  expect(world.bucket.uploads()).toEqual([]);
  expect(world.bucket.objects.list().filter(({ key }) => key.endsWith("claim.json"))).toEqual([]);
  const frozen =
    "select 1 from pg_db_role_setting s, unnest(s.setconfig) c where c like 'default_transaction_read_only%'";
  expect(await world.source.query("shop", frozen)).toEqual([]);
}
