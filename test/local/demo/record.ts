// Records three real runs on the local world as data: docs/samples is rendered from them (scripts/samples.ts), so that the
// samples show what runs look like and yet come out the same each time. Run it when the report's data changes.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../../src/commands.ts";
import { parseInputs } from "../../../src/inputs/parse.ts";
import { silentLog } from "../../../src/log.ts";
import type { Report } from "../../../src/report.ts";
import { type World, appName, startWorld } from "../world.ts";
import { execute, fillShop } from "./fill.ts";
import { dressAs, install, sourceOf } from "./provider-server.ts";

const rows = 100_000;
const provider = "azure";

async function withWorld(record: (world: World) => Promise<Report>): Promise<Report> {
  await using world = await startWorld({ targetMajor: 17 });
  await dressAs(world.source, provider);
  await fillShop(world.sourceUrl, rows);
  await install(world.source, world.sourceDatabase, sourceOf(provider).agents);
  return await record(world);
}

async function runOnce(world: World, command: "preflight" | "migrate"): Promise<Report> {
  const workDirectory = await mkdtemp(join(tmpdir(), "recording-"));
  try {
    const inputs = parseInputs({
      ...world.inputs,
      command,
      confirm: appName,
      "scale-down": "worker",
      "safety-backup": "always",
    });
    const platform = { runId: "4711-1", runUrl: undefined, isPublic: false, kind: "github" as const, processors: 2 };
    const result = await runCommand({
      inputs,
      log: silentLog,
      platform,
      workDirectory,
      signal: new AbortController().signal,
      onSecret: () => {},
    });
    if (result === undefined) throw new Error(`${command} gave no report`);
    return result.report;
  } finally {
    await rm(workDirectory, { recursive: true, force: true });
  }
}

const scenes: Record<string, (world: World) => Promise<Report>> = {
  success: async (world) => {
    await runOnce(world, "preflight");
    return await runOnce(world, "migrate");
  },
  blocked: async (world) => {
    await execute(
      world.source.superuserUrl(world.sourceDatabase),
      "create table private_notes (note text); create table private_letters (letter text)",
    );
    return await runOnce(world, "preflight");
  },
  "failed-restore": async (world) => {
    await runOnce(world, "preflight");
    world.heroku.faults.restore = { failsAfterBytes: 2_000_000 };
    return await runOnce(world, "migrate");
  },
};

for (const [name, scene] of Object.entries(scenes)) {
  const report = await withWorld(scene);
  // The settings as a file of their own are not part of page and summary.
  delete report.settingsCsv;
  const folder = new URL(`../../../docs/samples/${name}/`, import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL("report.json", folder), `${JSON.stringify(report, null, 1)}\n`);
  console.log(`${name}: ${report.headline}`);
}
