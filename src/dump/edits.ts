import type { ArchiveHead } from "../archive/contents.ts";
import { type EditedContents, editContents } from "../archive/edit.ts";
import { type ListedEntry, nameEntry } from "../archive/list.ts";
import type { ExtensionTable } from "../archive/removal-rules.ts";
import { MigrationError } from "../errors.ts";
import { listNames } from "../format.ts";
import {
  type ConfigurationTable,
  listConfigurationRelations,
  listEmptyConfigurationTables,
} from "../postgres/configuration-tables.ts";
import type { Session } from "../postgres/session.ts";
import type { ContentsEdit } from "../report.ts";

/** What stays behind, decided by the gate: the provider's agents, and what the user named. */
export interface LeftOut {
  extensions: readonly string[];
  schemas: readonly string[];
}

export interface EditedHead {
  head: ArchiveHead;
  edits: ContentsEdit[];
}

/**
 * Takes out of the contents what a restore on Heroku as an unprivileged user cannot carry: the extensions and schemas
 * left behind, comments on extensions, event triggers, publications, subscriptions; tablespaces are cleared.
 *
 * @throws MigrationError when something that stays needs something that goes
 */
export async function editForHeroku(head: ArchiveHead, leftOut: LeftOut, session: Session): Promise<EditedHead> {
  const leftOutTables = await listConfigurationRelations(session, leftOut.extensions);
  const emptyTables = await listEmptyConfigurationTables(session, leftOut.extensions);
  const edited = editContents(head, {
    extensions: leftOut.extensions,
    schemas: leftOut.schemas,
    extensionTables: [
      ...emptyTables.map(explainEmpty),
      ...leftOutTables.map(({ schema, table }) => ({ schema, name: table })),
    ],
    extensionComments: true,
    eventTriggers: true,
    publications: true,
    subscriptions: true,
    tablespaces: true,
  });
  refuseConflicts(edited);
  return { head: edited.head, edits: listEdits(edited) };
}

/** Even an empty COPY needs the right to write into the extension's table, which Heroku's users may not have. */
function explainEmpty({ schema, name, extension }: ConfigurationTable): ExtensionTable {
  return { schema, name, reason: `${extension} makes the table, and no row in it is the user's own` };
}

function refuseConflicts({ conflicts }: EditedContents): void {
  if (conflicts.length === 0) return;
  const sentences = conflicts.map(({ entry, problem, dependants }) =>
    problem === "has-data"
      ? `${nameEntry(entry)} holds data`
      : `${nameEntry(entry)} is needed by ${listNames(dependants.map(nameEntry))}`,
  );
  throw new MigrationError(`Something that is to be left behind cannot be: ${listNames(sentences)}.`, {
    code: "LEFT_OUT_NEEDED",
    hint: "Drop what depends on it in the source, or take it off exclude-schemas or exclude-extensions. Nothing was changed anywhere.",
  });
}

function listEdits({ removed, clearedTablespaces }: EditedContents): ContentsEdit[] {
  return [
    ...removed.map(({ entry, reason }): ContentsEdit => ({ kind: "removed", ...namesOf(entry), reason })),
    ...clearedTablespaces.map(({ entry, tablespace }): ContentsEdit => ({
      kind: "tablespace-cleared",
      ...namesOf(entry),
      reason: `Heroku has no tablespace ${tablespace}`,
    })),
  ];
}

function namesOf(entry: ListedEntry): Pick<ContentsEdit, "object" | "schema" | "name" | "description"> {
  const schema = entry.schema === "" ? null : entry.schema;
  return { object: entry.desc, schema, name: entry.tag, description: nameEntry(entry) };
}
