import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Trace, findLeaks, readTraces, spellingsOf } from "./faults/leaks.ts";
import { type SeenProcess, watchProcesses } from "./faults/processes.ts";
import { fillShop } from "./local/demo/fill.ts";
import { runMigration } from "./local/demo/migration.ts";
import type { WorkflowResult } from "./local/runner/results.ts";
import { type World, startWorld } from "./local/world.ts";

describe("the search itself", () => {
  const secret = "p@ss/word#1234";
  const inside = [
    ["raw", `a ${secret} b`],
    ["percent-encoded", encodeURIComponent(secret)],
    ["base64, alone", Buffer.from(secret).toString("base64")],
    ["base64, one byte in", Buffer.from(`x${secret}yz`).toString("base64")],
    ["base64, two bytes in", Buffer.from(`xx${secret}yz`).toString("base64")],
    ["in JSON", JSON.stringify({ it: `${secret}"` })],
    ["in hexadecimal", Buffer.from(secret).toString("hex")],
  ] as const;

  test.each(inside)("finds a secret %s", (_how, text) => {
    expect(findLeaks([{ where: "here", bytes: Buffer.from(text) }], [secret])).toEqual(["secret 0 in here"]);
  });

  test("finds a presigned URL, and nothing in what is blanked", () => {
    const url = `https://b.example.com/k?X-Amz-Signature=${"ab12".repeat(16)}`;
    expect(findLeaks([{ where: "here", bytes: Buffer.from(url) }], [])).toEqual(["a presigned URL in here"]);
    expect(findLeaks([{ where: "here", bytes: Buffer.from("X-Amz-Signature=***") }], [secret])).toEqual([]);
  });
});

/** The step's own process: the runner has put the inputs into its environment, and /proc shows that first block for ever. */
function isStep({ environment }: SeenProcess): boolean {
  return environment.has("MIGRATE_INPUTS");
}

/** The same programs, half a second later: long enough for the sampling to see them. */
async function slowClients(clients: string, folder: string): Promise<string> {
  const bin = join(folder, "clients", "15", "bin");
  await mkdir(bin, { recursive: true });
  for (const name of ["pg_dump", "pg_restore"]) {
    const script = `#!/bin/sh\nsleep 0.5\nexec "${join(clients, "15", "bin", name)}" "$@"\n`;
    await writeFile(join(bin, name), script, { mode: 0o755 });
  }
  return join(folder, "clients");
}

describe("a whole migration through the shipped workflow", () => {
  let world: World;
  let result: WorkflowResult;
  let processes: SeenProcess[];
  let folder: string;

  beforeAll(async () => {
    world = await startWorld();
    await fillShop(world.sourceUrl, 1000);
    folder = await mkdtemp(join(tmpdir(), "secrets-"));
    const watch = watchProcesses();
    result = await runMigration(world, {
      inputs: {
        "postgres-client-dir": await slowClients(world.clients, folder),
        "keep-archive": true,
        "scale-down": "all",
        "freeze-source": "database",
      },
      runner: { workFolder: folder, keepTemp: true },
    });
    processes = await watch.stop();
  });
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  test("ends well, and was watched", () => {
    expect(result.conclusion).toBe("success");
    expect(processes.some(isStep)).toBe(true);
    expect(processes.some(({ argv }) => argv.includes("pg_dump"))).toBe(true);
  });

  test("leaves no secret in logs, summaries, outputs and annotations", () => {
    expect(
      findLeaks([{ where: "the run's result", bytes: Buffer.from(JSON.stringify(result)) }], world.secrets),
    ).toEqual([]);
  });

  test("leaves no secret in artifacts", async () => {
    const traces: Trace[] = [];
    for (const { name } of world.artifacts.list()) {
      for (const [file, bytes] of await world.artifacts.read(name)) traces.push({ where: `${name}/${file}`, bytes });
    }
    expect(traces.length).toBeGreaterThan(8);
    expect(findLeaks(traces, world.secrets)).toEqual([]);
  });

  test("leaves no secret in any file of the runner", async () => {
    const traces = await readTraces(folder);
    expect(traces.length).toBeGreaterThan(5);
    expect(findLeaks(traces, world.secrets)).toEqual([]);
  });

  test("leaves no secret in the bucket, the archive's own content aside", async () => {
    const keys = world.bucket.objects.list().map(({ key }) => key);
    expect(keys.some((key) => key.endsWith("journal.json"))).toBe(true);
    const traces = await Promise.all(
      keys
        .filter((key) => !key.endsWith(".dump"))
        .map(async (key) => ({ where: key, bytes: await world.bucket.objects.read(key) })),
    );
    expect(findLeaks(traces, world.secrets)).toEqual([]);
  });

  test("shows no secret in the argv of any process", () => {
    const traces = processes.map(({ argv }) => ({ where: argv.split("\0")[0] ?? "", bytes: Buffer.from(argv) }));
    expect(findLeaks(traces, world.secrets)).toEqual([]);
  });

  test("gives no secret to a child but pg_dump's password in PGPASSWORD", () => {
    const steps = new Set(processes.filter(isStep).map(({ pid }) => pid));
    const children = processes.filter((child) => isChildOf(child, steps, processes) && !isStep(child));
    expect(children.length).toBeGreaterThan(0);
    const traces = children.map(({ argv, environment }) => {
      // `sleep` is pg_dump's own delay, see slowClients.
      const allowed = argv.includes("pg_dump") || argv.startsWith("sleep\0") ? "PGPASSWORD" : "";
      const rest = [...environment].filter(([name]) => name !== allowed);
      return { where: `the environment of ${argv.split("\0")[0]}`, bytes: Buffer.from(JSON.stringify(rest)) };
    });
    expect(findLeaks(traces, world.secrets)).toEqual([]);
    const names = new Set(children.flatMap(({ environment }) => [...environment.keys()]));
    expect([...names].filter((name) => /GITHUB|RUNNER|INPUT|ACTIONS|TOKEN/u.test(name))).toEqual([]);
  });

  test("looks for every spelling that this password has", () => {
    expect(spellingsOf(world.secrets[2] ?? "").length).toBeGreaterThan(6);
  });
});

function isChildOf(child: SeenProcess, steps: ReadonlySet<number>, processes: readonly SeenProcess[]): boolean {
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  for (let parent: number | undefined = child.parent; parent !== undefined; parent = parents.get(parent))
    if (steps.has(parent)) return true;
  return false;
}
