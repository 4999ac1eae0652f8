import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CommandResult, runCommand } from "../src/commands.ts";
import { parseInputs } from "../src/inputs/parse.ts";
import { silentLog } from "../src/log.ts";
import { renderEvidence } from "../src/report/evidence.ts";
import { compareRows } from "./local/demo/compare.ts";
import { execute } from "./local/demo/fill.ts";
import { repositoryRoot } from "./local/demo/migration.ts";
import { dressAs, install, sourceOf } from "./local/demo/provider-server.ts";
import { herokuExtensions, providerSources } from "./local/demo/providers.ts";
import { type World, appName, startWorld } from "./local/world.ts";

const run = promisify(execFile);
const providers = Object.keys(providerSources).filter((name) => name !== "generic");
const password = "customer-of-nine";

let world: World;
let folder: string;

beforeAll(async () => {
  world = await startWorld({ sourceMajor: 16, targetMajor: 17, targetExtensions: herokuExtensions });
  folder = await mkdtemp(join(tmpdir(), "providers-"));
  await world.source.query("postgres", `create role customer login password '${password}'`);
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const entriesSql = `
  create table entries (id bigint generated always as identity primary key, at timestamptz not null, amount numeric(12, 2), note text);
  insert into entries (at, amount, note) select '2025-01-01'::timestamptz + i * interval '1 minute', i / 7.0, md5(i::text)
    from generate_series(1, 500) i;`;

/** The customer's database on the dressed server; returns its URL. */
async function createDatabase(provider: string): Promise<string> {
  const { agents, installed, agentSql, customerSql } = sourceOf(provider);
  await world.source.query("postgres", `create database "${provider}" owner customer template template0`);
  await install(world.source, provider, [...agents, ...installed]);
  if (agentSql !== "") await world.source.query(provider, agentSql);
  const url = world.source.url({ user: "customer", password, database: provider });
  await execute(url, entriesSql + customerSql);
  return url;
}

async function runFor(provider: string, url: string, command: "preflight" | "migrate"): Promise<CommandResult> {
  const inputs = parseInputs({
    ...world.inputs,
    command,
    confirm: appName,
    "source-database-url": url,
    "bucket-prefix": `${provider}/`,
    "keep-archive": "true",
    provider: sourceOf(provider).isFoundByHostOnly ? provider : "auto",
  });
  const result = await runCommand({
    inputs,
    log: silentLog,
    platform: { runId: "1-1", runUrl: undefined, isPublic: false, kind: "local", processors: 2 },
    workDirectory: join(folder, provider),
    signal: new AbortController().signal,
    onSecret: () => {},
  });
  if (result === undefined) throw new Error("no result");
  return result;
}

/** What stock pg_restore reads in the archive that Heroku was given. */
async function listArchive(provider: string): Promise<string> {
  const archive = world.bucket.objects.list(`${provider}/`).find(({ key }) => key.endsWith(".dump"));
  const path = join(folder, `${provider}.dump`);
  await writeFile(path, await world.bucket.objects.read(archive?.key ?? ""));
  const { stdout } = await run(join(world.clients, "17/bin/pg_restore"), ["--list", path]);
  return stdout.replaceAll(/^;.*\n/gmu, "");
}

async function listTarget(sql: string): Promise<string[]> {
  const rows = await world.target.query<{ name: string }>(world.connectTarget().database, sql);
  return rows.map(({ name }) => name);
}

function fatesOf({ report }: CommandResult): Record<string, string> {
  return Object.fromEntries((report.extensions ?? []).map((row) => [row.name, `${row.action}, ${row.class}`]));
}

async function diffOf(result: CommandResult): Promise<string> {
  const files = await renderEvidence(result, { hideIdentifiers: false, secrets: result.secrets });
  return files.find(({ name }) => name === "extensions-diff.md")?.content ?? "";
}

function detectedBy({ report }: CommandResult): string {
  const check = report.checks.find(({ title }) => title.startsWith("The source is not Heroku's own"));
  return /found by (\w+)$/u.exec(check?.note ?? "")?.[1] ?? "";
}

/** What becomes of each provider's extensions at Heroku, and of the schemas that go with them. */
const fates: Record<string, { extensions: Record<string, string>; schemas?: string[] }> = {
  "aws-rds": {
    extensions: {
      aws_commons: "leave-out, provider-agent",
      aws_s3: "leave-out, provider-agent",
      pg_cron: "leave-out, scheduler",
      pg_stat_statements: "create, operations",
      pgcrypto: "create, other",
      postgis: "create, data-bearing",
      "uuid-ossp": "create, other",
    },
    schemas: ["aws_commons", "aws_s3", "awsdms_control", "cron"],
  },
  "google-cloud-sql": {
    extensions: {
      google_vacuum_mgmt: "leave-out, provider-agent",
      hypopg: "leave-out, operations",
      pg_trgm: "create, data-bearing",
      vector: "create, data-bearing",
    },
    schemas: ["google_vacuum_mgmt"],
  },
  azure: {
    extensions: {
      azure: "leave-out, provider-agent",
      azure_storage: "leave-out, provider-agent",
      citext: "create, data-bearing",
      pg_diskann: "leave-out, provider-agent",
      pg_trgm: "create, other",
      pgaadauth: "leave-out, provider-agent",
      vector: "create, data-bearing",
    },
  },
  linode: {
    extensions: {
      aiven_extras: "leave-out, provider-agent",
      citext: "create, data-bearing",
      dblink: "create, foreign-data",
    },
    schemas: ["aiven_extras"],
  },
  upcloud: {
    extensions: {
      aiven_extras: "leave-out, provider-agent",
      pg_cron: "leave-out, scheduler",
      "uuid-ossp": "create, data-bearing",
    },
    schemas: ["aiven_extras", "cron"],
  },
  render: { extensions: { "uuid-ossp": "create, other", vector: "create, data-bearing" } },
  digitalocean: {
    extensions: {
      pg_trgm: "create, other",
      postgis: "create, data-bearing",
      timescaledb: "blocked, data-bearing",
      unaccent: "create, other",
    },
  },
  vultr: {
    extensions: {
      cube: "create, data-bearing",
      earthdistance: "create, other",
      hstore: "create, data-bearing",
      pgcrypto: "create, other",
    },
  },
  aiven: {
    extensions: {
      aiven_extras: "leave-out, provider-agent",
      dblink: "create, foreign-data",
      hll: "blocked, data-bearing",
      vector: "create, data-bearing",
    },
    schemas: ["aiven_extras"],
  },
};

const tableRows: string[] = [];

describe.each(providers)("%s", (provider) => {
  const { stop, isFoundByHostOnly } = sourceOf(provider);
  const { extensions, schemas = [] } = fates[provider] ?? { extensions: {} };
  const named = (fate: string): string[] =>
    Object.keys(extensions).filter((name) => extensions[name]?.startsWith(fate) === true);
  let dress: AsyncDisposable;
  let url: string;

  beforeAll(async () => {
    dress = await dressAs(world.source, provider);
    url = await createDatabase(provider);
  });
  afterAll(async () => {
    await dress?.[Symbol.asyncDispose]();
  });

  test.runIf(stop !== undefined)("is stopped by what Heroku does not have and the data needs", async () => {
    const { extension, use, undo } = stop!;
    await install(world.source, provider, [extension]);
    await execute(url, use);
    const result = await runFor(provider, url, "preflight");
    expect(result.outcome).toBe("blocked");
    const findings = result.report.checks.flatMap((check) => check.findings);
    expect(findings.filter(({ severity }) => severity === "blocked")).toEqual([
      expect.objectContaining({
        code: "EXTENSION_NOT_OFFERED",
        objects: [extension.name, expect.stringMatching(/hourly|visitors/u)],
      }),
    ]);
    expect(fatesOf(result)).toMatchObject({ [extension.name]: "blocked, data-bearing" });
    await execute(url, undo);
    await world.source.query(provider, `drop extension ${extension.name}`);
  });

  test("is known, and moves without a skipped error; its own things stay behind", async () => {
    const gate = await runFor(provider, url, "preflight");
    const by = detectedBy(gate);
    const jobs = gate.report.losses?.filter(({ kind }) => kind === "job").map(({ description }) => description);
    expect(jobs).toEqual(provider === "aws-rds" ? [expect.stringContaining("nightly")] : []);
    expect(
      gate.report.checks.flatMap((check) => check.findings).filter(({ severity }) => severity !== "warning"),
    ).toEqual([]);
    expect([gate.report.source?.provider, by]).toEqual([provider, isFoundByHostOnly ? "input" : "markers"]);
    const { plpgsql: _, ...found } = fatesOf(gate);
    const { [stop?.extension.name ?? ""]: _stopped, ...expected } = extensions;
    expect(found).toEqual(expected);
    const diff = await diffOf(gate);
    for (const name of named("leave-out")) expect(diff).toMatch(new RegExp(`^\\| \`${name}\` .*left out`, "mu"));
    for (const name of named("create"))
      expect(diff).toMatch(new RegExp(`^\\| \`${name}\` .*created on the target`, "mu"));

    const result = await runFor(provider, url, "migrate");
    expect([result.report.failure, result.report.verdict, result.report.restore?.skipped]).toEqual([
      undefined,
      "migrated",
      [],
    ]);
    expect(world.heroku.state.transfers.at(-1)).toMatchObject({ succeeded: true, warnings: 0 });
    const rows = await compareRows(world, { database: provider, leftOut: schemas });
    expect(rows.different).toEqual([]);

    const archive = await listArchive(provider);
    for (const name of named("leave-out")) expect(archive).not.toMatch(new RegExp(`EXTENSION - ${name}\\b`, "u"));
    for (const name of schemas) expect(archive).not.toMatch(new RegExp(`\\b${name}\\b`, "u"));
    expect(archive).not.toContain("EVENT TRIGGER");
    const created = await listTarget(
      "select extname::text as name from pg_extension where extname <> 'plpgsql' order by 1",
    );
    expect(created).toEqual(named("create").toSorted());
    const { verification } = result.report;
    tableRows.push(
      `| ${gate.report.source?.providerName} | ${by === "input" ? "host name, or the `provider` input" : "the server itself"} | ${codes(created)} | ${codes(named("leave-out"))} | ${codes(named("blocked"))} | ${verification?.outcome}: ${verification?.rowsCompared} rows in ${verification?.tablesCompared} tables |`,
    );
  });
});

function codes(names: readonly string[]): string {
  return names.length === 0
    ? "–"
    : names
        .toSorted()
        .map((name) => `\`${name}\``)
        .join(", ");
}

test("docs/providers-tested.md says what these tests found", async () => {
  expect(tableRows).toHaveLength(providers.length);
  const text = `# Providers, as tested

One whole migration per provider, gate and all, from a local server that carries the provider's marks: its roles, its databases, its own
extensions and those that its guide mentions (stand-ins with the same names, schemas and types where PostgreSQL does not ship them). Every one
restored with no error skipped and was verified in full. \`test/providers.test.ts\` does it and keeps this page current
(\`npx vitest run test/providers.test.ts -u\` writes it).

| provider | known by | extensions that move | left out | stops the gate until it is gone | verification |
| --- | --- | --- | --- | --- | --- |
${tableRows.join("\n")}

What no local server can show: host names, each provider's own TLS roots, allow-lists and poolers.
`;
  await expect(text).toMatchFileSnapshot(join(repositoryRoot, "docs/providers-tested.md"));
});
