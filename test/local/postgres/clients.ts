import { createHash } from "node:crypto";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { cachedFolder, exists } from "./cache.ts";
import { debianPrograms, isFetched } from "./debian.ts";
import type { Suite } from "./debian.ts";
import { runProgram } from "./programs.ts";

/** The Debian release that carries the client programs of a major. Debian skips 14 and 16. */
const suites = new Map<number, Suite>([
  [15, "bookworm"],
  [17, "trixie"],
  [18, "forky"],
]);

const programs = ["pg_dump", "pg_restore", "psql"];

/**
 * A folder with exactly these majors' client programs, as `<folder>/<major>/bin/pg_dump` and so on: the machine's own where
 * it has them, else Debian's, fetched into the cache.
 */
export async function clientDirectory(...majors: number[]): Promise<string> {
  const targets = new Map<number, string>();
  for (const major of majors) targets.set(major, await findOrFetchClient(major));
  const hash = createHash("sha256").update(JSON.stringify([...targets]));
  const key = hash.digest("hex").slice(0, 8);
  return cachedFolder(`clients-${majors.join("-")}-${key}`, async (draft) => {
    for (const [major, target] of targets) await symlink(target, join(draft, String(major)));
  });
}

/** Majors whose client programs are on this machine already, so that `clientDirectory` downloads nothing. */
export async function availableClients(): Promise<number[]> {
  const found: number[] = [];
  for (const major of [14, 15, 16, 17, 18]) {
    const suite = suites.get(major);
    const isHere = await isInstalled(major);
    if (isHere || (suite !== undefined && (await isFetched(suite, packageName(major))))) found.push(major);
  }
  return found;
}

async function findOrFetchClient(major: number): Promise<string> {
  if (await isInstalled(major)) return systemFolder(major);
  const suite = suites.get(major);
  if (suite === undefined) throw new Error(`Debian has no client of PostgreSQL ${major}, and none is installed`);
  const paths = programs.map((program) => `usr/lib/postgresql/${major}/bin/${program}`);
  return debianPrograms({ suite, packageName: packageName(major), programs: paths });
}

function packageName(major: number): string {
  return `postgresql-client-${major}`;
}

/** Where Debian's and PGDG's packages put a major. */
function systemFolder(major: number): string {
  return `/usr/lib/postgresql/${major}`;
}

async function isInstalled(major: number): Promise<boolean> {
  const found = await Promise.all(programs.map((program) => exists(join(systemFolder(major), "bin", program))));
  return found.every(Boolean);
}

async function fetchAndPrint(majors: number[]): Promise<void> {
  for (const major of majors) {
    const folder = join(await clientDirectory(major), String(major), "bin");
    const version = await runProgram(join(folder, "pg_dump"), ["--version"], { cwd: "/" });
    console.log(`${version.trim()}  ${folder}`);
  }
}

if (import.meta.main) await fetchAndPrint(process.argv.slice(2).map(Number));
