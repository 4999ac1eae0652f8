import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildDist } from "../scripts/bundle.ts";
import { fillShop } from "./local/demo/fill.ts";
import { repositoryRoot } from "./local/demo/migration.ts";
import { type World, startWorld } from "./local/world.ts";
import { environmentOf, start } from "./support/program.ts";

const run = promisify(execFile);

let folder: string;
/** What npm links for the package's user. */
let program: string;
let world: World;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tarball-"));
  [world] = await Promise.all([startWorld(), installTarball().then((path) => (program = path))]);
  await fillShop(world.sourceUrl, 300);
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Packs a copy of the package with a bundle of its own, and unpacks it where npm would, without any dependency beside it. */
async function installTarball(): Promise<string> {
  const source = join(folder, "source");
  const manifest = JSON.parse(await readFile(join(repositoryRoot, "package.json"), "utf8")) as {
    name: string;
    files: string[];
  };
  for (const name of ["package.json", "README.md", "LICENSE", ...manifest.files.filter((file) => file !== "dist")])
    await cp(join(repositoryRoot, name), join(source, name), { recursive: true }).catch(ignoreMissing);
  await buildDist(join(source, "dist"));
  await run("npm", ["pack", "--offline", "--ignore-scripts", "--pack-destination", folder], { cwd: source });
  const [tarball = ""] = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
  const installed = join(folder, "user/node_modules", manifest.name);
  await mkdir(installed, { recursive: true });
  await run("tar", ["-xzf", join(folder, tarball), "-C", installed, "--strip-components=1"]);
  const link = join(folder, "user/node_modules/.bin", manifest.name);
  await mkdir(dirname(link));
  await symlink(join(installed, "bin", `${manifest.name}.js`), link);
  return link;
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}

async function runProgram(...argv: string[]): Promise<{ code: number | string; stdout: string; stderr: string }> {
  const running = start(program, argv, { cwd: join(folder, "user"), env: environmentOf(world) });
  const code = await running.ended;
  return { code, stdout: running.stdout, stderr: running.stderr };
}

test("the packed program runs without its dependencies: --help and --version", async () => {
  const { code, stdout } = await runProgram("--help");
  expect(code).toBe(0);
  expect(stdout).toContain("migrate-to-heroku-postgres preflight --heroku-app");
  const { version } = JSON.parse(await readFile(join(repositoryRoot, "package.json"), "utf8")) as { version: string };
  expect(await runProgram("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
});

test("its gate passes and its migration too, worker threads and all", async () => {
  expect(await runProgram("preflight")).toMatchObject({ code: 0 });
  const { code, stderr } = await runProgram("migrate");
  expect(stderr).toContain("Source and target match");
  expect(code).toBe(0);
});

test("an older Node.js is told which one it needs, before it meets a word it does not know", async () => {
  const pretended = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.1.0' } })";
  const env = {
    ...environmentOf(world),
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(pretended)}`,
  };
  const running = start(program, ["--help"], { cwd: join(folder, "user"), env });
  expect(await running.ended).toBe(1);
  expect(running.stderr).toMatch(/^migrate-to-heroku-postgres needs Node\.js 24 or newer; this is v[\d.]+\.\n$/u);
});
