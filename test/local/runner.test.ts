import { execFileSync } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, vi } from "vitest";
import { lines, test } from "./runner/repository.fixture.ts";

test("the runner works under plain Node, where the parser needs its hook", async ({ repository }) => {
  await repository.writeComposite(`
    - run: echo "plain node"
      shell: bash`);
  const runner = fileURLToPath(new URL("runner/action.ts", import.meta.url));
  const script = `
    import { runAction } from ${JSON.stringify(runner)};
    const { log } = await runAction({ path: ${JSON.stringify(repository.root)} });
    console.log(log);`;
  const printed = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  expect(lines(printed)).toContain("plain node");
});

test("nothing is left in the temporary folder", async ({ repository }) => {
  await repository.writeComposite(`
    - run: "true"
      shell: bash`);
  const temporary = path.join(repository.root, "tmp");
  await mkdir(temporary);
  vi.stubEnv("TMPDIR", temporary);
  const { conclusion } = await repository.run();
  vi.unstubAllEnvs();
  expect(conclusion).toBe("success");
  expect(await readdir(temporary)).toEqual([]);
});
