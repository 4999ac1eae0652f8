import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect } from "vitest";
import { startArtifactService } from "../artifacts/service.ts";
import { githubScript, lines, test } from "./repository.fixture.ts";

describe("inputs", () => {
  test("a composite sees all that the caller wrote, declared or not, and the evaluated defaults of the rest", async ({
    repository,
  }) => {
    await repository.writeComposite(
      `
    - run: echo "$ALL"
      shell: bash
      env: { ALL: "\${{ toJSON(inputs) }}" }`,
      "  known: { description: d }\n  repo: { description: d, default: '${{ github.repository }}' }\n  needed: { description: d, required: true }",
    );
    const { log, annotations, conclusion } = await repository.run({
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

  test("values are data: an expression in one is not evaluated", async ({ repository }) => {
    await repository.writeComposite(`
    - run: echo "$VALUE"
      shell: bash
      env: { VALUE: "\${{ inputs.text }}" }`);
    const { log } = await repository.run({ inputs: { text: "${{ github.token }} 'quoted'" } });
    expect(lines(log)).toContain("${{ github.token }} 'quoted'");
  });
});

describe("actions inside actions", () => {
  test("a post step runs at the end of the job, with the saved state", async ({ repository }) => {
    await repository.writeComposite(`
    - uses: $/runtime
    - run: echo after main
      shell: bash`);
    await repository.write(
      "runtime/action.yml",
      `name: n\ndescription: d\nruns: { using: node24, main: main.js, post: post.js }\n`,
    );
    await repository.write("runtime/main.js", "require('fs').appendFileSync(process.env.GITHUB_STATE, 'key=kept\\n');");
    await repository.write(
      "runtime/post.js",
      "console.log('post', process.env.STATE_key, !!process.env.ACTIONS_RUNTIME_TOKEN);",
    );
    const { job, log } = await repository.run();
    expect(job.steps.map((step) => step.name)).toEqual([expect.stringContaining("Run "), "Post Run $/runtime"]);
    expect(log.indexOf("post kept true")).toBeGreaterThan(log.indexOf("after main"));
  });

  test("./ is the workspace, which is empty before actions/checkout", async ({ repository }) => {
    await repository.writeNode("here", "console.log('local ran', process.env.GITHUB_ACTION_PATH ?? 'no action path');");
    const steps = (first: string): string => `
  one:
    runs-on: ubuntu-24.04
    steps:${first}
      - uses: ./here`;
    const without = await repository.runFile(await repository.writeWorkflow(steps("")));
    expect(without.jobs["one"]?.annotations[0]?.message).toContain("Did you forget to run actions/checkout");
    const withIt = await repository.runFile(
      await repository.writeWorkflow(steps("\n      - uses: actions/checkout@v7")),
    );
    expect(withIt.log).toContain("local ran no action path");
    expect(existsSync(path.join(repository.root, "here", "action.yml"))).toBe(true);
  });

  test("$/ is the action's own repository, under a ./ parent the workflow's, and needs no checkout", async ({
    repository,
  }) => {
    const inner = "\n    - uses: $/runtime";
    await repository.writeNode(
      "runtime",
      "console.log('runtime of', process.env.GITHUB_ACTION_REPOSITORY || 'nobody');",
    );
    await repository.writeComposite(inner);
    await repository.writeNode("other/runtime", "console.log('the other runtime');");
    await repository.write(
      "other/action.yml",
      `name: n\ndescription: d\nruns:\n  using: composite\n  steps:${inner}\n`,
    );
    const file = await repository.writeWorkflow(`
  one:
    runs-on: ubuntu-24.04
    steps:
      - uses: $/runtime
      - uses: acme/other@v1
      - uses: actions/checkout@v7
      - uses: ./
      - uses: $/`);
    const { log } = await repository.runFile(file, { actions: { "acme/other": path.join(repository.root, "other") } });
    const said = lines(log).filter((line) => line.includes("runtime") && !line.includes("$/"));
    expect(said).toEqual(["runtime of nobody", "the other runtime", "runtime of nobody", "runtime of nobody"]);
  });

  test("a composite cannot name its own root by $/, nor give it a ref", async ({ repository }) => {
    await repository.writeComposite(`
    - run: echo never
      shell: bash
    - uses: $/`);
    const { annotations, log } = await repository.run();
    expect(annotations[0]?.message).toContain("Expected format {org}/{repo}[/path]@ref. Actual '$/'");
    expect(log).not.toContain("never");
    await repository.writeComposite(`
    - uses: $/runtime@v1`);
    expect((await repository.run()).annotations[0]?.message).toContain("'$/runtime@v1': $/ takes no ref");
  });

  test("an unknown action is an error, unless it is mapped to a folder or a stand-in", async ({ repository }) => {
    await repository.writeNode("elsewhere/sub", "console.log('mapped folder', process.env.GITHUB_ACTION_REPOSITORY);");
    const file = await repository.writeWorkflow(`
  one:
    runs-on: ubuntu-24.04
    steps:
      - uses: acme/tools/sub@v1
      - id: stub
        uses: acme/login@v2
        with: { who: me }
      - run: echo "$FROM_STUB \${{ steps.stub.outputs.greeting }}"`);
    const unknown = await repository.runFile(file);
    expect(unknown.jobs["one"]?.annotations[0]?.message).toContain("'acme/tools/sub@v1' is not on this machine");
    const { log, conclusion } = await repository.runFile(file, {
      actions: {
        "acme/tools": path.join(repository.root, "elsewhere"),
        "acme/login": ({ inputs }) => ({ outputs: { greeting: `hello ${inputs["who"]}` }, env: { FROM_STUB: "env" } }),
      },
    });
    expect(conclusion).toBe("success");
    expect(lines(log)).toEqual(expect.arrayContaining(["mapped folder acme/tools", "env hello me"]));
  });

  test("a github-script uploads an artifact with the real client", async ({ repository }) => {
    const client = import.meta.resolve("@actions/artifact");
    await repository.write(
      "upload.mjs",
      `import { DefaultArtifactClient } from ${JSON.stringify(client)};
      import { writeFileSync } from "node:fs";
      export async function upload(folder) {
        writeFileSync(folder + "/settings.csv", "name,setting\\n");
        return new DefaultArtifactClient().uploadArtifact("x", [folder + "/settings.csv"], folder, { skipArchive: true });
      }`,
    );
    await repository.writeComposite(
      `
    - id: up
      uses: ${githubScript}
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
    const { outputs, conclusion, job } = await repository.run({ artifactService });
    expect({ conclusion, outputs }).toEqual({ conclusion: "success", outputs: { id: "1" } });
    expect((await artifactService.read("settings.csv")).get("settings.csv")?.toString()).toBe("name,setting\n");
    expect(artifactService.list()[0]).toMatchObject({ attempt: 1, jobId: expect.stringMatching(`^${job.id}-`) });
    const elsewhere = await repository.run({ artifactService, github: { server_url: "https://github.example.com" } });
    expect(elsewhere.annotations[0]?.message).toContain("GHESNotSupportedError");
  });

  test("a github-script has core, exec, io and context, and refuses what needs GitHub", async ({ repository }) => {
    await repository.writeComposite(`
    - uses: ${githubScript}
      env: { INPUT_SECRET-NAME: from env }
      with:
        script: |
          core.info([typeof exec.exec, typeof io.which, context.repo.owner, core.getInput("secret-name")].join(" "));
          await exec.exec("echo", ["from exec"]);
          await github.rest.issues.list();`);
    const { log, annotations } = await repository.run({ github: { repository: "acme/app" } });
    expect(lines(log)).toEqual(expect.arrayContaining(["function function acme from env", "from exec"]));
    expect(annotations[0]?.message).toContain("github is not available in the local runner");
  });
});

describe("validation", () => {
  test("what GitHub's parser refuses in a composite is thrown with its messages", async ({ repository }) => {
    await repository.writeComposite(`
    - run: echo "\${{ secrets.X }}"`);
    const { annotations, conclusion } = await repository.run();
    expect(conclusion).toBe("failure");
    expect(annotations[0]?.message).toContain("Required property is missing: shell");
    expect(annotations[0]?.message).toContain("Unrecognized named-value: 'secrets'");
  });

  test("a broken workflow does not start", async ({ repository }) => {
    const file = await repository.writeWorkflow(`
  one:
    runs-on: ubuntu-24.04
    needs: nobody
    steps:
      - run: echo "\${{ inputs.x"`);
    await expect(repository.runFile(file)).rejects.toThrow(/test\.yml.*Line/);
  });

  test("what the runner cannot do is said", async ({ repository }) => {
    const file = await repository.writeWorkflow(`
  one:
    runs-on: ubuntu-24.04
    strategy: { matrix: { a: [1, 2] } }
    steps: [{ run: "true" }]`);
    await expect(repository.runFile(file)).rejects.toThrow("job one: strategy is not supported here");
  });
});
