import { glob, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { cachedFolder, exists, isCached, makeReadable } from "./cache.ts";
import { runProgram } from "./programs.ts";

/** A release of Debian by its code name. */
export type Suite = "bookworm" | "trixie" | "forky";

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * Fetches one package of a Debian release with every library it needs, the C library included, into a cached folder and
 * installs nothing. Returns a folder with `bin/<program>` for each of `programs` (paths in the package): scripts that run
 * it with the fetched loader and libraries, so that it works on an older or newer system. apt does the fetching, with
 * private folders, so that signatures are checked and the machine's own mirror and proxy are used.
 */
export async function debianPrograms(options: {
  suite: Suite;
  packageName: string;
  programs: string[];
}): Promise<string> {
  const { suite, packageName, programs } = options;
  const bundle = await cachedFolder(bundleName(suite, packageName), async (draft) => {
    const apt = await preparePrivateApt(join(draft, "apt"), suite);
    await apt("apt-get", ["update", "--quiet"]);
    await apt("apt-get", ["download", "--quiet", ...(await listPackages(apt, packageName))]);
    await unpackAll(join(draft, "apt/archives"), join(draft, "root"));
    await rm(join(draft, "apt"), { recursive: true });
    await mkdir(join(draft, "launchers/bin"), { recursive: true });
    for (const program of programs) await writeLauncher(draft, program);
    await makeReadable(draft);
  });
  return join(bundle, "launchers");
}

export async function isFetched(suite: Suite, packageName: string): Promise<boolean> {
  return isCached(bundleName(suite, packageName));
}

function bundleName(suite: Suite, packageName: string): string {
  return `debian-${suite}-${packageName}`;
}

/** Finds the bundle relative to itself, because the draft that it is written into is moved. */
async function writeLauncher(bundle: string, program: string): Promise<void> {
  const root = join(bundle, "root");
  const loader = await findOne(root, "{lib64,lib,usr/lib64,usr/lib}/{,*/}ld-linux-*.so.*");
  const libraries = dirname(await findOne(root, "{lib,usr/lib}/*/libc.so.6")).replace(/^usr\//, "");
  const script = [
    "#!/bin/sh",
    `root="\${0%/*}/../../root"`,
    `exec "$root/${loader}" --library-path "$root/${libraries}:$root/usr/${libraries}" "$root/${program}" "$@"`,
  ];
  const launcher = join(bundle, "launchers/bin", basename(program));
  await writeFile(launcher, `${script.join("\n")}\n`, { mode: 0o755 });
  await runProgram(launcher, ["--version"], { cwd: bundle });
}

async function findOne(root: string, pattern: string): Promise<string> {
  for await (const path of glob(pattern, { cwd: root })) return path;
  throw new Error(`no ${pattern} in ${root}`);
}

type Apt = (program: "apt-get" | "apt-cache", args: string[]) => Promise<string>;

async function preparePrivateApt(folder: string, suite: Suite): Promise<Apt> {
  if (!(await exists(keyring))) throw new Error(`${keyring} is missing: install debian-archive-keyring`);
  await mkdir(join(folder, "lists/partial"), { recursive: true });
  await mkdir(join(folder, "archives/partial"), { recursive: true });
  await writeFile(join(folder, "status"), "");
  await writeFile(join(folder, "sources.list"), `deb [signed-by=${keyring}] ${await debianMirror()} ${suite} main\n`);
  const options = Object.entries({
    "Dir::State": folder,
    "Dir::State::status": join(folder, "status"),
    "Dir::State::Lists": join(folder, "lists"),
    "Dir::Cache": folder,
    "Dir::Cache::archives": join(folder, "archives"),
    "Dir::Etc::SourceList": join(folder, "sources.list"),
    "Dir::Etc::SourceParts": "/dev/null",
    "Dir::Etc::Preferences": "/dev/null",
    "Dir::Etc::PreferencesParts": "/dev/null",
    "Acquire::Languages": "none",
    "Acquire::Retries": "3",
    "APT::Sandbox::User": "root",
  }).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return (program, args) => runProgram(program, [...options, ...args], { cwd: join(folder, "archives") });
}

/** `DEBIAN_MIRROR`, or the mirror that this machine's apt uses for Debian itself. */
async function debianMirror(): Promise<string> {
  const named = process.env["DEBIAN_MIRROR"];
  if (named) return named;
  const targets = await runProgram("apt-get", ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"], {
    cwd: "/",
  });
  const mirror = targets.split("\n").find((uri) => /\/debian\/?$/.test(uri));
  if (mirror === undefined) throw new Error("apt on this machine knows no Debian mirror; set DEBIAN_MIRROR to one");
  return mirror;
}

/** The package and, from there, the libraries only: what else it depends on (perl, debconf) its programs run without. */
async function listPackages(apt: Apt, packageName: string): Promise<string[]> {
  const graph = parseDependencies(await apt("apt-cache", ["depends", "--recurse", "--important", packageName]));
  const wanted = new Set([packageName]);
  for (const name of wanted) {
    for (const needed of graph.get(name) ?? []) if (/^(lib|zlib)/.test(needed) && graph.has(needed)) wanted.add(needed);
  }
  return [...wanted];
}

/** A line at the margin names a package, or a virtual one in angle brackets; the indented lines under it what it needs. */
function parseDependencies(text: string): Map<string, string[]> {
  const graph = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of text.split("\n")) {
    const needed = /^ [ |](?:Pre)?Depends: ([^<\s]+)$/.exec(line)?.[1];
    if (needed !== undefined) current.push(needed);
    else if (/^[^\s<]/.test(line)) graph.set(line, (current = []));
  }
  return graph;
}

async function unpackAll(archives: string, root: string): Promise<void> {
  const packages = (await readdir(archives)).filter((name) => name.endsWith(".deb"));
  for (const name of packages) await runProgram("dpkg-deb", ["-x", join(archives, name), root], { cwd: archives });
  for (const unused of ["doc", "man", "locale", "lintian", "bug"]) {
    await rm(join(root, "usr/share", unused), { recursive: true, force: true });
  }
}
