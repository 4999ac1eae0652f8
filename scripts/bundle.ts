import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { renderLicenses } from "./licenses.ts";

// CommonJS dependencies call require(); an ES module has none. The alias clashes with no name in a dependency.
const requireBanner = `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`;

const options: BuildOptions = {
  entryPoints: { index: "src/index.ts", "dump-worker": "src/dump/worker.ts" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node24",
  legalComments: "none",
  banner: { js: requireBanner },
  metafile: true,
  logLevel: "warning",
};

/**
 * Bundles src: one file for the action and the command line, one for each kind of worker thread. Unminified, so that a
 * reviewer can read what runs beside the secrets; the same input gives the same bytes.
 */
export async function buildDist(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { metafile } = await build({ ...options, outdir: folder });
  if (metafile === undefined) throw new Error("esbuild gave no metafile");
  await writeFile(join(folder, "licenses.txt"), await renderLicenses(metafile));
}
