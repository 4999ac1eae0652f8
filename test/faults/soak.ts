import { readdir, readlink } from "node:fs/promises";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runCommand } from "../../src/commands.ts";
import { parseInputs } from "../../src/inputs/parse.ts";
import { silentLog } from "../../src/log.ts";
import { startWorld } from "../local/world.ts";
import { fillShop } from "../local/demo/fill.ts";
import { wipeDatabase } from "../local/heroku/wipe.ts";

// npm run soak -- [--runs 20]: migrations one after the other in one process; nothing may pile up.

interface Sizes {
  processes: number;
  sockets: number;
  files: number;
  temporary: number;
  heapMegabytes: number;
}

const { values } = parseArgs({
  options: { runs: { type: "string", default: "20" }, rows: { type: "string", default: "300" } },
});
const runs = Number(values.runs);

await using world = await startWorld();
await fillShop(world.sourceUrl, Number(values.rows));
const base = await mkdtemp(join(tmpdir(), "soak-"));
process.env["TMPDIR"] = base;
const samples: Sizes[] = [];
for (let number = 1; number <= runs; number += 1) {
  await wipeDatabase(world.connectTarget());
  const startedAt = performance.now();
  const outcome = await migrateOnce(number);
  if (outcome !== "ok") throw new Error(`migration ${number} ended ${outcome}`);
  await settle();
  const sizes = await measure();
  samples.push(sizes);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${number}: ${seconds} s, ${describe(sizes)}\n`);
}
await rm(base, { recursive: true, force: true });
judge();

async function migrateOnce(number: number): Promise<string> {
  const inputs = parseInputs({ ...world.inputs, command: "migrate", confirm: "example-app", "scale-down": "worker" });
  const result = await runCommand({
    inputs,
    log: silentLog,
    workDirectory: await mkdtemp(join(base, "work-")),
    platform: { runId: `${number}-1`, runUrl: undefined, isPublic: false, kind: "local", processors: 2 },
    signal: new AbortController().signal,
    onSecret: () => {},
  });
  for (const name of await readdir(base)) await rm(join(base, name), { recursive: true });
  for (const { key } of world.bucket.objects.list()) await world.bucket.objects.delete(key);
  world.bucket.clearRequests();
  world.heroku.requests.length = 0;
  world.heroku.state.transfers.length = 0;
  return result?.outcome ?? "nothing";
}

/** Keep-alive connections and ended sessions take a moment. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 500));
  globalThis.gc?.();
}

async function measure(): Promise<Sizes> {
  const descriptors = await readdir("/proc/self/fd");
  const links = await Promise.all(descriptors.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => "")));
  const children = await readdir("/proc/self/task").then((tasks) => tasks.length);
  return {
    processes: await countChildren(),
    sockets: links.filter((link) => link.startsWith("socket:")).length,
    files: links.filter((link) => link.startsWith("/")).length + children,
    temporary: (await readdir(base)).length,
    heapMegabytes: process.memoryUsage().heapUsed / 1e6,
  };
}

async function countChildren(): Promise<number> {
  const tasks = await readdir("/proc/self/task");
  const { readFile } = await import("node:fs/promises");
  const lists = await Promise.all(
    tasks.map((task) => readFile(`/proc/self/task/${task}/children`, "utf8").catch(() => "")),
  );
  return lists.join(" ").split(/\s+/u).filter(Boolean).length;
}

function describe({ processes, sockets, files, temporary, heapMegabytes }: Sizes): string {
  return `${processes} children, ${sockets} sockets, ${files} files and threads, ${temporary} temporary files, ${heapMegabytes.toFixed(0)} MB heap`;
}

/** The first runs load modules and fill caches: the second third against the last one. */
function judge(): void {
  const third = Math.floor(samples.length / 3);
  const early = samples.slice(third, 2 * third);
  const late = samples.slice(-third);
  const most = (part: readonly Sizes[], name: keyof Sizes): number => Math.max(...part.map((sizes) => sizes[name]));
  const allowed: Readonly<Record<keyof Sizes, number>> = {
    processes: 0,
    sockets: 4,
    files: 2,
    temporary: 0,
    heapMegabytes: 20,
  };
  for (const name of Object.keys(allowed) as (keyof Sizes)[]) {
    const growth = most(late, name) - most(early, name);
    const isGrowing = growth > allowed[name];
    process.stdout.write(`${isGrowing ? "✗" : "✓"} ${name}: ${growth >= 0 ? "+" : ""}${growth.toFixed(0)}\n`);
    if (isGrowing) process.exitCode = 1;
  }
}
