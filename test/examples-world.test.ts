import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { providers } from "../src/inputs/definitions.ts";
import { compareRows } from "./local/demo/compare.ts";
import { execute } from "./local/demo/fill.ts";
import { dressAs, install, sourceOf } from "./local/demo/provider-server.ts";
import { herokuExtensions } from "./local/demo/providers.ts";
import type { WorkflowResult } from "./local/runner/results.ts";
import { runWorkflow } from "./local/runner/workflow.ts";
import { type World, appName, startWorld } from "./local/world.ts";
import { makeFakeClouds, runnerAddress } from "./support/fake-clouds.ts";
import { type ProgramPackage, buildPackage } from "./support/program.ts";
import { type Workflow, isOurs, listSteps, readText, root } from "./support/workflow-files.ts";

const nine = providers.filter((id) => id !== "generic");
const hasJq = spawnSync("jq", ["--version"]).status === 0;

let world: World;
let shipped: ProgramPackage;
let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "examples-world-"));
  [world, shipped] = await Promise.all([
    startWorld({ sourceMajor: 16, targetMajor: 17, targetExtensions: herokuExtensions }),
    buildPackage(),
  ]);
  await cp(join(root, "action.yml"), join(shipped.folder, "action.yml"));
  await world.source.query("postgres", "create role customer login password 'customer-of-nine'");
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await shipped?.[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
});

/** The customer's database on a server that looks like the provider's. */
async function createDatabase(provider: string): Promise<string> {
  const { agents, installed, agentSql, customerSql } = sourceOf(provider);
  await world.source.query("postgres", `create database "${provider}" owner customer template template0`);
  await install(world.source, provider, [...agents, ...installed]);
  if (agentSql !== "") await world.source.query(provider, agentSql);
  const url = world.source.url({ user: "customer", password: "customer-of-nine", database: provider });
  await execute(
    url,
    `create table entries (id int primary key, note text);
    insert into entries select i, md5(i::text) from generate_series(1, 500) i; ${customerSql}`,
  );
  return url;
}

/**
 * The example as it is, with our action's addresses turned to this machine. Stores of the example are not: its bucket's
 * endpoint and region are the local one's.
 */
function onThisMachine(name: string, port: string): string {
  const workflow = parse(readText(`examples/${name}.yml`).replaceAll("15432", port)) as Workflow;
  for (const { step } of listSteps(workflow).filter(({ step: { uses } }) => isOurs(uses))) {
    const names = ["s3-endpoint", "s3-access-key-id", "s3-secret-access-key"];
    const local = [
      "postgres-client-dir",
      "install-client",
      "heroku-api-url",
      "heroku-data-url",
      "show-identifiers",
      ...names,
    ];
    step.with = { ...step.with, "s3-region": "us-east-1" };
    for (const input of local) step.with[input] = world.inputs[input] ?? "";
  }
  return stringify(workflow);
}

const api = "linode_database_id upcloud_database_id render_database_id vultr_database_id".split(" ");
/** What the providers' interfaces answer with; lists are open to this runner's neighbours only. */
const documents = (certificate: string): Record<string, unknown> => ({
  "https://checkip.amazonaws.com": `${runnerAddress}\n`,
  "https://truststore.pki.rds.amazonaws.com/eu-west-1/eu-west-1-bundle.pem": certificate,
  [`https://api.linode.com/v4/databases/postgresql/instances/${api[0]}`]: { allow_list: [] },
  [`https://api.upcloud.com/1.3/database/${api[1]}`]: { properties: { ip_filter: [] } },
  [`https://api.render.com/v1/postgres/${api[2]}`]: { ipAllowList: [] },
  [`https://api.vultr.com/v2/databases/${api[3]}`]: { database: { trusted_ips: [] } },
  "https://api.digitalocean.com/v2/databases/digitalocean_cluster_id/firewall": { rules: [] },
  "https://api.aiven.io/v1/project/aiven_project/service/aiven_service": { service: { user_config: {} } },
  // The proxy's place is taken by the server itself, which listens already.
  "https://storage.googleapis.com/cloud-sql-connectors/cloud-sql-proxy/v2.23.0/cloud-sql-proxy.linux.amd64":
    "#!/bin/sh\nexit 0\n",
});

async function run(name: string, url: string, inputs: Record<string, string> = {}): Promise<WorkflowResult> {
  const folder = await mkdtemp(join(scratch, "run-"));
  const { caPem: certificate } = world.source.authority;
  const clouds = await makeFakeClouds(folder, documents(certificate), name === "vultr" ? "database" : "");
  const file = join(folder, `${name}.yml`);
  const text = onThisMachine(name, new URL(url).port);
  await writeFile(file, text);
  const vars = [...text.matchAll(/vars\.(\w+)/gu)].map(([, found = ""]) => [found, found.toLowerCase()]);
  return await runWorkflow({
    file,
    event: "workflow_dispatch",
    repositoryRoot: root,
    inputs: { "heroku-app": appName, ...inputs },
    secrets: {
      ...Object.fromEntries(
        [...text.matchAll(/secrets\.(\w+_TOKEN)/gu)].map(([, found = ""]) => [found, "a-token-of-theirs"]),
      ),
      SOURCE_DATABASE_URL: url,
      HEROKU_API_KEY: world.inputs["heroku-api-key"] ?? "",
    },
    vars: { ...Object.fromEntries(vars), BUCKET: "migrations", AWS_REGION: "eu-west-1", SOURCE_CA: certificate },
    extraEnv: { PATH: `${clouds.folder}:${process.env["PATH"] ?? ""}` },
    actions: {
      "migrate-to-heroku-postgres/action": shipped.folder,
      "aws-actions/configure-aws-credentials": () => undefined,
      "azure/login": () => undefined,
      "google-github-actions/auth": () => undefined,
    },
    artifactService: world.artifacts,
  });
}

describe.skipIf(!hasJq)("the example of", () => {
  test.each(nine)("%s passes its provider's database through the gate, server verified", async (name) => {
    await using dressed = await dressAs(world.source, name);
    expect(dressed).toBeDefined();
    const { conclusion, jobs, log } = await run(name, await createDatabase(name));
    expect(conclusion, log.slice(-4000)).toBe("success");
    const [gate] = jobs["preflight"]?.steps.filter((step) => step.name.startsWith("Check everything")) ?? [];
    expect(gate?.outputs).toMatchObject({
      verdict: expect.stringMatching(/^(passed|warnings)$/u),
      "source-version": /^16/u,
    });
    const document = JSON.parse(await artifact("preflight.json")) as { source: { provider: string } };
    expect(document.source.provider).toBe(name);
  });

  test("aws-rds moves everything, and leaves RDS's own things behind", async () => {
    await using dressed = await dressAs(world.source, "aws-rds");
    expect(dressed).toBeDefined();
    const url = world.source.url({ user: "customer", password: "customer-of-nine", database: "aws-rds" });
    const { conclusion, jobs, log } = await run("aws-rds", url, { confirm: appName });
    expect(conclusion, log.slice(-4000)).toBe("success");
    expect(jobs["migrate"]?.summary).toContain("match");
    const { different } = await compareRows({ ...world, sourceDatabase: "aws-rds" });
    expect(different.filter((table) => !/^(?:aws_|cron|public\.spatial_ref_sys)/u.test(table))).toEqual([]);
  });
});

/** The newest artifact of that name. */
async function artifact(file: string): Promise<string> {
  const name = world.artifacts.list().findLast((one) => one.name.endsWith(`-${file}`))?.name ?? "";
  const files = await world.artifacts.read(name);
  return [...files.values()].map((bytes) => bytes.toString("utf8")).join("");
}
