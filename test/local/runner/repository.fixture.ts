import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test as base } from "vitest";
import { type ActionOptions, type ActionResult, runAction, startAction } from "./action.ts";
import type { RunEvent } from "./events.ts";
import type { Running } from "./options.ts";
import type { WorkflowResult } from "./results.ts";
import { runWorkflow, startWorkflow, type WorkflowOptions } from "./workflow.ts";

/** A pinned github-script, as a workflow would name it. */
export const githubScript = "actions/github-script@3a2844b7e9c422d3c10d287c895573f7108da1b3";

/** Clocks for tests of cancellation. */
export const quick = { interruptMs: 400, terminateMs: 300, drainMs: 300 };

type Watched<T> = Running<T> & {
  /** Waits for the first line of output that begins so; throws if the job ends without it. */
  seen: (beginning: string) => Promise<string>;
};

/** A throw-away repository with actions and workflows written by a test. */
export type Repository = {
  root: string;
  write: (name: string, text: string) => Promise<string>;
  /** Writes the root action.yml: a composite of these steps. */
  writeComposite: (steps: string, inputs?: string, more?: string) => Promise<string>;
  /** Writes a JavaScript action into a folder. */
  writeNode: (folder: string, script: string, more?: string) => Promise<string>;
  writeWorkflow: (jobs: string) => Promise<string>;
  /** Runs the root action. */
  run: (options?: Partial<ActionOptions>) => Promise<ActionResult>;
  start: (options?: Partial<ActionOptions>) => Watched<ActionResult>;
  runFile: (file: string, options?: Partial<WorkflowOptions>) => Promise<WorkflowResult>;
  startFile: (file: string, options?: Partial<WorkflowOptions>) => Watched<WorkflowResult>;
};

export const test = base.extend<{ repository: Repository }>({
  // oxlint-disable-next-line no-empty-pattern -- vitest reads the pattern to see which fixtures this one needs
  repository: async ({}, use) => {
    const root = await mkdtemp(path.join(tmpdir(), "runner-test-"));
    await use(openRepository(root));
    await rm(root, { recursive: true });
  },
});

function openRepository(root: string): Repository {
  const write = (name: string, text: string): Promise<string> => writeText(path.join(root, name), text);
  const workflow = { event: "workflow_dispatch", repositoryRoot: root } as const;
  return {
    root,
    write,
    writeComposite: (steps, inputs = "", more = "") => {
      const declared = inputs === "" ? "" : `inputs:\n${inputs}\n`;
      const head = `name: n\ndescription: d\n${declared}${more}\n`;
      return write("action.yml", `${head}runs:\n  using: composite\n  steps:${steps}\n`);
    },
    writeNode: async (folder, script, more = "") => {
      await write(`${folder}/main.js`, script);
      return write(
        `${folder}/action.yml`,
        `name: n\ndescription: d\n${more}\nruns: { using: node24, main: main.js }\n`,
      );
    },
    writeWorkflow: (jobs) => write(".github/workflows/test.yml", `name: Test\non: workflow_dispatch\njobs:${jobs}\n`),
    run: (options) => runAction({ path: root, ...options }),
    start: (options) => watch((onEvent) => startAction({ path: root, onEvent, ...options })),
    runFile: (file, options) => runWorkflow({ file, ...workflow, ...options }),
    startFile: (file, options) => watch((onEvent) => startWorkflow({ file, onEvent, ...workflow, ...options })),
  };
}

async function writeText(file: string, text: string): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

function watch<T>(begin: (onEvent: (event: RunEvent) => void) => Running<T>): Watched<T> {
  const events: RunEvent[] = [];
  const running = begin((event) => events.push(event));
  const seen = async (beginning: string): Promise<string> => {
    for (;;) {
      const line = events.find((event) => event.type === "line" && event.text.startsWith(beginning));
      if (line?.type === "line") return line.text;
      if (events.some((event) => event.type === "job-finished")) throw new Error(`${beginning}: never printed`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { ...running, seen };
}

/** The lines of a log or of any text. */
export function lines(text: string): string[] {
  return text.split("\n");
}
