import { describe, expect } from "vitest";
import { lines, quick, test } from "./repository.fixture.ts";

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

  test("two jobs: outputs through needs, environment, concurrency, permissions, names", async ({ repository }) => {
    const file = await repository.write(".github/workflows/two.yml", head.replace("&inputs", "") + gate);
    const result = await repository.runFile(file, {
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

  test("a failed gate skips the second job, and so does a false condition", async ({ repository }) => {
    const file = await repository.write(".github/workflows/two.yml", head.replace("&inputs", "") + gate);
    const failed = await repository.runFile(file, { inputs: { app: "shop", ok: "false" } });
    expect([failed.conclusion, failed.jobs["gate"]?.conclusion, failed.jobs["move"]?.conclusion]).toEqual([
      "failure",
      "failure",
      "skipped",
    ]);
    const dry = await repository.runFile(file, { inputs: { app: "shop", dry: true } });
    expect([dry.conclusion, dry.jobs["move"]?.conclusion]).toEqual(["success", "skipped"]);
  });

  test("a reviewer's no fails the job without running it", async ({ repository }) => {
    const file = await repository.write(".github/workflows/two.yml", head.replace("&inputs", "") + gate);
    const asked: string[] = [];
    const result = await repository.runFile(file, {
      inputs: { app: "shop" },
      approve: ({ job, environment }) => {
        asked.push(`${job} ${environment}`);
        return false;
      },
    });
    expect(asked).toEqual(["move shop"]);
    expect(result.jobs["move"]).toMatchObject({ conclusion: "failure", steps: [] });
  });

  test("re-run failed jobs keeps the gate's outputs and counts the attempt", async ({ repository }) => {
    const file = await repository.write(".github/workflows/two.yml", head.replace("&inputs", "") + gate);
    const inputs = { app: "shop" };
    const first = await repository.runFile(file, { inputs, vars: { BREAK: repository.root } });
    expect(first.jobs["move"]?.conclusion).toBe("failure");
    const second = await repository.runFile(file, { inputs: { ...inputs, ok: false }, rerunOf: first });
    expect(second).toMatchObject({ conclusion: "success", runId: first.runId, runAttempt: 2 });
    expect(second.jobs["gate"]).toBe(first.jobs["gate"]);
    expect(second.jobs["move"]?.outputs["said"]).toBe("pass top false attempt 2");
    await expect(repository.runFile(file, { inputs, rerunOf: second })).rejects.toThrow("no failed job");
  });

  test("a cancelled run: the second job does not start", async ({ repository }) => {
    const file = await repository.writeWorkflow(`
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
    const running = repository.startFile(file, { timings: quick });
    await running.seen("up");
    running.cancel();
    const { conclusion, jobs } = await running.finished;
    expect(conclusion).toBe("cancelled");
    expect(jobs["one"]?.steps.map((step) => step.conclusion)).toEqual(["cancelled", "success"]);
    expect([jobs["two"]?.conclusion, jobs["three"]?.conclusion]).toEqual(["skipped", "cancelled"]);
  });

  test("timeout-minutes of a job cancels it", async ({ repository }) => {
    const file = await repository.writeWorkflow(`
  one:
    runs-on: ubuntu-24.04
    timeout-minutes: 1
    steps:
      - run: sleep 60`);
    const { jobs } = await repository.runFile(file, { timings: { ...quick, minuteMs: 300 } });
    expect(jobs["one"]?.conclusion).toBe("cancelled");
    expect(jobs["one"]?.annotations[0]?.message).toContain("exceeded the maximum execution time of 1 minutes");
  });

  test("inputs and secrets are checked as GitHub checks them", async ({ repository }) => {
    const file = await repository.write(".github/workflows/two.yml", head.replace("&inputs", "") + gate);
    await expect(repository.runFile(file, { inputs: {} })).rejects.toThrow("Required input 'app' not provided");
    await expect(repository.runFile(file, { inputs: { app: "a", apps: "b" } })).rejects.toThrow(
      'Unexpected inputs provided: ["apps"]',
    );
    await expect(repository.runFile(file, { inputs: { app: "a", ok: "maybe" } })).rejects.toThrow("must be a boolean");
    const call = { event: "workflow_call", inputs: { app: "a" } } as const;
    await expect(repository.runFile(file, call)).rejects.toThrow("Secret KEY is required");
    await expect(repository.runFile(file, { ...call, secrets: { KEY: "k", OTHER: "o" } })).rejects.toThrow(
      "Invalid secret, OTHER",
    );
  });

  test("defaults.run, and a shell that is not named", async ({ repository }) => {
    const file = await repository.writeWorkflow(`
  one:
    runs-on: ubuntu-24.04
    defaults: { run: { working-directory: sub } }
    steps:
      - run: mkdir -p sub
        working-directory: .
      - run: basename "$PWD"; false | true; echo "no pipefail"`);
    const { log, conclusion } = await repository.runFile(file);
    expect(conclusion).toBe("success");
    expect(lines(log)).toEqual(expect.arrayContaining(["sub", "no pipefail"]));
  });

  test("inputs keep their types, the event has them as text, and an environment brings secrets of its own", async ({
    repository,
  }) => {
    const file = await repository.write(
      ".github/workflows/test.yml",
      `name: Types
on:
  workflow_dispatch:
    inputs:
      flag: { type: boolean, default: true, description: d }
      count: { type: number, default: 3, description: d }
      kind: { type: choice, options: [small, large], description: d }
jobs:
  one:
    runs-on: ubuntu-24.04
    environment: production
    steps:
      - run: |
          echo "typed \${{ inputs.flag == true }} \${{ inputs.count == 3 }} \${{ inputs.kind }}"
          echo 'text \${{ github.event.inputs.flag == 'true' }} \${{ toJSON(github.event.inputs.count) }}'
          echo "keys \${{ secrets.SHARED == 'shared-value' }} \${{ secrets.OWN == 'own-value' }} \${{ secrets.NONE == '' }}"
          echo "hash \${{ hashFiles('*.txt') != '' }} \${{ hashFiles('*.none') == '' }}"
          echo "leak shared-value own-value"
`,
    );
    await repository.write("a.txt", "text");
    const { log } = await repository.runFile(file, {
      secrets: { SHARED: "shared-value" },
      environments: { production: { secrets: { OWN: "own-value" } } },
      workspace: repository.root,
    });
    expect(lines(log)).toEqual(
      expect.arrayContaining(["typed true true small", 'text true "3"', "keys true true true", "hash true true"]),
    );
    expect(lines(log)).toContain("leak *** ***");
  });
});
