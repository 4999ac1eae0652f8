import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const requireBanner = `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`;

/** Bundles `way.ts` and the dump's thread as the action is bundled: what is measured is what users run. Returns the file to run. */
export async function bundleWay(folder: string): Promise<string> {
  const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  await build({
    entryPoints: { way: at("way.ts"), "dump-worker": at("../../src/dump/worker.ts") },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    banner: { js: requireBanner },
    logLevel: "warning",
    outdir: folder,
  });
  return join(folder, "way.js");
}
