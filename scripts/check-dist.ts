// Rebuilds dist into a folder of its own and compares it, byte for byte, with the committed one.
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildDist } from "./bundle.ts";

const rebuilt = await mkdtemp(join(tmpdir(), "dist-"));
try {
  await buildDist(rebuilt);
  const names = new Set([...(await readdir("dist")), ...(await readdir(rebuilt))]);
  const different: string[] = [];
  for (const name of names) {
    const [left, right] = await Promise.all([readOrEmpty(join("dist", name)), readOrEmpty(join(rebuilt, name))]);
    if (!left.equals(right)) different.push(name);
  }
  if (different.length > 0) {
    console.error(`dist/ does not match a rebuild: ${different.join(", ")}. Run npm run build and commit the result.`);
    process.exitCode = 1;
  }
} finally {
  await rm(rebuilt, { recursive: true, force: true });
}

async function readOrEmpty(path: string): Promise<Buffer> {
  return await readFile(path).catch(() => Buffer.alloc(0));
}
