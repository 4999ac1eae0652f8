import { describe, expect } from "vitest";
import { printEvents } from "./events.ts";
import { lines, test } from "./repository.fixture.ts";

describe("masking", () => {
  const secret = `p@ss"w'rd&x<y>`;

  test("secrets are masked from the start, in the runner's encodings", async ({ repository }) => {
    await repository.write(
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
    await repository.writeComposite(`
    - run: node "$GITHUB_ACTION_PATH/leak.mjs"
      shell: bash
      env: { LEAK: "\${{ inputs.secret }}" }`);
    const { log } = await repository.run({ inputs: { secret }, secrets: { SECRET: secret } });
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

  test("add-mask takes several lines, and masks annotations and summaries too", async ({ repository }) => {
    await repository.writeComposite(`
    - run: |
        echo "::add-mask::first-half%0Asecond-half"
        echo "see first-half"
        echo "::error title=about second-half,file=a.ts,line=3::found first-half"
        printf 'first-half\\nplain\\n' >> "$GITHUB_STEP_SUMMARY"
      shell: bash`);
    const { log, annotations, summary } = await repository.run();
    // The script's own text is printed before it runs, as on GitHub.
    const output = log.slice(log.lastIndexOf("##[endgroup]"));
    expect(lines(output)).toContain("see ***");
    expect(output).not.toContain("first-half");
    expect(annotations).toEqual([
      { level: "error", message: "found ***", properties: { title: "about ***", file: "a.ts", line: "3" } },
    ]);
    expect(summary).toBe("***\nplain\n");
  });

  test("a job output that holds a secret is dropped with a warning", async ({ repository }) => {
    const file = await repository.writeWorkflow(`
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
    const { jobs } = await repository.runFile(file, { secrets: { PW: "hunter2-long" } });
    expect(jobs["one"]?.outputs).toEqual({ plain: "ok" });
    expect(jobs["one"]?.annotations.map((note) => note.message)).toEqual([
      "Skip output 'leaky' since it may contain secret.",
    ]);
  });
});

describe("commands", () => {
  test("groups, annotations, stop-commands, and old commands", async ({ repository }) => {
    await repository.writeComposite(`
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
    const { log, annotations, step, conclusion } = await repository.run();
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

  test("debug lines show with the debug option", async ({ repository }) => {
    await repository.writeComposite(`
    - run: echo "::debug::seen $RUNNER_DEBUG"
      shell: bash`);
    const { log } = await repository.run({ debug: true });
    expect(lines(log)).toContain("##[debug]seen 1");
  });

  test("ten annotations of a level per outer step, however many steps are inside", async ({ repository }) => {
    const eight = `
    - run: for i in 1 2 3 4 5 6 7 8; do echo "::warning::w$i"; done; echo "::error::e"
      shell: bash`;
    await repository.writeComposite(eight + eight);
    const { annotations, log } = await repository.run();
    expect(annotations.filter((note) => note.level === "warning")).toHaveLength(10);
    expect(annotations.filter((note) => note.level === "error")).toHaveLength(2);
    expect(lines(log).filter((line) => line.startsWith("##[warning]"))).toHaveLength(16);
  });

  test("a summary over 1 MiB is skipped with an error, and the step passes", async ({ repository }) => {
    await repository.writeComposite(`
    - run: head -c 1048577 /dev/zero | tr '\\0' 'x' >> "$GITHUB_STEP_SUMMARY"
      shell: bash`);
    const { conclusion, summary, annotations } = await repository.run();
    expect({ conclusion, summary }).toEqual({ conclusion: "success", summary: "" });
    expect(annotations[0]?.message).toContain("supports content up to a size of 1024k, got 1024k");
  });
});

test("events print as the Actions UI shows them", async ({ repository }) => {
  await repository.writeComposite(`
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
  await repository.run({ onEvent: printEvents(stream as never) });
  expect(text).toContain("\n● action\n  ▸ Set up job\n");
  expect(text).toContain("    ▾ A group\n      inside\n    Warning: careful\n");
  expect(text).toMatch(/✓ Run octo-org\/action-under-test@v1 \d+\.\d s\n[^]*✓ action: success\n$/);
});
