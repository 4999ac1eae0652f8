import { createRequire } from "node:module";
import path from "node:path";
import * as core from "@actions/core";
import * as exec from "@actions/exec";
import * as io from "@actions/io";
import { readContext } from "./context.ts";

type Script = (...values: unknown[]) => Promise<unknown>;
type ScriptConstructor = new (...namesAndBody: string[]) => Script;

const AsyncFunction = Object.getPrototypeOf(async () => null).constructor as ScriptConstructor;

process.on("unhandledRejection", fail);
await run().catch(fail);

/** Compiles the input as the body of an async function over the same names as the real action, and runs it. */
async function run(): Promise<void> {
  const github = refuse("github");
  const names = {
    require: requireFromWorkspace(),
    __original_require__: createRequire(import.meta.url),
    github,
    octokit: github,
    getOctokit: refuse("getOctokit"),
    context: readContext(process.env),
    core,
    exec,
    glob: refuse("glob"),
    io,
  };
  const script = new AsyncFunction(...Object.keys(names), core.getInput("script", { required: true }));
  core.setOutput("result", encode(await script(...Object.values(names))));
}

function encode(result: unknown): string | undefined {
  const encoding = core.getInput("result-encoding") || "json";
  if (encoding === "json") return JSON.stringify(result);
  if (encoding === "string") return String(result);
  throw new Error('"result-encoding" must be either "string" or "json"');
}

/** Modules are looked for in the working folder, where relative paths start too. */
function requireFromWorkspace(): NodeJS.Require {
  const inWorkspace = createRequire(path.join(process.cwd(), "script.js"));
  return new Proxy(inWorkspace, {
    apply: (target, _self, [name]: [string]) => target(name.startsWith(".") ? path.resolve(name) : name) as unknown,
  });
}

/** Stands where the real action has something that needs GitHub. */
function refuse(name: string): unknown {
  const complain = (): never => {
    throw new Error(`${name} is not available in the local runner`);
  };
  return new Proxy(complain, { get: complain, apply: complain });
}

function fail(error: unknown): void {
  console.error(error);
  core.setFailed(`Unhandled error: ${String(error)}`);
}
