import type { ExtensionClass, ExtensionRow } from "../report.ts";
import type { AvailableExtension, InstalledExtension } from "./catalog/extensions.ts";
import type { Gate } from "./gate.ts";
import { classOf, usuallyOffered } from "./extension-classes.ts";

/** Why an extension stops the migration, or is left out; drives the finding's code. */
export type ExtensionReason =
  | "offered"
  | "built-in"
  | "agent"
  | "excluded"
  | "not-offered"
  | "not-creatable"
  | "fixed-schema";

export interface JudgedExtension {
  row: ExtensionRow;
  installed: InstalledExtension;
  reason: ExtensionReason;
  isOlder: boolean;
}

/** Classes that may be left out when the target lacks them and nothing of the user's depends on them. */
const dispensable: readonly ExtensionClass[] = ["operations", "scheduler", "foreign-data", "replication", "other"];

/** Every extension of the source with what becomes of it on the target. */
export async function judgeExtensions(gate: Gate): Promise<JudgedExtension[]> {
  const { catalog, provider } = gate.source;
  const offered = await listOffered(gate);
  const excluded = gate.inputs.excludeExtensions;
  const installed = await catalog.extensions();
  return installed.map((extension) => {
    const kind = classOf(extension.name, provider.profile);
    return judge(extension, kind, offered.get(extension.name), excluded.includes(extension.name));
  });
}

async function listOffered(gate: Gate): Promise<Map<string, AvailableExtension>> {
  const available = gate.has("target") ? await gate.target.catalog.extensions() : usuallyOffered.map(guessed);
  return new Map(available.map((extension) => [extension.name, extension]));
}

function guessed(name: string): AvailableExtension {
  return { name, defaultVersion: "", fixedSchema: null, isCreatable: true };
}

export function judge(
  installed: InstalledExtension,
  kind: ExtensionClass,
  offered: AvailableExtension | undefined,
  isExcluded: boolean,
): JudgedExtension {
  const reason = reasonOf(installed, kind, offered, isExcluded);
  const isUsed = installed.dependantCount > 0;
  const action = actionOf(reason, kind, isUsed);
  const finalClass = isUsed && kind === "other" ? "data-bearing" : kind;
  const isOlder =
    action === "create" && offered !== undefined && compareVersions(offered.defaultVersion, installed.version) < 0;
  const row: ExtensionRow = {
    name: installed.name,
    sourceVersion: installed.version,
    sourceSchema: installed.schema,
    targetVersion: offered === undefined || offered.defaultVersion === "" ? null : offered.defaultVersion,
    class: finalClass,
    dependants: installed.dependants,
    action,
    note: noteOf(reason, action, isOlder),
  };
  return { row, installed, reason, isOlder };
}

function reasonOf(
  installed: InstalledExtension,
  kind: ExtensionClass,
  offered: AvailableExtension | undefined,
  isExcluded: boolean,
): ExtensionReason {
  if (kind === "built-in") return "built-in";
  if (isExcluded) return "excluded";
  if (kind === "provider-agent") return "agent";
  if (offered === undefined) return "not-offered";
  if (!offered.isCreatable) return "not-creatable";
  const isElsewhere = offered.fixedSchema !== null && offered.fixedSchema !== installed.schema;
  return isElsewhere ? "fixed-schema" : "offered";
}

function actionOf(reason: ExtensionReason, kind: ExtensionClass, isUsed: boolean): ExtensionRow["action"] {
  if (reason === "built-in") return "keep";
  if (reason === "offered") return "create";
  if (isUsed) return "blocked";
  if (reason === "agent" || reason === "excluded") return "leave-out";
  return dispensable.includes(kind) ? "leave-out" : "blocked";
}

function noteOf(reason: ExtensionReason, action: ExtensionRow["action"], isOlder: boolean): string {
  if (action === "create") return isOlder ? "an older version on the target" : "";
  if (reason === "built-in") return "part of every database";
  const ending = action === "blocked" ? ", and it is in use" : ", and nothing depends on it";
  return reasonNotes[reason] + (reason === "agent" || reason === "excluded" || action === "leave-out" ? ending : "");
}

const reasonNotes: Readonly<Record<ExtensionReason, string>> = {
  offered: "",
  "built-in": "",
  agent: "the provider's own",
  excluded: "excluded by an input",
  "not-offered": "not offered by the target",
  "not-creatable": "the target's user may not create it",
  "fixed-schema": "the target insists on another schema",
};

/**
 * Compares the leading numbers: providers append suffixes (`1.1_aiven`), which say nothing of order.
 *
 * @returns below 0 when the first is older
 */
export function compareVersions(first: string, second: string): number {
  const [left, right] = [numbersOf(first), numbersOf(second)];
  if (left.length === 0 || right.length === 0) return 0;
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbersOf(version: string): number[] {
  const leading = /^\d+(\.\d+)*/u.exec(version)?.[0];
  return leading === undefined ? [] : leading.split(".").map(Number);
}
