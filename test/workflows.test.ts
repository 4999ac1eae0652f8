import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { inputDefinitions } from "../src/inputs/definitions.ts";
import {
  type Action,
  type Workflow,
  action,
  exampleWorkflows,
  isOurs,
  listDiagnostics,
  listSteps,
  readText,
  readYaml,
  root,
  workflows,
} from "./support/workflow-files.ts";

const runtime = readYaml<Action>("runtime/action.yml");
const everything = [...workflows, ...exampleWorkflows];

describe("GitHub's own checker", () => {
  test.each(["action.yml", "runtime/action.yml", ...everything])("has nothing against %s", async (file) => {
    expect(await listDiagnostics(file)).toEqual([]);
  });

  test.each<[string, string, string]>([
    ["a misspelt input of ours", "confirm: ${{", "conferm: ${{"],
    ["a key that is none", "timeout-minutes: 350", "timeout-minute: 350"],
    ["a context that is none", "${{ secrets.SOURCE_DATABASE_URL }}", "${{ secret.SOURCE_DATABASE_URL }}"],
    ["a misspelt input of AWS's", "role-duration-seconds: 21600", "role-duration: 21600"],
    ["a job that is none", "needs: preflight", "needs: preflights"],
  ])("would have something against %s", async (_, right, wrong) => {
    const text = readText("examples/s3-oidc.yml");
    expect(text).toContain(right);
    expect(await listDiagnostics("examples/s3-oidc.yml", text.replaceAll(right, wrong))).not.toEqual([]);
  });
});

describe("the two doors", () => {
  test("take the same inputs and give the same outputs", () => {
    expect(runtime.inputs).toEqual(action.inputs);
    expect(Object.keys(runtime.outputs)).toEqual(Object.keys(action.outputs));
  });

  test("take what the code takes", () => {
    expect(Object.keys(action.inputs)).toEqual(inputDefinitions.map((input) => input.name));
    for (const { name, default: standard } of inputDefinitions) expect(action.inputs[name]?.default).toBe(standard);
  });

  test("lead to the same bundle", () => {
    expect(runtime.runs).toMatchObject({ using: "node24", main: "../dist/index.js", post: "../dist/index.js" });
    expect(action.runs.using).toBe("composite");
    for (const step of action.runs.steps ?? []) expect(step.with?.["script"]).toContain("/dist/index.js");
  });

  test("every output of the composite comes from its step", () => {
    const ids = action.runs.steps?.map((step) => step.id);
    for (const [name, { value }] of Object.entries(action.outputs)) {
      expect(value).toBe(`\${{ steps.run.outputs.${name} }}`);
    }
    expect(ids).toContain("run");
  });

  test("the last step puts things back, whatever happened", () => {
    const last = action.runs.steps?.at(-1);
    expect(last?.if).toBe("always()");
    expect(last?.with?.["script"]).toContain("cleanUp");
    expect(readText("runtime/action.yml")).toContain("post-if: always()");
  });

  test("inputs travel by environment, never as text of a script", () => {
    for (const step of action.runs.steps ?? []) {
      expect(String(step.with?.["script"])).not.toContain("${{");
      expect(step.env).toEqual({ MIGRATE_INPUTS: "${{ toJSON(inputs) }}" });
    }
  });
});

test("generated parts are up to date", () => {
  expect(() =>
    execFileSync(process.execPath, ["scripts/docs.ts", "--check"], { cwd: root, stdio: "pipe" }),
  ).not.toThrow();
});

describe.each(["action.yml", ...everything])("%s", (file) => {
  test("names what it uses by commit, with the version beside it", () => {
    const lines = readText(file)
      .split("\n")
      .filter((line) => /^\s*(- )?uses:/u.test(line));
    for (const line of lines) expect(line).toMatch(/uses: (\$\/|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)/u);
  });

  test("the same action is the same commit everywhere", () => {
    for (const [, name = "", pin = ""] of readText(file).matchAll(/uses: ([\w./-]+)@(.+)$/gmu)) {
      const pins = pinsOf(name);
      expect(pins, name).toEqual(new Set([pin]));
    }
  });

  test("puts no expression that others can fill into a script", () => {
    const doc = readYaml<Partial<Workflow & Action>>(file);
    const steps = doc.jobs ? listSteps(doc as Workflow).map(({ step }) => step) : (doc.runs?.steps ?? []);
    for (const { run, with: given } of steps) {
      for (const text of [run, given?.["script"]]) expect(String(text ?? "")).not.toContain("${{");
    }
  });
});

function pinsOf(name: string): Set<string> {
  const texts = ["action.yml", ...everything].map(readText);
  const pattern = new RegExp(`uses: ${name.replaceAll(/[./]/gu, String.raw`\$&`)}@(.+)$`, "gmu");
  return new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1] ?? "")));
}

describe.each(everything)("%s", (file) => {
  const workflow = readYaml<Workflow>(file);

  test("begins with no permission; each job says what it needs, and why where it writes", () => {
    expect(workflow.permissions).toEqual({});
    const lines = readText(file).split("\n");
    for (const [name, job] of Object.entries(workflow.jobs)) {
      expect(job.permissions, name).toBeTypeOf("object");
    }
    for (const [index, line] of lines.entries()) {
      if (/^\s+[a-z-]+: write$/u.test(line)) expect(lines[index - 1], line).toMatch(/^\s+# .+\.$/u);
    }
  });

  test("bounds every job in time, on an image that does not change its name's meaning", () => {
    for (const job of Object.values(workflow.jobs)) {
      expect(job["timeout-minutes"]).toBeGreaterThan(0);
      expect(job["timeout-minutes"]).toBeLessThanOrEqual(350);
      expect(job["runs-on"]).toMatch(/^ubuntu-\d\d\.\d\d$/u);
    }
  });

  test("says what may run at the same time", () => {
    expect(workflow.concurrency?.group).toBeTypeOf("string");
    expect(workflow.concurrency).toHaveProperty("cancel-in-progress");
  });

  test("leaves no credentials in a checkout", () => {
    for (const { step } of listSteps(workflow)) {
      if (step.uses?.startsWith("actions/checkout@")) expect(step.with?.["persist-credentials"]).toBe(false);
    }
  });

  test("gives our action inputs that it has, and those that its command needs", () => {
    for (const { step } of listSteps(workflow).filter((found) => isOurs(found.step.uses))) {
      const given = Object.keys(step.with ?? {});
      expect(given.filter((name) => !(name in action.inputs))).toEqual([]);
      const command = String(step.with?.["command"] ?? "preflight");
      const needed = inputDefinitions.filter((input) => (input.requiredFor as string[] | undefined)?.includes(command));
      expect(given).toEqual(expect.arrayContaining(needed.map((input) => input.name)));
    }
  });
});

describe("migrate.yml", () => {
  const workflow = readYaml<Workflow>(".github/workflows/migrate.yml");

  test("asks the same of a caller as of a person, tests aside", () => {
    const dispatch = workflow.on["workflow_dispatch"]?.inputs ?? {};
    const call = workflow.on["workflow_call"]?.inputs ?? {};
    const onlyCalls = Object.keys(call).filter((name) => !(name in dispatch));
    expect(Object.keys(dispatch).filter((name) => !(name in call))).toEqual([]);
    expect(onlyCalls).toEqual(["postgres-client-dir", "heroku-api-url", "heroku-data-url"]);
    for (const [name, { default: standard }] of Object.entries(dispatch)) {
      expect(call[name]?.default, name).toEqual(standard);
    }
  });

  test("a person sees at most the 25 inputs that GitHub shows", () => {
    expect(Object.keys(workflow.on["workflow_dispatch"]?.inputs ?? {}).length).toBeLessThanOrEqual(25);
  });

  test("never cancels a migration that runs, and lets one run per target", () => {
    expect(workflow.concurrency?.["cancel-in-progress"]).toBe(false);
    expect(workflow.concurrency?.group).toContain("inputs.heroku-app");
    expect(workflow.concurrency?.group).toContain("inputs.heroku-database");
  });

  test("migrates after the gate only, behind an environment, and only with confirm", () => {
    expect(workflow.jobs["migrate"]).toMatchObject({ needs: "preflight", if: "inputs.confirm != ''" });
    expect(workflow.jobs["migrate"]?.environment).toContain("inputs.environment");
  });

  test("both jobs are asked about the same migration", () => {
    const [gate, move] = listSteps(workflow).map(({ step }) => step.with ?? {});
    for (const [name, value] of Object.entries(gate ?? {})) {
      if (["command", "deadline-minutes"].includes(name)) continue;
      expect(move?.[name], name).toBe(value);
    }
  });
});

describe("the README's call of the reusable workflow", () => {
  const blocks = [...readText("README.md").matchAll(/```yaml\n(.+?)```/gsu)].map(([, yaml = ""]) => yaml);
  const call = blocks.find((yaml) => yaml.includes("/.github/workflows/migrate.yml@")) ?? "";
  interface Call {
    jobs: { migrate: { with: Record<string, unknown>; secrets: Record<string, unknown>; permissions: unknown } };
  }
  const called = readYaml<
    Workflow & { on: { workflow_call: Required<Record<"inputs" | "secrets", Record<string, { required?: boolean }>>> } }
  >(".github/workflows/migrate.yml").on["workflow_call"];

  test("gives what is required, and nothing that it does not take", () => {
    const { migrate } = (parse(call) as Call).jobs;
    for (const [given, taken] of [
      [migrate.with, called.inputs],
      [migrate.secrets, called.secrets],
    ] as const) {
      const required = Object.keys(taken).filter((name) => taken[name]?.required === true);
      expect(Object.keys(given)).toEqual(expect.arrayContaining(required));
      expect(Object.keys(given).filter((name) => !(name in taken))).toEqual([]);
    }
  });

  test("allows what its jobs ask for: a called workflow gets no more than its caller has", () => {
    const { permissions } = (parse(call) as Call).jobs.migrate;
    for (const job of Object.values(readYaml<Workflow>(".github/workflows/migrate.yml").jobs)) {
      expect(permissions).toMatchObject(job.permissions ?? {});
    }
  });
});
