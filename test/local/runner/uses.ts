import { existsSync } from "node:fs";
import path from "node:path";
import { type ActionDefinition, findAction } from "./action-file.ts";
import { checkout } from "./checkout.ts";
import type { StubAction } from "./options.ts";
import type { Source, StepScope } from "./step-scope.ts";

/** What a `uses:` stands for. */
export type Used = { action: ActionDefinition; source: Source } | { stub: StubAction };

const githubScript = path.join(import.meta.dirname, "github-script");

/**
 * Resolves a `uses:`. `./x` is a folder of the workspace, `$/x` one of the repository that the running action (or
 * workflow) comes from, `owner/repo/x@ref` whatever the `actions` option maps it to.
 */
export function resolveUses(uses: string, scope: StepScope): Used {
  if (uses.startsWith("./")) return readLocal(uses, scope);
  if (uses.startsWith("$/")) return readSameRepository(uses, scope);
  const [, owner, repository, inside = "", ref] = /^([^/@]+)\/([^/@]+)((?:\/[^@]+)?)@(.+)$/.exec(uses) ?? [];
  if (!owner || !repository || !ref) throw new Error(`Can't use '${uses}': expected owner/repo[/path]@ref`);
  const name = `${owner}/${repository}`;
  const actions = { "actions/checkout": checkout(scope.job.folders), "actions/github-script": githubScript };
  const mapped = findMapped({ ...actions, ...scope.job.options.actions }, name, inside);
  if (mapped === undefined) {
    throw new Error(
      `'${uses}' is not on this machine: map '${name}' to a folder or a stand-in in the 'actions' option`,
    );
  }
  if (typeof mapped.target === "function") return { stub: mapped.target };
  const source: Source = { kind: "remote", root: mapped.target, repository: name, ref };
  return { action: readAction(path.join(mapped.target, mapped.inside), uses), source };
}

type Target = string | StubAction;

function findMapped(
  actions: Record<string, Target>,
  name: string,
  inside: string,
): { target: Target; inside: string } | undefined {
  const find = (key: string): Target | undefined =>
    Object.entries(actions).findLast(([written]) => written.toLowerCase() === key.toLowerCase())?.[1];
  const exact = find(name + inside);
  if (exact !== undefined) return { target: exact, inside: "" };
  const whole = find(name);
  return whole === undefined ? undefined : { target: whole, inside };
}

function readLocal(uses: string, scope: StepScope): Used {
  const directory = path.join(scope.job.folders.workspace, uses);
  const action = existsSync(directory) ? findAction(directory) : undefined;
  if (action) return { action, source: { kind: "local" } };
  throw new Error(
    `Can't find 'action.yml' under '${directory}'. Did you forget to run actions/checkout before running your local action?`,
  );
}

/** Under a `./` parent, the repository is the workflow's own. */
function readSameRepository(uses: string, scope: StepScope): Used {
  const { source } = scope;
  const inside = uses.slice(2);
  if (inside.includes("@")) throw new Error(`Can't use '${uses}': $/ takes no ref`);
  const root = source.kind === "remote" ? source.root : scope.job.folders.repositoryRoot;
  return { action: readAction(path.join(root, inside), uses), source };
}

function readAction(directory: string, uses: string): ActionDefinition {
  const action = findAction(directory);
  if (!action) throw new Error(`Can't find 'action.yml' for '${uses}' under '${directory}'`);
  return action;
}
