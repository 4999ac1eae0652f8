import { plural } from "../format.ts";
import type { ExtensionRow } from "../report.ts";
import { renderCsv } from "./csv.ts";
import { code, prose, table } from "./markdown.ts";

export function renderExtensionsCsv(rows: readonly ExtensionRow[]): string {
  return renderCsv(
    ["name", "source_version", "source_schema", "target_version", "class", "dependants", "action", "note"],
    rows.map((row) => [
      row.name,
      row.sourceVersion,
      row.sourceSchema,
      row.targetVersion,
      row.class,
      row.dependants.join("; "),
      row.action,
      row.note,
    ]),
  );
}

const actions: Readonly<Record<ExtensionRow["action"], string>> = {
  create: "created on the target",
  keep: "there already",
  "leave-out": "left out",
  blocked: "**stops the migration**",
};

const listedDependants = 10;

/** Source against target as a Markdown document; names come from the source and stay text. */
export function renderExtensionsDiff(rows: readonly ExtensionRow[]): string {
  const blocked = rows.filter(({ action }) => action === "blocked").length;
  const left = rows.filter(({ action }) => action === "leave-out").length;
  const summary = `${plural(rows.length, "extension")} at the source: ${left} left out, ${blocked} in the way.`;
  const body = table(
    ["Extension", "Source", "Target", "Class", "What depends on it", "What happens"],
    rows.map((row) => [
      code(row.name),
      version(row.sourceVersion),
      version(row.targetVersion),
      row.class,
      dependants(row.dependants),
      [actions[row.action], row.note === "" ? "" : prose(row.note)].filter((text) => text !== "").join(": "),
    ]),
  );
  return `# Extensions\n\n${summary}\n\n${body}\n`;
}

function version(text: string | null): string {
  return text === null ? "–" : code(text);
}

function dependants(objects: readonly string[]): string {
  const listed = objects.slice(0, listedDependants).map((object) => code(object));
  const more = objects.length - listed.length;
  return [...listed, ...(more > 0 ? [`and ${more} more`] : [])].join("<br>") || "–";
}
