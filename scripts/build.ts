// Bundles src into dist: one file for the action and the command line, one for the worker threads.
// Unminified, so that a reviewer can read what runs beside the secrets; the same input gives the same bytes.
import { rm } from "node:fs/promises";
import { build, type BuildOptions } from "esbuild";
import { writeLicenses } from "./licenses.ts";

// CommonJS dependencies call require(); an ES module has none. The alias clashes with no name in a dependency.
const requireBanner = `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`;

const options: BuildOptions = {
  entryPoints: { index: "src/index.ts", "dump-worker": "src/dump/worker.ts", "proof-worker": "src/proof/worker.ts" },
  outdir: "dist",
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node24",
  legalComments: "none",
  banner: { js: requireBanner },
  metafile: true,
  logLevel: "warning",
};

await rm("dist", { recursive: true, force: true });
const { metafile } = await build(options);
await writeLicenses(metafile, "dist/licenses.txt");
