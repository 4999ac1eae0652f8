import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, vi } from "vitest";
import { startArtifactService } from "../artifacts/service.ts";
import { isGone } from "./is-gone.fixture.ts";
import { githubScript, lines, test } from "./repository.fixture.ts";

describe("what a step's process gets", () => {
  test("the runtime's token reaches JavaScript steps and no run step", async ({ repository }) => {
    await repository.write(
      "show.mjs",
      "export const show = (who) => console.log(who, Boolean(process.env.ACTIONS_RUNTIME_TOKEN));",
    );
    await repository.writeComposite(`
    - run: echo "shell [\${ACTIONS_RUNTIME_TOKEN-}] [\${ACTIONS_RESULTS_URL-}] [\${ACTIONS_RUNTIME_URL-}]"
      shell: bash
    - uses: ${githubScript}
      with:
        script: |
          const { pathToFileURL } = require("node:url");
          const { show } = await import(pathToFileURL(process.env.GITHUB_ACTION_PATH + "/show.mjs"));
          show("script");
          console.log(process.env.ACTIONS_RESULTS_URL, process.env.ACTIONS_RUNTIME_URL);
    - uses: $/runtime`);
    await repository.writeNode("runtime", "console.log('node', Boolean(process.env.ACTIONS_RUNTIME_TOKEN));");
    await using artifactService = await startArtifactService();
    const { log, conclusion } = await repository.run({ artifactService });
    expect(conclusion).toBe("success");
    expect(lines(log)).toContain("shell [] [] []");
    expect(lines(log)).toContain("script true");
    expect(lines(log)).toContain("node true");
    expect(lines(log)).toContain(`${artifactService.url} ${artifactService.url}`);
  });

  test("INPUT_* are the action's own inputs only, and not for run steps", async ({ repository }) => {
    await repository.writeComposite(`
    - run: env | grep '^INPUT_' || echo none
      shell: bash
    - uses: $/runtime
      with: { own-input: "\${{ inputs.outer }}" }`);
    const script = "console.log(Object.keys(process.env).filter((name) => name.startsWith('INPUT_')).sort().join());";
    await repository.writeNode(
      "runtime",
      script,
      "inputs: { own-input: { description: d }, other one: { description: d, default: x } }",
    );
    const { log } = await repository.run({ inputs: { outer: "value" } });
    expect(lines(log)).toContain("none");
    expect(lines(log)).toContain("INPUT_OTHER_ONE,INPUT_OWN-INPUT");
  });

  test("GITHUB_ACTION_PATH is the composite's folder, and nothing of our own environment leaks in", async ({
    repository,
  }) => {
    vi.stubEnv("STRAY_VARIABLE", "stray");
    await repository.writeComposite(`
    - run: |
        echo "path $GITHUB_ACTION_PATH"
        echo "stray [\${STRAY_VARIABLE-}] extra [$EXTRA] caller [$CALLER] ci [$CI] actions [$GITHUB_ACTIONS]"
        echo "os $RUNNER_OS shell $-"
        test -d "$RUNNER_TEMP" -a -d "$RUNNER_TOOL_CACHE" -a -d "$GITHUB_WORKSPACE" -a -f "$GITHUB_EVENT_PATH"
        false | true
      shell: bash`);
    const { log, conclusion } = await repository.run({ env: { CALLER: "yes" }, extraEnv: { EXTRA: "more" } });
    expect(conclusion).toBe("failure");
    expect(lines(log)).toContain(`path ${repository.root}`);
    expect(lines(log)).toContain("stray [] extra [more] caller [yes] ci [true] actions [true]");
    expect(lines(log)).toContain("##[error]Process completed with exit code 1.");
    expect(log).toMatch(/os Linux shell [a-zA-Z]*e/);
  });

  test("GITHUB_ENV, GITHUB_PATH, GITHUB_OUTPUT with heredocs, and NODE_OPTIONS refused", async ({ repository }) => {
    await repository.writeComposite(`
    - id: first
      run: |
        mkdir "$RUNNER_TEMP/bin" && printf '#!/bin/sh\\necho tool ran' > "$RUNNER_TEMP/bin/our-tool" && chmod +x "$RUNNER_TEMP/bin/our-tool"
        echo "$RUNNER_TEMP/bin" >> "$GITHUB_PATH"
        printf 'FROM_FILE=a=b\\nNODE_OPTIONS=--inspect\\n' >> "$GITHUB_ENV"
        printf 'many<<END\\none\\n\\ntwo\\nEND\\nlast=3\\n' >> "$GITHUB_OUTPUT"
      shell: bash
    - run: our-tool && echo "$FROM_FILE [\${NODE_OPTIONS-}]" && echo "$MANY"
      shell: bash
      env: { MANY: "\${{ toJSON(steps.first.outputs) }}" }`);
    const { log, step, annotations } = await repository.run();
    expect(lines(log)).toContain("tool ran");
    expect(lines(log)).toContain("a=b []");
    expect(step.steps[0]?.outputs).toEqual({ many: "one\n\ntwo", last: "3" });
    expect(log).toContain(String.raw`"many": "one\n\ntwo"`);
    expect(annotations.map((note) => note.message)).toEqual([
      "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.",
    ]);
  });

  test("a malformed output file fails the step", async ({ repository }) => {
    await repository.writeComposite(`
    - run: echo "no equals sign" >> "$GITHUB_OUTPUT"
      shell: bash`);
    const { conclusion, annotations } = await repository.run();
    expect(conclusion).toBe("failure");
    expect(annotations.map((note) => note.message)).toEqual([
      "Unable to process file command 'output' successfully.",
      "Invalid format 'no equals sign'",
    ]);
  });

  test("RUNNER_TEMP and the work folder are gone afterwards", async ({ repository }) => {
    await repository.writeComposite(`
    - id: here
      run: touch "$RUNNER_TEMP/left" && echo "temp=$RUNNER_TEMP" >> "$GITHUB_OUTPUT"
      shell: bash`);
    const workFolder = path.join(repository.root, "work");
    const { step } = await repository.run({ workFolder });
    expect(existsSync(step.steps[0]?.outputs["temp"] ?? "")).toBe(false);
    const kept = await repository.run({ workFolder, keepTemp: true });
    expect(existsSync(path.join(kept.step.steps[0]?.outputs["temp"] ?? "", "left"))).toBe(true);
  });

  test("a process that a step leaves behind is ended with the job", async ({ repository }) => {
    await repository.writeComposite(`
    - id: here
      run: nohup sleep 300 > /dev/null 2>&1 & echo "pid=$!" >> "$GITHUB_OUTPUT"
      shell: bash`);
    const { step, log } = await repository.run();
    expect(log).toMatch(/Terminate orphan process: pid \(\d+\) \(\w+\)/);
    expect(await isGone(Number(step.steps[0]?.outputs["pid"]))).toBe(true);
  });
});
