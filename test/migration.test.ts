import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareRows } from "./local/demo/compare.ts";
import { execute, fillShop } from "./local/demo/fill.ts";
import { repositoryRoot, runMigration } from "./local/demo/migration.ts";
import { runAction } from "./local/runner/action.ts";
import type { WorkflowResult } from "./local/runner/results.ts";
import { type World, addonName, appName, startWorld } from "./local/world.ts";

const run = promisify(execFile);

async function artifactText(world: World, name: string): Promise<string> {
  const files = await world.artifacts.read(name);
  return [...files.values()].map((bytes) => bytes.toString("utf8")).join("");
}

describe("the shipped workflow, both jobs", () => {
  let world: World;
  let result: WorkflowResult;

  beforeAll(async () => {
    world = await startWorld({ sourceMajor: 14, targetMajor: 15 });
    await fillShop(world.sourceUrl, 3000);
    await execute(
      world.source.superuserUrl("shop"),
      "create table public.kept_by_root (n int); alter table public.kept_by_root owner to shop_owner; create event trigger watcher on ddl_command_end execute function record_ddl()".replace(
        "create event",
        "create function record_ddl() returns event_trigger language plpgsql as 'begin end'; create event",
      ),
    );
    result = await runMigration(world, { inputs: { "scale-down": "all", "keep-archive": true } });
  });
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
  });

  test("passes the gate, migrates, and says so in its outputs", () => {
    expect(result.log.split("\n").filter((line) => line.startsWith("##[error]"))).toEqual([]);
    expect(result.conclusion).toBe("success");
    expect(result.jobs["preflight"]?.outputs["verdict"]).toMatch(/^(passed|warnings)$/u);
    expect(result.outputs["verdict"]).toBe("migrated");
  });

  test("leaves every table with the same rows, and Heroku skipped nothing", async () => {
    const { rows, different } = await compareRows(world);
    expect(different).toEqual([]);
    expect(rows).toBeGreaterThan(9_000);
    expect(world.heroku.state.transfers.map((transfer) => [transfer.succeeded, transfer.warnings])).toEqual([
      [true, 0],
    ]);
  });

  test("puts the app back as it was, after it was quiet", () => {
    const app = world.heroku.app(appName);
    expect(app.maintenance).toBe(false);
    expect(app.formation.map(({ type, quantity }) => [type, quantity])).toEqual([
      ["web", 2],
      ["worker", 1],
    ]);
    const switched = world.heroku.requests.filter(
      ({ method, path }) => method === "PATCH" && path === `/apps/${appName}`,
    );
    expect(switched).toHaveLength(2);
  });

  test("keeps the archive when asked, and no upload behind", () => {
    expect(world.bucket.uploads()).toEqual([]);
    expect(
      world.bucket.objects
        .list()
        .map(({ key }) => key.replace(/\d+-1\.dump$/u, "RUN.dump"))
        .toSorted(),
    ).toEqual([
      `migrate-to-heroku-postgres/${appName}/${addonName}/RUN.dump`,
      `migrate-to-heroku-postgres/${appName}/${addonName}/gate.json`,
      `migrate-to-heroku-postgres/${appName}/${addonName}/journal.json`,
    ]);
  });

  test("publishes the evidence of both jobs", async () => {
    const names = world.artifacts
      .list()
      .map(({ name }) => name)
      .toSorted();
    expect(names).toEqual([
      "migrate-1-report.html",
      "migrate-1-restore.log",
      "migrate-1-verification.json",
      "preflight-1-connections.csv",
      "preflight-1-extensions-diff.md",
      "preflight-1-extensions.csv",
      "preflight-1-losses.sql",
      "preflight-1-preflight.json",
      "preflight-1-report.html",
      "preflight-1-settings-diff.csv",
      "preflight-1-settings.csv",
    ]);
    expect(JSON.parse(await artifactText(world, "migrate-1-verification.json"))).toMatchObject({
      outcome: "match",
      kind: "full",
    });
    expect(await artifactText(world, "migrate-1-restore.log")).toContain("processing data for table");
    expect(await artifactText(world, "preflight-1-extensions-diff.md")).toContain("pg_trgm");
    expect(await artifactText(world, "preflight-1-losses.sql")).toContain("watcher");
  });

  test("writes a summary that begins with the verdict", () => {
    expect(result.jobs["migrate"]?.summary).toMatch(/^# .*Migrated/u);
    expect(result.jobs["preflight"]?.summary).toMatch(/^# /u);
  });

  test("settings.csv is what psql's \\copy writes, byte for byte", async () => {
    const ours = await artifactText(world, "preflight-1-settings.csv");
    const url = new URL(world.sourceUrl);
    const { stdout } = await run(
      join(world.clients, "15", "bin", "psql"),
      ["-X", "-q", "-c", "\\copy (select * from pg_settings) to stdout with (format csv, header true)"],
      {
        maxBuffer: 1e8,
        env: {
          PATH: process.env["PATH"],
          PGHOST: url.hostname,
          PGPORT: url.port,
          PGUSER: decodeURIComponent(url.username),
          PGPASSWORD: decodeURIComponent(url.password),
          PGDATABASE: "shop",
          PGSSLMODE: "prefer",
          PGCLIENTENCODING: "UTF8",
          PGAPPNAME: applicationNameIn(ours),
        },
      },
    );
    const different = stdout.split("\n").filter((line, index) => line !== ours.split("\n")[index]);
    expect(different).toEqual([]);
    expect(ours).toBe(stdout);
  });

  test("verify alone compares again, and finds what was changed behind our back", async () => {
    const inputs = { ...world.inputs, command: "verify" };
    const same = await runAction({
      path: repositoryRoot,
      inputs,
      secrets: secretsOf(world),
      artifactService: world.artifacts,
    });
    expect(same.outputs["verified"]).toBe("match");
    expect(same.conclusion).toBe("success");
    await world.target.query(
      world.connectTarget().database,
      "update customers set full_name = full_name || '!' where id = 7",
    );
    const changed = await runAction({
      path: repositoryRoot,
      inputs,
      secrets: secretsOf(world),
      artifactService: world.artifacts,
    });
    expect(changed.conclusion).toBe("failure");
    expect(changed.outputs["verified"]).toBe("mismatch");
    expect(changed.summary).toContain("customers");
  });
});

/** The only setting that a session's own name changes. */
function applicationNameIn(csv: string): string {
  return /^application_name,([^,]*),/mu.exec(csv)?.[1] ?? "";
}

function secretsOf(world: World): Record<string, string> {
  return {
    SOURCE: world.inputs["source-database-url"] ?? "",
    KEY: world.inputs["heroku-api-key"] ?? "",
    S3: world.inputs["s3-secret-access-key"] ?? "",
  };
}

describe("a gate that says no", () => {
  test("stops the second job, with the grant to type, and touches nothing", async () => {
    await using world = await startWorld();
    await fillShop(world.sourceUrl, 200);
    await execute(world.source.superuserUrl("shop"), "create table private_notes (note text)");
    const result = await runMigration(world);
    expect(result.conclusion).toBe("failure");
    expect(result.jobs["preflight"]?.conclusion).toBe("failure");
    expect(result.jobs["migrate"]?.conclusion).toBe("skipped");
    expect(result.jobs["preflight"]?.outputs["verdict"]).toBe("blocked");
    expect(result.jobs["preflight"]?.summary).toMatch(/grant select on .*private_notes/iu);
    expect(world.heroku.state.transfers).toEqual([]);
    expect(world.heroku.app(appName).maintenance).toBe(false);
  });
});

describe("other doors", () => {
  test("runtime/action.yml runs the same bundle, and its post step cleans up", async () => {
    await using world = await startWorld();
    await fillShop(world.sourceUrl, 200);
    const inputs = { ...world.inputs, command: "migrate", confirm: appName };
    const result = await runAction({
      path: join(repositoryRoot, "runtime"),
      repositoryRoot,
      inputs,
      secrets: secretsOf(world),
      artifactService: world.artifacts,
    });
    expect(result.log).toContain("verify done");
    expect(result.conclusion).toBe("success");
    expect(result.outputs["verdict"]).toBe("migrated");
    expect((await compareRows(world)).different).toEqual([]);
  });

  test("a platform without artifacts costs a warning, not the run", async () => {
    await using world = await startWorld();
    await fillShop(world.sourceUrl, 200);
    const inputs = { ...world.inputs, command: "preflight" };
    const result = await runAction({
      path: repositoryRoot,
      inputs,
      secrets: secretsOf(world),
      artifactService: world.artifacts,
      github: { server_url: "https://github.example.com" },
    });
    expect(result.conclusion).toBe("success");
    expect(result.log).toContain("Artifacts could not be uploaded");
    expect(world.artifacts.list()).toEqual([]);
  });
});
