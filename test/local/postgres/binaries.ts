import { cp, readFile, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { cachedFolder, exists, makeReadable } from "./cache.ts";

export type Major = 14 | 15 | 16 | 17 | 18;
export const majors: readonly Major[] = [14, 15, 16, 17, 18];

interface PackagedLink {
  source: string;
  target: string;
}

/** Full version of the npm package that carries this major's server. */
export async function readPackageVersion(major: Major): Promise<string> {
  const manifest = await readFile(join(packageFolder(major), "package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

/**
 * A folder with bin, lib and share of one major. It is a copy, because the servers' account may not be able to read the
 * project, and because npm neither packs symbolic links nor always runs the install script that would make them.
 */
export async function serverBinaries(major: Major): Promise<string> {
  const packaged = packageFolder(major);
  return cachedFolder(`server-${await readPackageVersion(major)}`, async (draft) => {
    const isNeeded = (path: string): boolean => !path.endsWith(".a") && !path.endsWith("/pkgconfig");
    await cp(join(packaged, "native"), draft, { recursive: true, verbatimSymlinks: true, filter: isNeeded });
    await makeLinks(packaged, draft);
    await makeReadable(draft);
  });
}

function packageFolder(major: Major): string {
  return fileURLToPath(new URL(`../../../node_modules/postgres-${major}`, import.meta.url));
}

async function makeLinks(packaged: string, draft: string): Promise<void> {
  const list = await readFile(join(packaged, "native/pg-symlinks.json"), "utf8");
  for (const { source, target } of JSON.parse(list) as PackagedLink[]) {
    const link = join(draft, relative("native", target));
    if (await exists(link)) continue;
    await symlink(relative(dirname(target), source), link);
  }
}
