// A whole migration on one machine: real servers, a bucket and a Heroku of our own, and the shipped workflow run by a
// workflow runner. Prints the log as the Actions UI would and leaves the evidence in .demo/.
import { copyFile, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { formatBytes, formatSeconds } from "../../../src/format.ts";
import { printEvents } from "../runner/events.ts";
import type { WorkflowResult } from "../runner/results.ts";
import { type World, startWorld } from "../world.ts";
import { compareRows } from "./compare.ts";
import { execute, fillShop } from "./fill.ts";
import { runMigration } from "./migration.ts";
import { dressAs, install, sourceOf } from "./provider-server.ts";
import { type Scene, readScene, usage } from "./scene.ts";

async function main(): Promise<void> {
  const scene = readScene(process.argv.slice(2));
  if (scene === undefined) return console.log(usage);
  const startedAt = performance.now();
  const stop = stopOnSignal();
  await using world = await prepareWorld(scene);
  console.log(`Running the workflow .github/workflows/migrate.yml …`);
  const result = await runMigration(world, {
    provider: scene.provider,
    onEvent: printEvents(process.stdout, { color: process.stdout.isTTY }),
    signal: stop.signal,
  });
  await saveEvidence(world, result, scene.folder);
  const isAsWanted = scene.blocked ? await checkBlocked(result) : await checkMigrated(world, result);
  console.log(
    `\n${isAsWanted ? "The demo went as it should" : "The demo FAILED"}, in ${formatSeconds((performance.now() - startedAt) / 1000)}.`,
  );
  process.exitCode = isAsWanted && !stop.signal.aborted ? 0 : 1;
  if (scene.keep && !stop.signal.aborted) await waitForStop(world, stop.signal);
}

/** Ctrl-C cancels the run as a person would in the UI; what was started is stopped on the way out. */
function stopOnSignal(): AbortController {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => controller.abort());
  return controller;
}

async function prepareWorld(scene: Scene): Promise<World> {
  const { agents } = sourceOf(scene.provider);
  console.log(
    `Starting PostgreSQL ${scene.source} (${scene.provider}) and ${scene.target} (Heroku), a bucket, a Heroku and an artifact service …`,
  );
  const world = await startWorld({ sourceMajor: scene.source, targetMajor: scene.target });
  try {
    await dressAs(world.source, scene.provider);
    await fillShop(world.sourceUrl, scene.rows);
    await install(world.source, world.sourceDatabase, agents);
    if (scene.blocked)
      await execute(
        world.source.superuserUrl(world.sourceDatabase),
        "create table private_notes (note text); insert into private_notes values ('only a superuser reads this')",
      );
    return world;
  } catch (error) {
    await world[Symbol.asyncDispose]();
    throw error;
  }
}

/** Raw artifacts carry command and attempt in their names; here the later job's file of a name stands. */
async function saveEvidence(world: World, result: WorkflowResult, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const artifacts = join(folder, "artifacts");
  await mkdir(artifacts, { recursive: true });
  const raw = join(folder, "uploaded");
  for (const path of await world.artifacts.saveTo(raw))
    await copyFile(path, join(artifacts, basename(path).replace(/^[a-z]+-\d+-/u, "")));
  const summaries = Object.values(result.jobs).map((job) => job.summary);
  await writeFile(join(folder, "summary.md"), summaries.filter((summary) => summary !== "").join("\n\n"));
  await writeFile(join(folder, "log.txt"), result.log);
  console.log(`\nEvidence in ${folder}/:`);
  const { readdir } = await import("node:fs/promises");
  for (const name of (await readdir(artifacts)).toSorted())
    console.log(`  artifacts/${name}  ${formatBytes((await stat(join(artifacts, name))).size)}`);
  console.log("  summary.md  the job summaries\n  log.txt  the log");
}

async function checkMigrated(world: World, result: WorkflowResult): Promise<boolean> {
  if (result.conclusion !== "success") return false;
  const warnings = world.heroku.state.transfers.reduce((sum, transfer) => sum + transfer.warnings, 0);
  const { tables, rows, different } = await compareRows(world);
  console.log(
    `\nBehind our back: ${tables} tables with ${rows} rows compared, ${different.length} differ; Heroku skipped ${warnings} errors.`,
  );
  return different.length === 0 && warnings === 0;
}

async function checkBlocked(result: WorkflowResult): Promise<boolean> {
  return result.jobs["preflight"]?.conclusion === "failure" && result.jobs["migrate"]?.conclusion === "skipped";
}

async function waitForStop(world: World, signal: AbortSignal): Promise<void> {
  const { host, port, database, owner } = world.connectTarget();
  console.log(
    `\nKept running until Ctrl-C:\n  source  ${world.sourceUrl}\n  target  postgres://${owner.user}:${owner.password}@${host}:${port}/${database}\n  heroku  ${world.heroku.url}\n  bucket  ${world.bucket.endpoint}`,
  );
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

await main();
