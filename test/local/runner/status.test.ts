import { describe, expect } from "vitest";
import { isGone } from "./is-gone.fixture.ts";
import { githubScript, lines, quick, test } from "./repository.fixture.ts";

describe("status", () => {
  test("after a failure: default steps are skipped, failure() and always() run, outputs are still set", async ({
    repository,
  }) => {
    await repository.writeComposite(
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
    const { step, log, conclusion, outputs } = await repository.run();
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

  test("continue-on-error: the outcome is a failure, the conclusion a success", async ({ repository }) => {
    await repository.writeComposite(`
    - id: soft
      run: exit 1
      shell: bash
      continue-on-error: true
    - run: echo "\${{ steps.soft.outcome }} \${{ steps.soft.conclusion }}"
      shell: bash`);
    const { conclusion, log } = await repository.run();
    expect(conclusion).toBe("success");
    expect(lines(log)).toContain("failure success");
  });

  test("setFailed in a github-script fails it, and so does a thrown error", async ({ repository }) => {
    await repository.writeComposite(`
    - id: set
      continue-on-error: true
      uses: ${githubScript}
      with: { script: "core.setFailed('said so')" }
    - id: thrown
      uses: ${githubScript}
      with: { script: "throw new Error('boom')" }`);
    const { step, annotations } = await repository.run();
    expect(step.steps.map((inner) => inner.outcome)).toEqual(["failure", "failure"]);
    expect(annotations.map((note) => note.message)).toEqual(["said so", "Unhandled error: Error: boom"]);
  });

  test("timeout-minutes of the calling step ends what runs inside, and leaves no time to the rest", async ({
    repository,
  }) => {
    await repository.writeComposite(`
    - id: long
      run: sleep 60
      shell: bash
    - id: cleanup
      if: always()
      run: sleep 60
      shell: bash`);
    const file = await repository.writeWorkflow(`
  one:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v7
      - uses: ./
        timeout-minutes: 1`);
    const { jobs } = await repository.runFile(file, { timings: { ...quick, minuteMs: 500 } });
    const step = jobs["one"]?.steps[1];
    expect(step?.conclusion).toBe("failure");
    expect(step?.steps.map((inner) => inner.conclusion)).toEqual(["failure", "failure"]);
    expect(step?.annotations.map((note) => note.message)).toContain("The action has timed out.");
  });
});

describe("cancellation", () => {
  test("SIGINT to the entry process, then always() steps; a polite process is not killed", async ({ repository }) => {
    await repository.writeComposite(`
    - id: work
      uses: $/runtime
    - id: next
      run: echo never
      shell: bash
    - id: cleanup
      if: always()
      run: echo "cleanup, job is \${{ job.status }}"
      shell: bash`);
    await repository.writeNode(
      "runtime",
      `const { spawn } = require("node:child_process");
      process.on("SIGINT", () => { console.log("interrupted"); child.on("exit", () => process.exit(0)); });
      const child = spawn("sh", ["-c", "trap 'echo child signalled' INT; echo child up; sleep 1.2; echo child ends"], { stdio: "inherit" });`,
    );
    const running = repository.start({ timings: { ...quick, interruptMs: 5000 } });
    await running.seen("child up");
    running.cancel();
    const { step, log, conclusion } = await running.finished;
    expect(conclusion).toBe("cancelled");
    expect(step.steps.map((inner) => inner.conclusion)).toEqual(["cancelled", "skipped", "success"]);
    expect(lines(log)).toEqual(expect.arrayContaining(["interrupted", "child ends", "cleanup, job is cancelled"]));
    expect(log).not.toContain("child signalled");
  });

  test("SIGTERM follows, then the whole tree is killed", async ({ repository }) => {
    await repository.writeComposite(`
    - uses: $/runtime`);
    await repository.writeNode(
      "runtime",
      `const { spawn } = require("node:child_process");
      for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => console.log("ignored", signal));
      const child = spawn("sleep", ["300"]);
      console.log("sleeping as", child.pid);
      setInterval(() => {}, 1000);`,
    );
    const running = repository.start({ timings: quick });
    const pid = Number((await running.seen("sleeping as")).split(" ").at(-1));
    const began = Date.now();
    running.cancel();
    const { log, conclusion } = await running.finished;
    expect(conclusion).toBe("cancelled");
    expect(lines(log)).toEqual(expect.arrayContaining(["ignored SIGINT", "ignored SIGTERM"]));
    expect(Date.now() - began).toBeGreaterThanOrEqual(700);
    expect(await isGone(pid)).toBe(true);
  });

  test("a step that wants to run on cancellation is left alone, until time is up for good", async ({ repository }) => {
    await repository.writeComposite(`
    - if: always()
      run: echo started; sleep 0.5; echo finished
      shell: bash
    - if: always()
      run: echo endless; sleep 300
      shell: bash`);
    const running = repository.start({ timings: { ...quick, forcedEndMs: 1500 } });
    await running.seen("started");
    running.cancel();
    const { log, step } = await running.finished;
    expect(lines(log)).toEqual(expect.arrayContaining(["finished", "endless"]));
    expect(step.steps.map((inner) => inner.conclusion)).toEqual(["success", "cancelled"]);
  });

  test("a child that holds the output open does not hold the step", async ({ repository }) => {
    await repository.writeComposite(`
    - run: sleep 20 & echo done
      shell: bash`);
    const began = Date.now();
    const { conclusion } = await repository.run({ timings: quick });
    expect(conclusion).toBe("success");
    expect(Date.now() - began).toBeLessThan(10_000);
  });
});
