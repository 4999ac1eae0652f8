import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareRows } from "./local/demo/compare.ts";
import { fillShop } from "./local/demo/fill.ts";
import type { WorkflowResult } from "./local/runner/results.ts";
import { runWorkflow } from "./local/runner/workflow.ts";
import { type World, addonName, appName, startWorld } from "./local/world.ts";
import { type ProgramPackage, buildPackage } from "./support/program.ts";
import { listDiagnostics, readText, root } from "./support/workflow-files.ts";

let world: World;
let shipped: ProgramPackage;
let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "newcomer-"));
  [world, shipped] = await Promise.all([startWorld(), buildPackage()]);
  await cp(join(root, "action.yml"), join(shipped.folder, "action.yml"));
  await fillShop(world.sourceUrl, 300);
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await shipped?.[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
});

/** The first workflow of the README, as it would be pasted. */
function readmeWorkflow(): string {
  const [, yaml = ""] = /```yaml\n(.+?)```/su.exec(readText("README.md")) ?? [];
  return yaml;
}

/** Inputs without which nothing on this machine would be reached, added to every step that uses the action. */
function onThisMachine(yaml: string): string {
  const names = ["s3-endpoint", "postgres-client-dir", "install-client", "heroku-api-url", "heroku-data-url"];
  const added = names.map((name) => `          ${name}: '${world.inputs[name] ?? ""}'\n`).join("");
  return yaml.replaceAll(/^ {10}command: .*\n/gmu, (line) => line + added);
}

async function run(
  yaml: string,
  inputs: Record<string, string> = {},
  secrets: Record<string, string> = {},
): Promise<WorkflowResult> {
  const file = join(scratch, "migrate.yml");
  await writeFile(file, onThisMachine(yaml));
  return await runWorkflow({
    file,
    event: "workflow_dispatch",
    repositoryRoot: scratch,
    inputs,
    secrets: {
      SOURCE_DATABASE_URL: world.inputs["source-database-url"] ?? "",
      HEROKU_API_KEY: world.inputs["heroku-api-key"] ?? "",
      S3_ACCESS_KEY_ID: world.inputs["s3-access-key-id"] ?? "",
      S3_SECRET_ACCESS_KEY: world.inputs["s3-secret-access-key"] ?? "",
      ...secrets,
    },
    actions: { "migrate-to-heroku-postgres/action": shipped.folder },
    artifactService: world.artifacts,
  });
}

describe("a newcomer who has read the README alone", () => {
  const workflow = readmeWorkflow().replaceAll("example-migrations", "migrations");

  test("pastes a workflow that GitHub takes", async () => {
    expect(await listDiagnostics("README.yml", readmeWorkflow())).toEqual([]);
    expect(workflow).toContain(`heroku-app: ${appName}`);
  });

  test("has forgotten the secrets: every missing one is named at once, and nothing is touched", async () => {
    const none = { SOURCE_DATABASE_URL: "", HEROKU_API_KEY: "", S3_ACCESS_KEY_ID: "" };
    const { conclusion, log } = await run(workflow, { confirm: appName }, none);
    expect(conclusion).toBe("failure");
    for (const name of ["source-database-url", "heroku-api-key", "s3-access-key-id"]) expect(log).toContain(name);
    expect(world.heroku.requests).toEqual([]);
  });

  test("runs it without confirm: the gate alone, which changes nothing", async () => {
    const { conclusion, jobs, log } = await run(workflow);
    expect(conclusion, log).toBe("success");
    expect(jobs["migrate"]?.conclusion).toBe("skipped");
    expect(jobs["preflight"]?.summary).toContain(appName);
    expect(world.heroku.requests.filter(({ method }) => method !== "GET" && method !== "POST")).toEqual([]);
    expect(world.heroku.state.transfers).toEqual([]);
  });

  test("mistypes the app's name in confirm: nothing is overwritten, and the message says what to write", async () => {
    const { conclusion, log } = await run(workflow, { confirm: "exmaple-app" });
    expect(conclusion).toBe("failure");
    expect(log).toContain("confirm does not equal heroku-app");
    expect(world.heroku.state.transfers).toEqual([]);
  });

  test("runs it for real: everything is there, and the app is as it was", async () => {
    const { conclusion, jobs, log } = await run(workflow, { confirm: appName });
    expect(conclusion, log).toBe("success");
    expect(jobs["migrate"]?.summary).toContain("match");
    const { different, rows } = await compareRows(world);
    expect(different).toEqual([]);
    expect(rows).toBeGreaterThan(1000);
    expect(world.heroku.app(appName).maintenance).toBe(false);
    expect(world.bucket.objects.list().filter(({ key }) => key.endsWith(".dump"))).toEqual([]);
    expect(jobs["migrate"]?.summary).toContain(`heroku pg:promote ${addonName} --app ${appName}`);
  });

  test("finds every artifact that the README promises", () => {
    const [, promised = ""] = /^Artifacts: (.+?)\n\n/msu.exec(readText("README.md")) ?? [];
    const files = [...promised.matchAll(/`([\w.-]+)`/gu)].map(([, file = ""]) => file);
    const names = world.artifacts.list().map(({ name }) => name);
    expect(files.length).toBeGreaterThan(8);
    for (const file of files)
      expect(
        names.some((name) => name.endsWith(`-${file}`)),
        file,
      ).toBe(true);
  });
});
