import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readFlags } from "../src/cli/flags.ts";
import { variableOf } from "../src/cli/help.ts";
import { inputDefinitions, providers } from "../src/inputs/definitions.ts";
import { parseInputs } from "../src/inputs/parse.ts";
import { detectProvider } from "../src/preflight/providers/detect.ts";
import { locateBucket } from "../src/storage/stores.ts";
import type { StubCall } from "./local/runner/options.ts";
import type { WorkflowResult } from "./local/runner/results.ts";
import { runWorkflow } from "./local/runner/workflow.ts";
import { type Call, makeFakeClouds, runnerAddress } from "./support/fake-clouds.ts";
import { type Workflow, exampleWorkflows, listSteps, readText, readYaml, root } from "./support/workflow-files.ts";

const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";
const placeholder = "migrate-to-heroku-postgres/action@0000000000000000000000000000000000000000 # v0.1.0";
const azureServer = "/subscriptions/s/resourceGroups/g/providers/Microsoft.DBforPostgreSQL/flexibleServers/shop";

const secrets: Record<string, string> = {
  HEROKU_API_KEY: "HRKU-0123456789abcdef",
  S3_ACCESS_KEY_ID: "AKIA0123456789ABCDEF",
  S3_SECRET_ACCESS_KEY: "secret-access-key-0123456789",
};
const vars: Record<string, string> = {
  AWS_REGION: "eu-west-1",
  AZURE_SERVER_ID: azureServer,
  BUCKET: "migrations",
  LINODE_REGION: "us-ord-1",
  SOURCE_CA: pem,
  SPACES_REGION: "nyc3",
  UPCLOUD_REGION: "europe-1",
  VULTR_CLUSTER: "ewr1",
};

interface Scene {
  /** As the provider gives it. */
  url: string;
  store: string;
  /** Documents behind URLs, as the fake curl keeps them. */
  documents?: Record<string, unknown>;
  wrap?: string;
  vars?: Record<string, string>;
  /** The list that a step changes, in what it sends: the way to it. */
  list?: string[];
  /** An entry of that list for this runner. */
  entry?: unknown;
}

const apiUrl = {
  linode: "https://api.linode.com/v4/databases/postgresql/instances/linode_database_id",
  upcloud: "https://api.upcloud.com/1.3/database/upcloud_database_id",
  render: "https://api.render.com/v1/postgres/render_database_id",
  digitalocean: "https://api.digitalocean.com/v2/databases/digitalocean_cluster_id/firewall",
  vultr: "https://api.vultr.com/v2/databases/vultr_database_id",
  aiven: "https://api.aiven.io/v1/project/aiven_project/service/aiven_service",
};
const r2 = "https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com";
const cidr = `${runnerAddress}/32`;

const scenes: Record<string, Scene> = {
  "aws-rds": {
    url: "postgres://shop:pw12345@shop.abc123.eu-west-1.rds.amazonaws.com:5432/shop",
    store: "Amazon S3",
    documents: { "https://truststore.pki.rds.amazonaws.com/eu-west-1/eu-west-1-bundle.pem": `${pem}\n${pem}\n` },
  },
  "google-cloud-sql": {
    url: "postgres://shop:pw12345@127.0.0.1:15432/shop?sslmode=disable",
    store: "Google Cloud Storage",
  },
  azure: {
    url: "postgres://shop:pw12345@shop.postgres.database.azure.com:5432/shop",
    store: "Cloudflare R2",
    vars: { S3_ENDPOINT: r2 },
  },
  linode: {
    url: "postgres://akmadmin:pw12345@public-a1-akamai-prod-2-default.g2a.akamaidb.net:11111/shop",
    store: "Akamai (Linode) Object Storage",
    documents: { [apiUrl.linode]: { id: 1, label: "shop", allow_list: ["198.51.100.0/24"] } },
    list: ["allow_list"],
    entry: cidr,
  },
  upcloud: {
    url: "postgres://upadmin:pw12345@public-shop-abcdefghijkl.db.upclouddatabases.com:11569/shop?sslmode=require",
    store: "UpCloud Object Storage",
    vars: { S3_ENDPOINT: "https://shop.upcloudobjects.com" },
    documents: { [apiUrl.upcloud]: { uuid: "u", properties: { public_access: true, ip_filter: [] } } },
    list: ["properties", "ip_filter"],
    entry: runnerAddress,
  },
  render: {
    url: "postgres://shop_user:pw12345@dpg-abcdefghij0123456789-a.oregon-postgres.render.com/shop",
    store: "Cloudflare R2",
    vars: { S3_ENDPOINT: r2 },
    documents: { [apiUrl.render]: { id: "d", ipAllowList: [{ cidrBlock: "198.51.100.0/24", description: "office" }] } },
    list: ["ipAllowList"],
    entry: { cidrBlock: cidr, description: "GitHub runner, migration" },
  },
  digitalocean: {
    url: "postgres://doadmin:pw12345@shop-do-user-1-0.b.db.ondigitalocean.com:25060/shop",
    store: "DigitalOcean Spaces",
    documents: { [apiUrl.digitalocean]: { rules: [{ uuid: "r", cluster_uuid: "c", type: "app", value: "a-b-c" }] } },
    list: ["rules"],
    entry: { type: "ip_addr", value: runnerAddress },
  },
  vultr: {
    url: "postgres://vultradmin:pw12345@public-vultr-prod-1-vultr-pr.vultrdb.com:16751/shop",
    store: "Vultr Object Storage",
    documents: { [apiUrl.vultr]: { database: { id: "v", trusted_ips: ["198.51.100.0/24"] } } },
    wrap: "database",
    list: ["trusted_ips"],
    entry: cidr,
  },
  aiven: {
    url: "postgres://avnadmin:pw12345@shop-team.b.aivencloud.com:22222/shop?sslmode=require",
    store: "Amazon S3",
    documents: { [apiUrl.aiven]: { service: { user_config: { ip_filter: ["198.51.100.0/24"], pg_version: "17" } } } },
    wrap: "service",
    list: ["user_config", "ip_filter"],
    entry: cidr,
  },
};

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "examples-"));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

interface Outcome {
  result: WorkflowResult;
  ours: StubCall[];
  calls: Call[];
}

interface RunOptions {
  name: string;
  url: string;
  confirm?: string;
  /** Our action fails in the job that has this command. */
  failing?: string;
  documents?: Record<string, unknown>;
  wrap?: string;
  vars?: Record<string, string>;
  inputs?: Record<string, string>;
}

/** Runs the example's text, with our action and the clouds' replaced by stand-ins. */
async function runExample(options: RunOptions): Promise<Outcome> {
  const { name, url, documents = {}, wrap } = options;
  const port = await freePort();
  const folder = await mkdtemp(join(scratch, "run-"));
  const proxy = `#!${process.execPath}\nrequire("node:net").createServer().listen(${port}, "127.0.0.1"); setTimeout(() => {}, 60000);`;
  const clouds = await makeFakeClouds(
    folder,
    { "https://checkip.amazonaws.com": `${runnerAddress}\n`, [proxyUrl]: proxy, ...documents },
    wrap,
  );
  const text = readText(`examples/${name}.yml`).replaceAll("15432", String(port));
  const file = join(folder, `${name}.yml`);
  await writeFile(file, text);
  const ours: StubCall[] = [];
  const named = (pattern: RegExp, value: (found: string) => string): Record<string, string> =>
    Object.fromEntries([...text.matchAll(pattern)].map(([, found = ""]) => [found, value(found)]));
  const result = await runWorkflow({
    file,
    event: "workflow_dispatch",
    repositoryRoot: root,
    inputs: {
      "heroku-app": "example-app",
      ...(options.confirm === undefined ? {} : { confirm: options.confirm }),
      ...options.inputs,
    },
    secrets: { ...named(/secrets\.(\w+)/gu, (found) => `${found}-0123456789`), ...secrets, SOURCE_DATABASE_URL: url },
    vars: { ...named(/vars\.(\w+)/gu, (found) => found.toLowerCase()), ...vars, ...options.vars },
    extraEnv: { PATH: `${clouds.folder}:${process.env["PATH"] ?? ""}` },
    actions: {
      "migrate-to-heroku-postgres/action": (call) => {
        ours.push(call);
        if (call.inputs["command"] === options.failing) throw new Error("as the test wants it");
        return undefined;
      },
      "aws-actions/configure-aws-credentials": () => ({
        env: { AWS_ACCESS_KEY_ID: "ASIA", AWS_SECRET_ACCESS_KEY: "s" },
      }),
      "azure/login": () => undefined,
      "google-github-actions/auth": () => ({ env: { GOOGLE_APPLICATION_CREDENTIALS: "/nowhere" } }),
    },
  });
  return { result, ours, calls: await clouds.calls() };
}

const proxyUrl =
  "https://storage.googleapis.com/cloud-sql-connectors/cloud-sql-proxy/v2.23.0/cloud-sql-proxy.linux.amd64";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((inside, key) => (inside as Record<string, unknown>)[key], value);
}

// The examples use it as GitHub's images have it.
const hasJq = spawnSync("jq", ["--version"]).status === 0;

test("there is one for each provider, and three more", () => {
  const names = exampleWorkflows.map((file) => file.replace(/^examples\/|\.yml$/gu, ""));
  expect(names.toSorted()).toEqual([...providers.filter((id) => id !== "generic"), "rehearsal", "s3-oidc"].toSorted());
  expect(Object.keys(scenes).toSorted()).toEqual(providers.filter((id) => id !== "generic").toSorted());
});

describe.each(exampleWorkflows)("%s", (file) => {
  const text = readText(file);

  test("names us by the placeholder that its head explains", () => {
    const uses = [...text.matchAll(/uses: (migrate-to-heroku-postgres\/.+)$/gmu)].map((match) => match[1]);
    expect(uses.length).toBeGreaterThan(0);
    expect(new Set(uses)).toEqual(new Set([placeholder]));
    expect(text).toContain("git ls-remote https://github.com/migrate-to-heroku-postgres/action refs/tags/v0.1.0");
  });

  test("explains every secret and every variable that it takes", () => {
    const head = text.slice(0, text.indexOf("\nname: "));
    for (const [, name = ""] of text.matchAll(/(?:secrets|vars)\.(\w+)/gu)) {
      if (["S3_ENDPOINT", "S3_REGION", "AZURE_TENANT_ID", "AIVEN_SERVICE"].includes(name)) expect(head).toContain(name);
      else expect(head, name).toMatch(new RegExp(`^#   ${name} +\\S`, "mu"));
    }
  });

  test("uses no action but GitHub's, the clouds' own, and ours", () => {
    for (const { step } of listSteps(readYaml<Workflow>(file))) {
      expect(step.uses ?? "actions/").toMatch(
        /^(actions|aws-actions|azure|google-github-actions|migrate-to-heroku-postgres)\//u,
      );
    }
  });

  test("gives a secret to the step that needs it, never to a whole job", () => {
    const workflow = readYaml<Workflow & { env?: unknown }>(file);
    expect(workflow.env).toBeUndefined();
    for (const job of Object.values(workflow.jobs)) expect(job).not.toHaveProperty("env");
  });
});

describe.skipIf(!hasJq).each(Object.entries(scenes))("%s, run", (name, scene) => {
  let run: Outcome;
  beforeAll(async () => {
    run = await runExample({ name, ...scene, confirm: "example-app" });
  });

  test("asks for the right thing: gate, then migration, with inputs that we take", () => {
    expect(run.result.conclusion, run.result.log).toBe("success");
    expect(run.ours.map((call) => call.inputs["command"])).toEqual(["preflight", "migrate"]);
    for (const { inputs: raw } of run.ours) {
      const inputs = parseInputs(raw);
      expect(inputs).toMatchObject({ provider: name, freezeSource: "database", heroku: { scaleDown: "all" } });
      expect(locateBucket(inputs.bucket).storeName).toBe(scene.store);
      if (name !== "google-cloud-sql") expect(detectProvider("auto", inputs.source.host)).toMatchObject({ id: name });
    }
  });

  test("migrates behind an environment, one at a time per target", () => {
    expect(run.result.jobs["migrate"]?.environment?.name).toBe("heroku-migration");
    expect(run.result.concurrency).toMatchObject({
      group: "migrate-to-heroku-postgres-example-app-DATABASE_URL",
      cancelInProgress: false,
    });
  });

  test("keeps every secret out of command lines and out of the log", () => {
    const commandLines = run.calls.map(({ argv }) => argv.join(" ")).join("\n");
    for (const secret of [scene.url, ...Object.values(secrets), "_TOKEN-0123456789"]) {
      expect(run.result.log).not.toContain(secret);
      expect(commandLines).not.toContain(secret);
    }
    expect(commandLines).not.toContain("Authorization");
  });
});

test("without confirm the gate runs alone", async () => {
  const { result, ours } = await runExample({ name: "s3-oidc", url: "postgres://u:pw12345@db.example.com/shop" });
  expect(ours.map((call) => call.inputs["command"])).toEqual(["preflight"]);
  expect(result.jobs["migrate"]?.conclusion).toBe("skipped");
});

test("a gate that fails stops the second job, and the door is shut", async () => {
  const scene = scenes["aws-rds"] as Scene;
  const { result, ours, calls } = await runExample({
    name: "aws-rds",
    ...scene,
    confirm: "example-app",
    failing: "preflight",
  });
  expect(result.conclusion).toBe("failure");
  expect(ours).toHaveLength(1);
  expect(calls.filter(({ program }) => program === "aws").map(({ argv }) => argv[1])).toEqual([
    "authorize-security-group-ingress",
    "revoke-security-group-ingress",
  ]);
});

const withList = Object.entries(scenes).filter(([, { list }]) => list !== undefined);

describe.skipIf(!hasJq).each(withList)("%s, the allow list", (name, scene) => {
  const [url = "", document] = Object.entries(scene.documents ?? {})[0] ?? [];
  const { list = [], entry, wrap } = scene;
  const before = at(wrap === undefined ? document : at(document, [wrap]), list) as object[];
  /** DigitalOcean gives more of a rule than it takes. */
  const plain = (entries: unknown): unknown[] =>
    (entries as Record<string, unknown>[]).map((one) =>
      typeof one === "object" && "cluster_uuid" in one ? { type: one["type"], value: one["value"] } : one,
    );

  test("has this runner while the job runs, and is as before when the migration has failed", async () => {
    const { calls, result } = await runExample({ name, ...scene, confirm: "example-app", failing: "migrate" });
    expect(result.conclusion).toBe("failure");
    const written = calls.filter((call) => call.body !== undefined).map((call) => at(call.body, list));
    expect(written).toHaveLength(4);
    for (const [open, shut] of [written.slice(0, 2), written.slice(2)]) {
      expect(open).toEqual(expect.arrayContaining([...plain(before), entry]));
      expect(open).toHaveLength(before.length + 1);
      expect(shut).toEqual(plain(before));
    }
    const asked = calls.filter((call) => call.url === url);
    for (const call of asked) expect(call.headers?.join()).toMatch(/Authorization: (Bearer|aivenv1) \w+-0123456789/u);
  });
});

describe.skipIf(!hasJq)("an allow list that lets everybody in is left so", () => {
  test.each([
    ["digitalocean", { [apiUrl.digitalocean]: { rules: [] } }],
    ["aiven", { [apiUrl.aiven]: { service: { user_config: { ip_filter: [] } } } }],
    ["aiven", { [apiUrl.aiven]: { service: { user_config: {} } } }],
  ])("%s", async (name, documents) => {
    const { calls, result } = await runExample({ name, ...(scenes[name] as Scene), documents, confirm: "example-app" });
    expect(result.conclusion).toBe("success");
    expect(calls.filter((call) => call.body !== undefined)).toEqual([]);
  });
});

test("aws-rds: the rule is there during the job only, and the region's certificates reach the action", async () => {
  const scene = scenes["aws-rds"] as Scene;
  const { calls, ours } = await runExample({ name: "aws-rds", ...scene, confirm: "example-app", failing: "migrate" });
  const rules = calls.filter(({ program }) => program === "aws").map(({ argv }) => argv.join(" "));
  const rule = `security-group-ingress --group-id rds_security_group --protocol tcp --port 5432 --cidr ${cidr}`;
  const job = [`ec2 authorize-${rule}`, `ec2 revoke-${rule}`];
  expect(rules).toEqual([...job, ...job]);
  expect(ours[0]?.inputs["source-ca"]?.trim()).toBe(`${pem}\n${pem}`);
});

test("azure: the rule is there during the job only", async () => {
  const scene = scenes["azure"] as Scene;
  const { calls } = await runExample({ name: "azure", ...scene, confirm: "example-app", failing: "migrate" });
  const asked = calls.filter(({ program }) => program === "az").map(({ argv }) => [argv[2], argv[4]] as const);
  expect(asked.map(([method]) => method)).toEqual(["put", "get", "delete", "put", "get", "delete"]);
  for (const job of [asked.slice(0, 3), asked.slice(3)]) expect(new Set(job.map(([, url]) => url)).size).toBe(1);
  expect(asked[0]?.[1]).toContain(`https://management.azure.com${azureServer}/firewallRules/runner-`);
  const body = calls.find(({ program }) => program === "az")?.argv.at(-1);
  expect(JSON.parse(body ?? "")).toEqual({
    properties: { startIpAddress: runnerAddress, endIpAddress: runnerAddress },
  });
});

test("google-cloud-sql: the proxy is checked before it is started, and is there when the action begins", async () => {
  const scene = scenes["google-cloud-sql"] as Scene;
  const { calls, result } = await runExample({ name: "google-cloud-sql", ...scene });
  expect(result.conclusion).toBe("success");
  expect(calls.map(({ program }) => program)).toEqual(["curl", "sha256sum"]);
  expect(calls[1]?.argv).toEqual(["--check", "--quiet"]);
});

describe.skipIf(!hasJq)("rehearsal", () => {
  const url = "postgres://shop:pw12345@db.example.com/shop";
  const documents = {
    "https://api.heroku.com/apps/rehearsal-app/addons": { id: "1", name: "postgresql-round-1", state: "provisioning" },
    "https://api.heroku.com/addons/postgresql-round-1": { name: "postgresql-round-1", state: "provisioned" },
    "https://api.heroku.com/apps/rehearsal-app/addons/postgresql-round-1": { name: "postgresql-round-1" },
  };
  const inputs = { "heroku-app": "rehearsal-app" };

  test.each([undefined, "migrate"])(
    "makes a database, uses that one, destroys that one (failing: %s)",
    async (failing) => {
      const { calls, ours } = await runExample({
        name: "rehearsal",
        url,
        documents,
        inputs,
        vars: { S3_ENDPOINT: r2, S3_REGION: "auto" },
        ...(failing === undefined ? {} : { failing }),
      });
      const asked = calls.map(({ method = "GET", url: to }) => `${method} ${to ?? ""}`);
      expect(asked).toEqual([
        "POST https://api.heroku.com/apps/rehearsal-app/addons",
        "GET https://api.heroku.com/addons/postgresql-round-1",
        "DELETE https://api.heroku.com/apps/rehearsal-app/addons/postgresql-round-1",
      ]);
      expect(calls[0]?.body).toEqual({ plan: "heroku-postgresql:standard-0", config: { version: "17" } });
      for (const { inputs: raw } of ours) {
        const { heroku, freezeSource } = parseInputs(raw);
        expect(heroku).toMatchObject({
          database: "postgresql-round-1",
          maintenanceMode: false,
          promote: false,
          scaleDown: [],
        });
        expect(freezeSource).toBe("off");
      }
      for (const { argv } of calls) expect(argv.join(" ")).not.toContain(secrets["HEROKU_API_KEY"]);
    },
  );

  test("destroys nothing when it has made nothing", async () => {
    const { calls, ours, result } = await runExample({ name: "rehearsal", url, inputs });
    expect(result.conclusion).toBe("failure");
    expect(calls.map(({ method }) => method)).toEqual(["POST"]);
    expect(ours).toEqual([]);
  });
});

describe.each(["gitlab-ci", "circleci"])("%s", (name) => {
  const text = readText(`examples/${name}.yml`);
  const commands = [...text.matchAll(/npx --yes "\$PROGRAM" (.+)$/gmu)].map(([, rest = ""]) =>
    rest.replaceAll(/"\$(\w+)"/gu, "/tmp/work").split(" "),
  );

  test("is YAML, without a tab", () => {
    expect(readYaml(`examples/${name}.yml`)).toBeTypeOf("object");
    expect(text).not.toContain("\t");
  });

  test("runs gate, migration and cleanup with flags that exist, of the version that this is", async () => {
    const { version } = JSON.parse(readText("package.json")) as { version: string };
    expect(text).toContain(`PROGRAM: migrate-to-heroku-postgres@${version}`);
    expect(commands.map(([command]) => command)).toEqual(["preflight", "migrate", "cleanup"]);
    const environment = {
      SOURCE_DATABASE_URL: "postgres://u:p@h.example/d",
      HEROKU_API_KEY: "HRKU-0123456789",
      HEROKU_APP: "example-app",
      CONFIRM: "example-app",
      BUCKET: "migrations",
      S3_ENDPOINT: "",
    };
    for (const argv of commands) {
      const flags = await readFlags(argv, version, environment, () => {});
      expect(flags?.workDirectory).toBe("/tmp/work");
      expect(() => parseInputs(flags?.raw ?? {})).not.toThrow();
    }
  });

  test("names variables that are read", () => {
    const head = text.slice(0, text.search(/^[a-z]/mu));
    const known = new Set(inputDefinitions.map(variableOf));
    const named = [...head.matchAll(/\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/gu)].map(([word]) => word);
    expect(named.length).toBeGreaterThan(8);
    for (const word of named) expect(known, word).toContain(word);
  });

  test("puts things back whatever happened, and keeps the evidence", () => {
    expect(text).toMatch(
      name === "gitlab-ci" ? /after_script:\n\s+- npx .*cleanup/u : /when: always\n\s+command: npx .*cleanup/u,
    );
    expect(text).toContain("migration-evidence");
  });
});
