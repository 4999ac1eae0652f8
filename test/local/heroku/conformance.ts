// Drives the real Heroku CLI against the local Heroku and prints a table. Needs the npm registry the first time.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { cachedFolder } from "../postgres/cache.ts";
import { clientDirectory } from "../postgres/clients.ts";
import { startPostgres } from "../postgres/servers.ts";
import { dumpArchive } from "./archives.ts";
import { withSession, type DatabaseConnection } from "./connection.ts";
import { startStore, type Store } from "./object-store.ts";
import { startHeroku, type LocalHeroku } from "./server.ts";
import { createTarget } from "./target.ts";

const cliVersion = "11.10.0";
const major = 15;
const token = "HRKU-conformance-0123456789";
const app = "example-app";
const pink = "HEROKU_POSTGRESQL_PINK";

type Ran = { exitCode: number | null; output: string };
type Scene = { heroku: LocalHeroku; store: Store; connect: () => DatabaseConnection; archives: Archives };
type Archives = { clean: Buffer; unclean: Buffer };

type Case = {
  args: string[] | ((scene: Scene) => string[]);
  /** What must be so before the command; given the scene. */
  prepare?: (scene: Scene) => void;
  exitCode: 0 | "not 0";
  /** Text that the command must print. */
  prints?: RegExp;
  /** The effect, by name, and whether it came about. */
  effect: [string, (scene: Scene) => boolean | Promise<boolean>];
};

const restoreArgs = ({ store }: Scene, confirm = app): string[] =>
  ["pg:backups:restore", store.url, "DATABASE_URL", "--app", app].concat("--confirm", confirm);

const cases: Case[] = [
  {
    args: ["pg:info", "--app", app],
    exitCode: 0,
    prints: /DATABASE_URL[^]*Plan:\s+Standard 0[^]*PG Version:\s+15\./,
    effect: ["the info was read", ({ heroku }) => wasAsked(heroku, "GET", /^\/client\/v11\/databases\/[^/]+$/)],
  },
  {
    args: ["maintenance:on", "--app", app],
    exitCode: 0,
    effect: ["the app is in maintenance", ({ heroku }) => heroku.app(app).maintenance],
  },
  {
    args: ["ps:scale", "worker=0", "--app", app],
    exitCode: 0,
    effect: ["no worker is left", ({ heroku }) => heroku.app(app).formation[1]?.quantity === 0],
  },
  {
    args: ["pg:backups:capture", "DATABASE_URL", "--app", app],
    exitCode: 0,
    prints: /Backing up/,
    effect: ["a backup is there", ({ heroku }) => heroku.state.transfers.at(-1)?.succeeded === true],
  },
  {
    args: ["pg:backups:url", "b001", "--app", app],
    exitCode: 0,
    prints: /^http:\/\/127\.0\.0\.1:\d+\/public-backups\//m,
    effect: ["a URL was made", ({ heroku }) => wasAsked(heroku, "POST", /\/actions\/public-url$/)],
  },
  {
    args: (scene) => restoreArgs(scene, "another-app"),
    exitCode: "not 0",
    effect: ["nothing was restored", ({ heroku }) => heroku.state.transfers.length === 1],
  },
  {
    args: (scene) => [...restoreArgs(scene), "--verbose", "--extensions", "hstore"],
    prepare: ({ archives, store }) => (store.object = archives.clean),
    exitCode: 0,
    prints: /pg_restore: processing data for table "public\.kept"/,
    effect: ["the rows are there", async ({ connect }) => (await countRows(connect())) === 1000],
  },
  {
    args: (scene) => restoreArgs(scene),
    prepare: ({ archives, store }) => (store.object = archives.unclean),
    exitCode: 0,
    effect: ["one error was skipped", ({ heroku }) => heroku.state.transfers.at(-1)?.warnings === 1],
  },
  {
    args: ["pg:backups:info", "r003", "--app", app],
    exitCode: 0,
    prints: /Finished with 1 warnings[^]*permission denied to create event trigger/,
    effect: ["the log was read", ({ heroku }) => wasAsked(heroku, "GET", /\/transfers\/3\?verbose=true$/)],
  },
  {
    args: (scene) => restoreArgs(scene),
    prepare: ({ store }) => (store.expiresAfter = 0),
    exitCode: "not 0",
    prints: /please check the source URL and ensure it is publicly accessible/,
    effect: ["the transfer failed", ({ heroku }) => heroku.state.transfers.at(-1)?.succeeded === false],
  },
  {
    args: ["pg:backups:restore", "b001", "DATABASE_URL", "--app", app, "--confirm", app],
    exitCode: 0,
    effect: ["the old rows are back", async ({ connect }) => (await countRows(connect())) === 7],
  },
  {
    args: ["pg:reset", "DATABASE_URL", "--app", app, "--confirm", app],
    exitCode: 0,
    effect: ["the table is gone", async ({ connect }) => (await countRows(connect())) === undefined],
  },
  {
    args: ["pg:promote", pink, "--app", app],
    exitCode: 0,
    effect: ["the other database is DATABASE_URL", ({ heroku }) => promotedName(heroku) === "postgresql-round-6"],
  },
  {
    args: ["maintenance:off", "--app", app],
    exitCode: 0,
    effect: ["the app is back", ({ heroku }) => !heroku.app(app).maintenance],
  },
];

async function main(): Promise<void> {
  const cli = await installCli();
  const home = await mkdtemp(join(tmpdir(), "heroku-cli-home-"));
  try {
    await using server = await startPostgres({ major });
    const clients = await clientDirectory(major);
    const [connect, other] = [await createTarget(server), await createTarget(server)];
    const store = await startStore();
    await using heroku = await startHeroku({
      token,
      apps: [{ name: app, formation: [web, worker] }],
      databases: [
        { app, addonName: "postgresql-curved-12345", plan: "standard-0", connect, attachments: [{ name: "OLD" }] },
        { app, addonName: "postgresql-round-6", plan: "essential-0", connect: other, attachmentName: pink },
      ],
      restoreClientDirectory: clients,
    });
    await fill(connect());
    const archives = {
      clean: await dumpArchive(server, clients, "create table kept as select generate_series(1, 1000) as n"),
      unclean: await dumpArchive(server, clients, uncleanSql),
    };
    const failures = await runCases({ heroku, store, connect, archives }, (args) =>
      runCli(cli, home, heroku.url, args),
    );
    store.close();
    process.exitCode = failures === 0 ? 0 : 1;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

const web = { type: "web", quantity: 1 };
const worker = { type: "worker", quantity: 2 };

const uncleanSql = `
create table kept (n int);
create function pg_catalog_watch() returns event_trigger language plpgsql as 'begin end';
create event trigger watcher on ddl_command_end execute function pg_catalog_watch()`;

/** Outside the project, so that its 700 packages are nobody's dependencies. Kept for the next run. */
async function installCli(): Promise<string> {
  const folder = await cachedFolder(`heroku-cli-${cliVersion}`, async (draft) => {
    console.log(`Installing heroku ${cliVersion} from npm…`);
    const args = ["install", "--prefix", draft, "--no-audit", "--no-fund", "--ignore-scripts", `heroku@${cliVersion}`];
    const { exitCode, output } = await run("npm", args, process.env);
    if (exitCode !== 0) throw new Error(`npm could not install the Heroku CLI:\n${output}`);
  });
  return join(folder, "node_modules/heroku/bin/run.js");
}

/** The three opt-outs are in the environment of the very first call, and the CLI sees nothing else of ours. */
async function runCli(cli: string, home: string, url: string, args: string[]): Promise<Ran> {
  return run(process.execPath, [cli, ...args], {
    PATH: process.env["PATH"],
    DISABLE_TELEMETRY: "true",
    HEROKU_DISABLE_AUTOUPDATE: "1",
    HEROKU_SKIP_NEW_VERSION_CHECK: "true",
    HEROKU_HOST: url,
    // A host name only: the port is taken from HEROKU_HOST.
    HEROKU_DATA_HOST: "localhost",
    HEROKU_PARTICLEBOARD_URL: url,
    HEROKU_API_KEY: token,
    HOME: home,
    GIT_CONFIG_GLOBAL: join(home, "gitconfig"),
    TERM: "dumb",
  });
}

async function run(program: string, args: string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"], timeout: 300_000 });
  const ended = once(child, "close") as Promise<[number | null]>;
  const [[exitCode], stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { exitCode, output: `${stdout}${stderr}` };
}

async function runCases(scene: Scene, cli: (args: string[]) => Promise<Ran>): Promise<number> {
  let failures = 0;
  console.log(`\n| heroku ${cliVersion} | exit | effect | |\n| --- | --- | --- | --- |`);
  for (const one of cases) {
    scene.store.reset();
    one.prepare?.(scene);
    const args = typeof one.args === "function" ? one.args(scene) : one.args;
    const ran = await cli(args);
    const complaint = await findComplaint(one, scene, ran);
    const shown = args.map((word) => word.replace(/\?.*/, "?…")).join(" ");
    console.log(`| ${shown} | ${ran.exitCode} | ${one.effect[0]} | ${complaint === undefined ? "yes" : "NO"} |`);
    if (complaint === undefined) continue;
    failures += 1;
    console.error(`\n${complaint}. The command printed:\n${ran.output}\n`);
  }
  console.log(failures === 0 ? "\nThe real CLI completes against the local Heroku." : `\n${failures} failed.`);
  return failures;
}

async function findComplaint(one: Case, scene: Scene, { exitCode, output }: Ran): Promise<string | undefined> {
  if ((exitCode === 0) !== (one.exitCode === 0)) return `exit code ${exitCode} instead of ${one.exitCode}`;
  if (one.prints !== undefined && !one.prints.test(output)) return `${one.prints} was not printed`;
  return (await one.effect[1](scene)) ? undefined : `not so: ${one.effect[0]}`;
}

function wasAsked(heroku: LocalHeroku, method: string, path: RegExp): boolean {
  return heroku.requests.some((request) => request.method === method && path.test(request.path));
}

function promotedName(heroku: LocalHeroku): string | undefined {
  return heroku.state.attachments.find(({ name }) => name === "DATABASE")?.addon.name;
}

async function fill(connection: DatabaseConnection): Promise<void> {
  await withSession(connection, connection.owner, (client) =>
    client.query("create table kept as select generate_series(1, 7) as n"),
  );
}

/** Undefined where the table is not there. */
async function countRows(connection: DatabaseConnection): Promise<number | undefined> {
  return withSession(connection, connection.superuser, async (client) => {
    const { rows } = await client.query<{ found: string | null }>("select to_regclass('public.kept')::text as found");
    if (rows[0]?.found === null) return undefined;
    const counted = await client.query<{ count: number }>("select count(*)::integer as count from kept");
    return counted.rows[0]?.count;
  });
}

await main();
