// A whole migration on one machine: real servers, a bucket and a Heroku of our own, and the shipped workflow run by a
// workflow runner. Prints the log as the Actions UI would and leaves the evidence in .demo/.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { formatCount, formatSeconds } from "../../../src/format.ts";
import { printEvents } from "../runner/events.ts";
import type { WorkflowResult } from "../runner/results.ts";
import { type World, appName, startWorld } from "../world.ts";
import { compareRows } from "./compare.ts";
import { saveEvidence } from "./evidence.ts";
import { execute, fillShop } from "./fill.ts";
import { foldGroups } from "./folding.ts";
import { repositoryRoot, runMigration } from "./migration.ts";
import { dressAs, install, sourceOf } from "./provider-server.ts";
import { type Scene, readScene, usage } from "./scene.ts";
import { surround } from "./surroundings.ts";
import { stopOnSignal, untilStopped } from "./stopping.ts";

async function main(): Promise<void> {
  const scene = readScene(process.argv.slice(2));
  if (scene === undefined) return console.log(usage);
  if (!existsSync(join(repositoryRoot, "dist/index.js")))
    throw new Error("dist/ is missing, which is what the action runs: make it with npm run build.");
  const signal = stopOnSignal();
  try {
    await play(scene, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exitCode = 130;
  }
}

async function play(scene: Scene, signal: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  console.log(
    `Starting PostgreSQL ${scene.source} as ${scene.provider} has it, PostgreSQL ${scene.target} as Heroku has it, a bucket, a Heroku and an artifact service …`,
  );
  await using world = await startWorld({ sourceMajor: scene.source, targetMajor: scene.target });
  signal.throwIfAborted();
  console.log(`Filling the source: ${formatCount(scene.rows)} orders and what belongs to them …`);
  await untilStopped(signal, fillSource(world, scene));
  await using around = new AsyncDisposableStack();
  around.use(await surround(world));
  console.log(`Running the workflow .github/workflows/migrate.yml …`);
  const result = await runMigration(world, {
    provider: scene.provider,
    onEvent: foldGroups(printEvents(process.stdout, { color: hasColours() })),
    signal,
  });
  signal.throwIfAborted();
  const lines = await saveEvidence(world.artifacts, result, scene.folder);
  console.log(`\nEvidence in ${scene.folder}/:\n${lines.join("\n")}\n`);
  const isAsWanted = scene.blocked ? checkBlocked(world, result) : await checkMigrated(world, result);
  const seconds = formatSeconds((performance.now() - startedAt) / 1000);
  console.log(`The demo ${isAsWanted ? "went as it should" : "FAILED"}, in ${seconds}.`);
  process.exitCode = isAsWanted ? 0 : 1;
  if (scene.keep) await waitForStop(world, signal);
}

function hasColours(): boolean {
  return process.stdout.isTTY && (process.env["NO_COLOR"] ?? "") === "";
}

async function fillSource(world: World, scene: Scene): Promise<void> {
  await dressAs(world.source, scene.provider);
  await fillShop(world.sourceUrl, scene.rows);
  await install(world.source, world.sourceDatabase, sourceOf(scene.provider).agents);
  if (!scene.blocked) return;
  await execute(
    world.source.superuserUrl(world.sourceDatabase),
    "create table private_notes (note text); insert into private_notes values ('only a superuser reads this')",
  );
}

async function checkMigrated(world: World, result: WorkflowResult): Promise<boolean> {
  if (result.conclusion !== "success") return false;
  const warnings = world.heroku.state.transfers.reduce((sum, transfer) => sum + transfer.warnings, 0);
  const { tables, rows, different } = await compareRows(world);
  console.log(
    `Compared once more, as superuser and without the action: ${tables} tables with ${formatCount(rows)} rows, ${different.length} differ; Heroku skipped ${warnings} errors.`,
  );
  return different.length === 0 && warnings === 0;
}

function checkBlocked({ heroku }: World, { jobs }: WorkflowResult): boolean {
  const isUntouched = heroku.state.transfers.length === 0 && !heroku.app(appName).maintenance;
  console.log(`The gate said no; Heroku was ${isUntouched ? "not touched" : "TOUCHED"}.`);
  return isUntouched && jobs["preflight"]?.conclusion === "failure" && jobs["migrate"]?.conclusion === "skipped";
}

async function waitForStop(world: World, signal: AbortSignal): Promise<void> {
  const { host, port, database, owner } = world.connectTarget();
  console.log(
    `\nKept running until Ctrl-C:\n  source  ${world.sourceUrl}\n  target  postgres://${owner.user}:${owner.password}@${host}:${port}/${database}\n  heroku  ${world.heroku.url}\n  bucket  ${world.bucket.endpoint}`,
  );
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
