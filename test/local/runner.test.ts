import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startArtifactService } from "./artifacts/service.ts";
import { type ActionOptions, runAction, startAction } from "./runner/action.ts";
import { printEvents, type RunEvent } from "./runner/events.ts";
import { runWorkflow, startWorkflow, type WorkflowOptions } from "./runner/workflow.ts";

const scriptPin = "actions/github-script@3a2844b7e9c422d3c10d287c895573f7108da1b3";
const quick = { interruptMs: 400, terminateMs: 300, drainMs: 300 };
let root: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "runner-test-"));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

describe("what a step's process gets", () => {
  test("the runtime's token reaches JavaScript steps and no run step", async () => {
    await write(
      "show.mjs",
      "export const show = (who) => console.log(who, Boolean(process.env.ACTIONS_RUNTIME_TOKEN));",
    );
    await writeComposite(`
    - run: echo "shell [\${ACTIONS_RUNTIME_TOKEN-}] [\${ACTIONS_RESULTS_URL-}] [\${ACTIONS_RUNTIME_URL-}]"
      shell: bash
    - uses: ${scriptPin}
      with:
        script: |
          const { pathToFileURL } = require("node:url");
          const { show } = await import(pathToFileURL(process.env.GITHUB_ACTION_PATH + "/show.mjs"));
          show("script");
          console.log(process.env.ACTIONS_RESULTS_URL, process.env.ACTIONS_RUNTIME_URL);
    - uses: $/runtime`);
    await writeNode("runtime", "console.log('node', Boolean(process.env.ACTIONS_RUNTIME_TOKEN));");
    await using artifactService = await startArtifactService();
    const { log, conclusion } = await run({ artifactService });
    expect(conclusion).toBe("success");
    expect(lines(log)).toContain("shell [] [] []");
    expect(lines(log)).toContain("script true");
    expect(lines(log)).toContain("node true");
    expect(lines(log)).toContain(`${artifactService.url} ${artifactService.url}`);
  });

  test("INPUT_* are the action's own inputs only, and not for run steps", async () => {
    await writeComposite(`
    - run: env | grep '^INPUT_' || echo none
      shell: bash
    - uses: $/runtime
      with: { own-input: "\${{ inputs.outer }}" }`);
    const script = "console.log(Object.keys(process.env).filter((name) => name.startsWith('INPUT_')).sort().join());";
    await writeNode(
      "runtime",
      script,
      "inputs: { own-input: { description: d }, other one: { description: d, default: x } }",
    );
    const { log } = await run({ inputs: { outer: "value" } });
    expect(lines(log)).toContain("none");
    expect(lines(log)).toContain("INPUT_OTHER_ONE,INPUT_OWN-INPUT");
  });

  test("GITHUB_ACTION_PATH is the composite's folder, and nothing of our own environment leaks in", async () => {
    process.env["STRAY_VARIABLE"] = "stray";
    await writeComposite(`
    - run: |
        echo "path $GITHUB_ACTION_PATH"
        echo "stray [\${STRAY_VARIABLE-}] extra [$EXTRA] caller [$CALLER] ci [$CI] actions [$GITHUB_ACTIONS]"
        echo "os $RUNNER_OS shell $-"
        test -d "$RUNNER_TEMP" -a -d "$RUNNER_TOOL_CACHE" -a -d "$GITHUB_WORKSPACE" -a -f "$GITHUB_EVENT_PATH"
        false | true
      shell: bash`);
    const { log, conclusion } = await run({ env: { CALLER: "yes" }, extraEnv: { EXTRA: "more" } });
    expect(conclusion).toBe("failure");
    expect(lines(log)).toContain(`path ${root}`);
    expect(lines(log)).toContain("stray [] extra [more] caller [yes] ci [true] actions [true]");
    expect(lines(log)).toContain("##[error]Process completed with exit code 1.");
    expect(log).toMatch(/os Linux shell [a-zA-Z]*e/);
  });

  test("GITHUB_ENV, GITHUB_PATH, GITHUB_OUTPUT with heredocs, and NODE_OPTIONS refused", async () => {
    await writeComposite(`
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
    const { log, step, annotations } = await run();
    expect(lines(log)).toContain("tool ran");
    expect(lines(log)).toContain("a=b []");
    expect(step.steps[0]?.outputs).toEqual({ many: "one\n\ntwo", last: "3" });
    expect(log).toContain(String.raw`"many": "one\n\ntwo"`);
    expect(annotations.map((note) => note.message)).toEqual([
      "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.",
    ]);
  });

  test("a malformed output file fails the step", async () => {
    await writeComposite(`
    - run: echo "no equals sign" >> "$GITHUB_OUTPUT"
      shell: bash`);
    const { conclusion, annotations } = await run();
    expect(conclusion).toBe("failure");
    expect(annotations.map((note) => note.message)).toEqual([
      "Unable to process file command 'output' successfully.",
      "Invalid format 'no equals sign'",
    ]);
  });

  test("RUNNER_TEMP and the work folder are gone afterwards", async () => {
    await writeComposite(`
    - id: here
      run: touch "$RUNNER_TEMP/left" && echo "temp=$RUNNER_TEMP" >> "$GITHUB_OUTPUT"
      shell: bash`);
    const workFolder = path.join(root, "work");
    const { step } = await run({ workFolder });
    expect(existsSync(step.steps[0]?.outputs["temp"] ?? "")).toBe(false);
    const kept = await run({ workFolder, keepTemp: true });
    expect(existsSync(path.join(kept.step.steps[0]?.outputs["temp"] ?? "", "left"))).toBe(true);
  });

  test("a process that a step leaves behind is ended with the job", async () => {
    await writeComposite(`
    - id: here
      run: nohup sleep 300 > /dev/null 2>&1 & echo "pid=$!" >> "$GITHUB_OUTPUT"
      shell: bash`);
    const { step, log } = await run();
    expect(log).toMatch(/Terminate orphan process: pid \(\d+\) \(\w+\)/);
    expect(await gone(Number(step.steps[0]?.outputs["pid"]))).toBe(true);
  });
});

describe("inputs", () => {
  test("a composite sees all that the caller wrote, declared or not, and the evaluated defaults of the rest", async () => {
    await writeComposite(
      `
    - run: echo "$ALL"
      shell: bash
      env: { ALL: "\${{ toJSON(inputs) }}" }`,
      "  known: { description: d }\n  repo: { description: d, default: '${{ github.repository }}' }\n  needed: { description: d, required: true }",
    );
    const { log, annotations, conclusion } = await run({
      inputs: { Known: "k", "mis-spelt": "m" },
      github: { repository: "o/r" },
    });
    expect(conclusion).toBe("success");
    const printed = log.slice(log.lastIndexOf("##[endgroup]\n{") + 13);
    expect(JSON.parse(printed.slice(0, printed.indexOf("}") + 1))).toEqual({
      Known: "k",
      "mis-spelt": "m",
      repo: "o/r",
      needed: "",
    });
    expect(annotations).toEqual([
      {
        level: "warning",
        message: "Unexpected input(s) 'mis-spelt', valid inputs are ['known', 'repo', 'needed']",
        properties: {},
      },
    ]);
  });

  test("values are data: an expression in one is not evaluated", async () => {
    await writeComposite(`
    - run: echo "$VALUE"
      shell: bash
      env: { VALUE: "\${{ inputs.text }}" }`);
    const { log } = await run({ inputs: { text: "${{ github.token }} 'quoted'" } });
    expect(lines(log)).toContain("${{ github.token }} 'quoted'");
  });
});

describe("masking", () => {
  const secret = `p@ss"w'rd&x<y>`;

  test("secrets are masked from the start, in the runner's encodings", async () => {
    await write(
      "leak.mjs",
      `const secret = process.env.LEAK;
      const bytes = Buffer.from(secret);
      for (const shift of [0, 1, 2]) console.log("base64", bytes.subarray(shift).toString("base64"));
      console.log("json", JSON.stringify({ secret }));
      console.log("uri", encodeURIComponent(secret).replaceAll("'", "%27"));
      console.log("xml", secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&apos;"));
      console.log("raw", "<" + secret + ">");
      console.error("half", secret.slice(0, 5));`,
    );
    await writeComposite(`
    - run: node "$GITHUB_ACTION_PATH/leak.mjs"
      shell: bash
      env: { LEAK: "\${{ inputs.secret }}" }`);
    const { log } = await run({ inputs: { secret }, secrets: { SECRET: secret } });
    const said = lines(log).filter((line) => /^(base64|json|uri|xml|raw|half) /.test(line));
    expect(said.filter((line) => !line.startsWith("half"))).toEqual([
      "base64 ***",
      "base64 ***",
      "base64 ***",
      'json {"secret":"***"}',
      "uri ***",
      "xml ***",
      "raw <***>",
    ]);
    expect(said).toContain('half p@ss"');
    expect(log).not.toContain(secret);
  });

  test("add-mask takes several lines, and masks annotations and summaries too", async () => {
    await writeComposite(`
    - run: |
        echo "::add-mask::first-half%0Asecond-half"
        echo "see first-half"
        echo "::error title=about second-half,file=a.ts,line=3::found first-half"
        printf 'first-half\\nplain\\n' >> "$GITHUB_STEP_SUMMARY"
      shell: bash`);
    const { log, annotations, summary } = await run();
    // The script's own text is printed before it runs, as on GitHub.
    const output = log.slice(log.lastIndexOf("##[endgroup]"));
    expect(lines(output)).toContain("see ***");
    expect(output).not.toContain("first-half");
    expect(annotations).toEqual([
      { level: "error", message: "found ***", properties: { title: "about ***", file: "a.ts", line: "3" } },
    ]);
    expect(summary).toBe("***\nplain\n");
  });

  test("a job output that holds a secret is dropped with a warning", async () => {
    const file = await writeWorkflow(`
  one:
    runs-on: ubuntu-24.04
    outputs:
      plain: "\${{ steps.s.outputs.plain }}"
      leaky: "\${{ steps.s.outputs.leaky }}"
      empty: "\${{ steps.s.outputs.nothing }}"
    steps:
      - id: s
        run: |
          echo "plain=ok" >> "$GITHUB_OUTPUT"
          echo "leaky=postgres://u:$PW@h/d" >> "$GITHUB_OUTPUT"
        env: { PW: "\${{ secrets.PW }}" }`);
    const { jobs } = await runFile(file, { secrets: { PW: "hunter2-long" } });
    expect(jobs["one"]?.outputs).toEqual({ plain: "ok" });
    expect(jobs["one"]?.annotations.map((note) => note.message)).toEqual([
      "Skip output 'leaky' since it may contain secret.",
    ]);
  });
});

describe("commands", () => {
  test("groups, annotations, stop-commands, and old commands", async () => {
    await writeComposite(`
    - id: s
      run: |
        echo "::group::A group"
        echo "inside"
        echo "::endgroup::"
        echo "::notice col=1,endColumn=2::50%25 done%0Anext line"
        echo "::debug::hidden"
        echo "::stop-commands::the-token"
        echo "::error::not an error"
        echo "::the-token::"
        echo "::set-output name=old::value"
        echo "##[warning]by bracket"
        echo "::set-env name=X::y"
      shell: bash`);
    const { log, annotations, step, conclusion } = await run();
    expect(lines(log)).toEqual(expect.arrayContaining(["##[group]A group", "inside", "::error::not an error"]));
    expect(log).not.toContain("\n##[debug]");
    expect(annotations.map(({ level, message }) => `${level}: ${message.slice(0, 40)}`)).toEqual([
      "notice: 50% done\nnext line",
      "warning: The `set-output` command is deprecated a",
      "warning: by bracket",
      "error: Unable to process command '::set-env nam",
      "error: The `set-env` command is disabled. Pleas",
    ]);
    expect(step.steps[0]?.outputs).toEqual({ old: "value" });
    expect(conclusion).toBe("failure");
  });

  test("debug lines show with the debug option", async () => {
    await writeComposite(`
    - run: echo "::debug::seen $RUNNER_DEBUG"
      shell: bash`);
    const { log } = await run({ debug: true });
    expect(lines(log)).toContain("##[debug]seen 1");
  });

  test("ten annotations of a level per outer step, however many steps are inside", async () => {
    const eight = `
    - run: for i in 1 2 3 4 5 6 7 8; do echo "::warning::w$i"; done; echo "::error::e"
      shell: bash`;
    await writeComposite(eight + eight);
    const { annotations, log } = await run();
    expect(annotations.filter((note) => note.level === "warning")).toHaveLength(10);
    expect(annotations.filter((note) => note.level === "error")).toHaveLength(2);
    expect(lines(log).filter((line) => line.startsWith("##[warning]"))).toHaveLength(16);
  });

  test("a summary over 1 MiB is skipped with an error, and the step passes", async () => {
    await writeComposite(`
    - run: head -c 1048577 /dev/zero | tr '\\0' 'x' >> "$GITHUB_STEP_SUMMARY"
      shell: bash`);
    const { conclusion, summary, annotations } = await run();
    expect({ conclusion, summary }).toEqual({ conclusion: "success", summary: "" });
    expect(annotations[0]?.message).toContain("supports content up to a size of 1024k, got 1024k");
  });
});

describe("status", () => {
  test("after a failure: default steps are skipped, failure() and always() run, outputs are still set", async () => {
    await writeComposite(
      `
    - id: breaks
      run: echo "said=before" >> "$GITHUB_OUTPUT"; exit 3
      shell: bash
    - id: skipped
      run: echo never
      shell: bash
    - id: failed
      if: failure()
      run: echo "job is \${{ job.status }}, action is \${{ github.action_status }}"
      shell: bash
    - id: cleanup
      if: always()
      run: echo cleaning
      shell: bash`,
      "",
      `outputs: { said: { description: d, value: "\${{ steps.breaks.outputs.said }} \${{ steps.breaks.conclusion }}" } }`,
    );
    const { step, log, conclusion, outputs } = await run();
    expect(conclusion).toBe("failure");
    expect(step.steps.map((inner) => [inner.id, inner.conclusion])).toEqual([
      ["breaks", "failure"],
      ["skipped", "skipped"],
      ["failed", "success"],
      ["cleanup", "success"],
    ]);
    expect(lines(log)).toContain("job is success, action is failure");
    expect(outputs).toEqual({ said: "before failure" });
  });

  test("continue-on-error: the outcome is a failure, the conclusion a success", async () => {
    await writeComposite(`
    - id: soft
      run: exit 1
      shell: bash
      continue-on-error: true
    - run: echo "\${{ steps.soft.outcome }} \${{ steps.soft.conclusion }}"
      shell: bash`);
    const { conclusion, log } = await run();
    expect(conclusion).toBe("success");
    expect(lines(log)).toContain("failure success");
  });

  test("setFailed in a github-script fails it, and so does a thrown error", async () => {
    await writeComposite(`
    - id: set
      continue-on-error: true
      uses: ${scriptPin}
      with: { script: "core.setFailed('said so')" }
    - id: thrown
      uses: ${scriptPin}
      with: { script: "throw new Error('boom')" }`);
    const { step, annotations } = await run();
    expect(step.steps.map((inner) => inner.outcome)).toEqual(["failure", "failure"]);
    expect(annotations.map((note) => note.message)).toEqual(["said so", "Unhandled error: Error: boom"]);
  });

  test("timeout-minutes of the calling step ends what runs inside, and leaves no time to the rest", async () => {
    await writeComposite(`
    - id: long
      run: sleep 60
      shell: bash
    - id: cleanup
      if: always()
      run: sleep 60
      shell: bash`);
    const file = await writeWorkflow(`
  one:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v7
      - uses: ./
        timeout-minutes: 1`);
    const { jobs } = await runFile(file, { timings: { ...quick, minuteMs: 500 } });
    const step = jobs["one"]?.steps[1];
    expect(step?.conclusion).toBe("failure");
    expect(step?.steps.map((inner) => inner.conclusion)).toEqual(["failure", "failure"]);
    expect(step?.annotations.map((note) => note.message)).toContain("The action has timed out.");
  });
});

describe("cancellation", () => {
  test("SIGINT to the entry process, then always() steps; a polite process is not killed", async () => {
    await writeComposite(`
    - id: work
      uses: $/runtime
    - id: next
      run: echo never
      shell: bash
    - id: cleanup
      if: always()
      run: echo "cleanup, job is \${{ job.status }}"
      shell: bash`);
    await writeNode(
      "runtime",
      `const { spawn } = require("node:child_process");
      process.on("SIGINT", () => { console.log("interrupted"); child.on("exit", () => process.exit(0)); });
      const child = spawn("sh", ["-c", "trap 'echo child signalled' INT; echo child up; sleep 1.2; echo child ends"], { stdio: "inherit" });`,
    );
    const { running, events } = start({ timings: { ...quick, interruptMs: 5000 } });
    await seen(events, "child up");
    running.cancel();
    const { step, log, conclusion } = await running.finished;
    expect(conclusion).toBe("cancelled");
    expect(step.steps.map((inner) => inner.conclusion)).toEqual(["cancelled", "skipped", "success"]);
    expect(lines(log)).toEqual(expect.arrayContaining(["interrupted", "child ends", "cleanup, job is cancelled"]));
    expect(log).not.toContain("child signalled");
  });

  test("SIGTERM follows, then the whole tree is killed", async () => {
    await writeComposite(`
    - uses: $/runtime`);
    await writeNode(
      "runtime",
      `const { spawn } = require("node:child_process");
      for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => console.log("ignored", signal));
      const child = spawn("sleep", ["300"]);
      console.log("sleeping as", child.pid);
      setInterval(() => {}, 1000);`,
    );
    const { running, events } = start({ timings: quick });
    const pid = Number((await seen(events, "sleeping as")).split(" ").at(-1));
    const began = Date.now();
    running.cancel();
    const { log, conclusion } = await running.finished;
    expect(conclusion).toBe("cancelled");
    expect(lines(log)).toEqual(expect.arrayContaining(["ignored SIGINT", "ignored SIGTERM"]));
    expect(Date.now() - began).toBeGreaterThanOrEqual(700);
    expect(await gone(pid)).toBe(true);
  });

  test("a step that wants to run on cancellation is left alone, until time is up for good", async () => {
    await writeComposite(`
    - if: always()
      run: echo started; sleep 0.5; echo finished
      shell: bash
    - if: always()
      run: echo endless; sleep 300
      shell: bash`);
    const { running, events } = start({ timings: { ...quick, forcedEndMs: 1500 } });
    await seen(events, "started");
    running.cancel();
    const { log, step } = await running.finished;
    expect(lines(log)).toEqual(expect.arrayContaining(["finished", "endless"]));
    expect(step.steps.map((inner) => inner.conclusion)).toEqual(["success", "cancelled"]);
  });

  test("a child that holds the output open does not hold the step", async () => {
    await writeComposite(`
    - run: sleep 20 & echo done
      shell: bash`);
    const began = Date.now();
    const { conclusion } = await run({ timings: quick });
    expect(conclusion).toBe("success");
    expect(Date.now() - began).toBeLessThan(10_000);
  });
});

describe("actions inside actions", () => {
  test("a post step runs at the end of the job, with the saved state", async () => {
    await writeComposite(`
    - uses: $/runtime
    - run: echo after main
      shell: bash`);
    await write(
      "runtime/action.yml",
      `name: n\ndescription: d\nruns: { using: node24, main: main.js, post: post.js }\n`,
    );
    await write("runtime/main.js", "require('fs').appendFileSync(process.env.GITHUB_STATE, 'key=kept\\n');");
    await write("runtime/post.js", "console.log('post', process.env.STATE_key, !!process.env.ACTIONS_RUNTIME_TOKEN);");
    const { job, log } = await run();
    expect(job.steps.map((step) => step.name)).toEqual([expect.stringContaining("Run "), "Post Run $/runtime"]);
    expect(log.indexOf("post kept true")).toBeGreaterThan(log.indexOf("after main"));
  });

  test("./ is the workspace, which is empty before actions/checkout", async () => {
    await writeNode("here", "console.log('local ran', process.env.GITHUB_ACTION_PATH ?? 'no action path');");
    const steps = (first: string): string => `
  one:
    runs-on: ubuntu-24.04
    steps:${first}
      - uses: ./here`;
    const without = await runFile(await writeWorkflow(steps("")));
    expect(without.jobs["one"]?.annotations[0]?.message).toContain("Did you forget to run actions/checkout");
    const withIt = await runFile(await writeWorkflow(steps("\n      - uses: actions/checkout@v7")));
    expect(withIt.log).toContain("local ran no action path");
    expect(existsSync(path.join(root, "here", "action.yml"))).toBe(true);
  });

  test("an unknown action is an error, unless it is mapped to a folder or a stand-in", async () => {
    await writeNode("elsewhere/sub", "console.log('mapped folder', process.env.GITHUB_ACTION_REPOSITORY);");
    const file = await writeWorkflow(`
  one:
    runs-on: ubuntu-24.04
    steps:
      - uses: acme/tools/sub@v1
      - id: stub
        uses: acme/login@v2
        with: { who: me }
      - run: echo "$FROM_STUB \${{ steps.stub.outputs.greeting }}"`);
    const unknown = await runFile(file);
    expect(unknown.jobs["one"]?.annotations[0]?.message).toContain("'acme/tools/sub@v1' is not on this machine");
    const { log, conclusion } = await runFile(file, {
      actions: {
        "acme/tools": path.join(root, "elsewhere"),
        "acme/login": ({ inputs }) => ({ outputs: { greeting: `hello ${inputs["who"]}` }, env: { FROM_STUB: "env" } }),
      },
    });
    expect(conclusion).toBe("success");
    expect(lines(log)).toEqual(expect.arrayContaining(["mapped folder acme/tools", "env hello me"]));
  });

  test("a github-script uploads an artifact with the real client", async () => {
    const client = import.meta.resolve("@actions/artifact");
    await write(
      "upload.mjs",
      `import { DefaultArtifactClient } from ${JSON.stringify(client)};
      import { writeFileSync } from "node:fs";
      export async function upload(folder) {
        writeFileSync(folder + "/settings.csv", "name,setting\\n");
        return new DefaultArtifactClient().uploadArtifact("x", [folder + "/settings.csv"], folder, { skipArchive: true });
      }`,
    );
    await writeComposite(
      `
    - id: up
      uses: ${scriptPin}
      with:
        result-encoding: string
        script: |
          const { pathToFileURL } = require("node:url");
          const { upload } = await import(pathToFileURL(process.env.GITHUB_ACTION_PATH + "/upload.mjs").href);
          const { id } = await upload(process.env.RUNNER_TEMP);
          return id;`,
      "",
      `outputs: { id: { description: d, value: "\${{ steps.up.outputs.result }}" } }`,
    );
    await using artifactService = await startArtifactService();
    const { outputs, conclusion, job } = await run({ artifactService });
    expect({ conclusion, outputs }).toEqual({ conclusion: "success", outputs: { id: "1" } });
    expect((await artifactService.read("settings.csv")).get("settings.csv")?.toString()).toBe("name,setting\n");
    expect(artifactService.list()[0]).toMatchObject({ attempt: 1, jobId: expect.stringMatching(`^${job.id}-`) });
    const elsewhere = await run({ artifactService, github: { server_url: "https://github.example.com" } });
    expect(elsewhere.annotations[0]?.message).toContain("GHESNotSupportedError");
  });

  test("a github-script has core, exec, io and context, and refuses what needs GitHub", async () => {
    await writeComposite(`
    - uses: ${scriptPin}
      env: { INPUT_SECRET-NAME: from env }
      with:
        script: |
          core.info([typeof exec.exec, typeof io.which, context.repo.owner, core.getInput("secret-name")].join(" "));
          await exec.exec("echo", ["from exec"]);
          await github.rest.issues.list();`);
    const { log, annotations } = await run({ github: { repository: "acme/app" } });
    expect(lines(log)).toEqual(expect.arrayContaining(["function function acme from env", "from exec"]));
    expect(annotations[0]?.message).toContain("github is not available in the local runner");
  });
});

describe("workflows", () => {
  const gate = `
  gate:
    name: Gate \${{ inputs.app }}
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    outputs: { verdict: "\${{ steps.check.outputs.verdict }}" }
    steps:
      - id: check
        run: |
          test "$OK" = true
          echo "verdict=pass" >> "$GITHUB_OUTPUT"
        env: { OK: "\${{ inputs.ok }}" }
  move:
    needs: gate
    if: needs.gate.outputs.verdict == 'pass' && !inputs.dry
    runs-on: ubuntu-24.04
    permissions: { contents: read, id-token: write }
    environment: { name: "\${{ inputs.app }}", url: "https://example.com/\${{ steps.go.outputs.id }}" }
    concurrency: { group: "move-\${{ inputs.app }}", cancel-in-progress: false }
    env: { VERDICT: "\${{ needs.gate.outputs.verdict }}" }
    outputs: { said: "\${{ steps.go.outputs.said }}" }
    steps:
      - id: go
        run: |
          echo "said=$VERDICT $TOP $KEY attempt $GITHUB_RUN_ATTEMPT" >> "$GITHUB_OUTPUT"
          echo "id=7" >> "$GITHUB_OUTPUT"
          test ! -e "$BREAK"
        env: { KEY: "\${{ secrets.KEY != '' }}", BREAK: "\${{ vars.BREAK }}" }`;
  const head = `
name: Two jobs
on:
  workflow_dispatch:
    inputs: &inputs
      app: { type: string, required: true, description: d }
      ok: { type: boolean, default: true, description: d }
      dry: { type: boolean, default: false, description: d }
  workflow_call:
    inputs:
      app: { type: string, required: true, description: d }
      ok: { type: boolean, default: true, description: d }
      dry: { type: boolean, default: false, description: d }
    secrets: { KEY: { required: true, description: d } }
    outputs: { said: { value: "\${{ jobs.move.outputs.said }}", description: d } }
permissions: {}
concurrency: "all-\${{ github.ref_name }}"
env: { TOP: "top" }
jobs:`;

  test("two jobs: outputs through needs, environment, concurrency, permissions, names", async () => {
    const file = await write(".github/workflows/two.yml", head.replace("&inputs", "") + gate);
    const result = await runFile(file, {
      event: "workflow_call",
      inputs: { app: "shop" },
      secrets: { KEY: "k-e-y" },
      environments: { shop: { vars: { BREAK: "/nowhere" } } },
    });
    expect(result).toMatchObject({ conclusion: "success", outputs: { said: "pass top true attempt 1" } });
    expect(result.concurrency).toEqual({ group: "all-main", cancelInProgress: false, queue: "single" });
    expect(result.jobs["gate"]).toMatchObject({ name: "Gate shop", timeoutMinutes: 30, permissions: {}, attempt: 1 });
    expect(result.jobs["move"]).toMatchObject({
      environment: { name: "shop", url: "https://example.com/7" },
      concurrency: { group: "move-shop", cancelInProgress: false },
      permissions: { contents: "read", "id-token": "write" },
      runsOn: "ubuntu-24.04",
    });
  });

  test("a failed gate skips the second job, and so does a false condition", async () => {
    const file = await write(".github/workflows/two.yml", head.replace("&inputs", "") + gate);
    const failed = await runFile(file, { inputs: { app: "shop", ok: "false" } });
    expect([failed.conclusion, failed.jobs["gate"]?.conclusion, failed.jobs["move"]?.conclusion]).toEqual([
      "failure",
      "failure",
      "skipped",
    ]);
    const dry = await runFile(file, { inputs: { app: "shop", dry: true } });
    expect([dry.conclusion, dry.jobs["move"]?.conclusion]).toEqual(["success", "skipped"]);
  });

  test("a reviewer's no fails the job without running it", async () => {
    const file = await write(".github/workflows/two.yml", head.replace("&inputs", "") + gate);
    const asked: string[] = [];
    const result = await runFile(file, {
      inputs: { app: "shop" },
      approve: ({ job, environment }) => {
        asked.push(`${job} ${environment}`);
        return false;
      },
    });
    expect(asked).toEqual(["move shop"]);
    expect(result.jobs["move"]).toMatchObject({ conclusion: "failure", steps: [] });
  });

  test("re-run failed jobs keeps the gate's outputs and counts the attempt", async () => {
    const file = await write(".github/workflows/two.yml", head.replace("&inputs", "") + gate);
    const inputs = { app: "shop" };
    const first = await runFile(file, { inputs, vars: { BREAK: root } });
    expect(first.jobs["move"]?.conclusion).toBe("failure");
    const second = await runFile(file, { inputs: { ...inputs, ok: false }, rerunOf: first });
    expect(second).toMatchObject({ conclusion: "success", runId: first.runId, runAttempt: 2 });
    expect(second.jobs["gate"]).toBe(first.jobs["gate"]);
    expect(second.jobs["move"]?.outputs["said"]).toBe("pass top false attempt 2");
    await expect(runFile(file, { inputs, rerunOf: second })).rejects.toThrow("no failed job");
  });

  test("a cancelled run: the second job does not start", async () => {
    const file = await writeWorkflow(`
  one:
    runs-on: ubuntu-24.04
    steps:
      - run: echo up; sleep 60
      - if: cancelled()
        run: echo "saw it"
  two:
    needs: one
    runs-on: ubuntu-24.04
    steps: [{ run: "true" }]
  three:
    needs: one
    if: always()
    runs-on: ubuntu-24.04
    steps: [{ run: "true" }]`);
    const events: RunEvent[] = [];
    const options = { file, event: "workflow_dispatch", repositoryRoot: root, timings: quick } as const;
    const running = startWorkflow({ ...options, onEvent: (event) => events.push(event) });
    await seen(events, "up");
    running.cancel();
    const { conclusion, jobs } = await running.finished;
    expect(conclusion).toBe("cancelled");
    expect(jobs["one"]?.steps.map((step) => step.conclusion)).toEqual(["cancelled", "success"]);
    expect([jobs["two"]?.conclusion, jobs["three"]?.conclusion]).toEqual(["skipped", "cancelled"]);
  });

  test("timeout-minutes of a job cancels it", async () => {
    const file = await writeWorkflow(`
  one:
    runs-on: ubuntu-24.04
    timeout-minutes: 1
    steps:
      - run: sleep 60`);
    const { jobs } = await runFile(file, { timings: { ...quick, minuteMs: 300 } });
    expect(jobs["one"]?.conclusion).toBe("cancelled");
    expect(jobs["one"]?.annotations[0]?.message).toContain("exceeded the maximum execution time of 1 minutes");
  });

  test("inputs and secrets are checked as GitHub checks them", async () => {
    const file = await write(".github/workflows/two.yml", head.replace("&inputs", "") + gate);
    await expect(runFile(file, { inputs: {} })).rejects.toThrow("Required input 'app' not provided");
    await expect(runFile(file, { inputs: { app: "a", apps: "b" } })).rejects.toThrow(
      'Unexpected inputs provided: ["apps"]',
    );
    await expect(runFile(file, { inputs: { app: "a", ok: "maybe" } })).rejects.toThrow("must be a boolean");
    const call = { event: "workflow_call", inputs: { app: "a" } } as const;
    await expect(runFile(file, call)).rejects.toThrow("Secret KEY is required");
    await expect(runFile(file, { ...call, secrets: { KEY: "k", OTHER: "o" } })).rejects.toThrow(
      "Invalid secret, OTHER",
    );
  });

  test("defaults.run, and a shell that is not named", async () => {
    const file = await writeWorkflow(`
  one:
    runs-on: ubuntu-24.04
    defaults: { run: { working-directory: sub } }
    steps:
      - run: mkdir -p sub
        working-directory: .
      - run: basename "$PWD"; false | true; echo "no pipefail"`);
    const { log, conclusion } = await runFile(file);
    expect(conclusion).toBe("success");
    expect(lines(log)).toEqual(expect.arrayContaining(["sub", "no pipefail"]));
  });
});

describe("validation", () => {
  test("what GitHub's parser refuses in a composite is thrown with its messages", async () => {
    await writeComposite(`
    - run: echo "\${{ secrets.X }}"`);
    const { annotations, conclusion } = await run();
    expect(conclusion).toBe("failure");
    expect(annotations[0]?.message).toContain("Required property is missing: shell");
    expect(annotations[0]?.message).toContain("Unrecognized named-value: 'secrets'");
  });

  test("a broken workflow does not start", async () => {
    const file = await writeWorkflow(`
  one:
    runs-on: ubuntu-24.04
    needs: nobody
    steps:
      - run: echo "\${{ inputs.x"`);
    await expect(runFile(file)).rejects.toThrow(/two\.yml.*Line/);
  });

  test("what the runner cannot do is said", async () => {
    const file = await writeWorkflow(`
  one:
    runs-on: ubuntu-24.04
    strategy: { matrix: { a: [1, 2] } }
    steps: [{ run: "true" }]`);
    await expect(runFile(file)).rejects.toThrow("job one: strategy is not supported here");
  });
});

test("events print as the Actions UI shows them", async () => {
  await writeComposite(`
    - name: Speak
      run: |
        echo "::group::A group"
        echo "inside"
        echo "::endgroup::"
        echo "::warning::careful"
      shell: bash
    - if: false
      run: echo never
      shell: bash`);
  let text = "";
  const stream = { write: (chunk: string) => (text += chunk) } as unknown as NodeJS.WritableStream & { write: never };
  await run({ onEvent: printEvents(stream as never) });
  expect(text).toContain("\n● action\n  ▸ Run octo-org/action-under-test@v1\n");
  expect(text).toContain("    ▾ A group\n      inside\n    Warning: careful\n");
  expect(text).toMatch(/✓ Run octo-org\/action-under-test@v1 \d+\.\d s\n[^]*✓ action: success\n$/);
});

test("the runner works under plain Node, where the parser needs its hook", async () => {
  await writeComposite(`
    - run: echo "plain node"
      shell: bash`);
  const runner = fileURLToPath(new URL("runner/action.ts", import.meta.url));
  const script = `
    import { runAction } from ${JSON.stringify(runner)};
    const { log } = await runAction({ path: ${JSON.stringify(root)} });
    console.log(log);`;
  const { execFileSync } = await import("node:child_process");
  expect(execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" })).toContain(
    "plain node",
  );
});

test("nothing is left in the temporary folder", async () => {
  await writeComposite(`
    - run: "true"
      shell: bash`);
  const before = (await readdir(tmpdir())).filter((name) => name.startsWith("actions-runner-"));
  await run();
  const after = (await readdir(tmpdir())).filter((name) => name.startsWith("actions-runner-"));
  expect(after.filter((name) => !before.includes(name))).toEqual([]);
});

function run(options: Partial<ActionOptions> = {}) {
  return runAction({ path: root, ...options });
}

function start(options: Partial<ActionOptions>) {
  const events: RunEvent[] = [];
  return { running: startAction({ path: root, onEvent: (event) => events.push(event), ...options }), events };
}

function runFile(file: string, options: Partial<WorkflowOptions> = {}) {
  return runWorkflow({ file, event: "workflow_dispatch", repositoryRoot: root, ...options });
}

/** The first line of output that starts with the text. */
async function seen(events: RunEvent[], beginning: string): Promise<string> {
  for (;;) {
    const line = events.find((event) => event.type === "line" && event.text.startsWith(beginning));
    if (line?.type === "line") return line.text;
    if (events.some((event) => event.type === "job-finished")) throw new Error(`${beginning}: never printed`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function gone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 50; tries++) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    // A zombie waits for whoever adopted it to ask after it.
    if (stat === "" || / Z /.test(stat)) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

function lines(log: string): string[] {
  return log.split("\n");
}

async function write(name: string, text: string): Promise<string> {
  const file = path.join(root, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

async function writeComposite(steps: string, inputs = "", more = ""): Promise<void> {
  const declared = inputs === "" ? "" : `inputs:\n${inputs}\n`;
  await write(
    "action.yml",
    `name: n\ndescription: d\n${declared}${more}\nruns:\n  using: composite\n  steps:${steps}\n`,
  );
}

async function writeNode(folder: string, script: string, more = ""): Promise<void> {
  await write(`${folder}/action.yml`, `name: n\ndescription: d\n${more}\nruns: { using: node24, main: main.js }\n`);
  await write(`${folder}/main.js`, script);
}

function writeWorkflow(jobs: string): Promise<string> {
  return write(".github/workflows/two.yml", `name: Two\non: workflow_dispatch\njobs:${jobs}\n`);
}
