import type { ListedEntry } from "./list.ts";

/** What to leave out of the contents. Everything not named stays. */
export interface ContentsEdits {
  /** Names of extensions. */
  extensions?: readonly string[];
  /** Names of schemas, to go with all that is in them, data included. */
  schemas?: readonly string[];
  /**
   * Tables and sequences that an extension has made and whose rows or values pg_dump carries, its configuration tables,
   * to go without them: mostly because the extension is left out. The contents do not say whose they are.
   */
  extensionTables?: readonly ExtensionTable[];
  /** Comments on extensions, which only an extension's owner may set. */
  extensionComments?: boolean;
  eventTriggers?: boolean;
  publications?: boolean;
  subscriptions?: boolean;
  /** Clear the tablespace of everything that has one. */
  tablespaces?: boolean;
  /** A reason to leave out any other entry, or undefined. */
  others?: (entry: ListedEntry) => string | undefined;
}

export interface ExtensionTable {
  schema: string;
  name: string;
  /** Where it is not that the extension is left out. */
  reason?: string;
}

export interface RemovalRule {
  applies: (entry: ListedEntry) => boolean;
  reason: (entry: ListedEntry) => string;
  mayHaveData: boolean;
}

/** The first rule that applies gives the reason. */
export function removalRules(edits: ContentsEdits): RemovalRule[] {
  const { extensions = [], schemas = [], extensionTables = [], others } = edits;
  return [
    schemaRule(schemas),
    extensionRule(extensions),
    extensionTableRule(extensionTables),
    ...(edits.extensionComments === true ? [extensionCommentRule] : []),
    ...(edits.eventTriggers === true ? [kindRule("event triggers are left out", ["EVENT TRIGGER"])] : []),
    ...(edits.publications === true ? [kindRule("publications are left out", publicationKinds)] : []),
    ...(edits.subscriptions === true ? [kindRule("subscriptions are left out", subscriptionKinds)] : []),
    ...(others ? [otherRule(others)] : []),
  ];
}

const publicationKinds = ["PUBLICATION", "PUBLICATION TABLE", "PUBLICATION TABLES IN SCHEMA"];
const subscriptionKinds = ["SUBSCRIPTION", "SUBSCRIPTION TABLE"];

/** Kinds whose tag begins with the kind of object they are about. */
const aboutObjects = new Set(["COMMENT", "ACL", "SECURITY LABEL"]);

function schemaRule(schemas: readonly string[]): RemovalRule {
  const names = new Set(schemas.filter((name) => name !== ""));
  // pg_dump quotes the name in the tag of what is about a schema where SQL would need it.
  const tags = new Set([...names].flatMap((name) => [`SCHEMA ${name}`, `SCHEMA "${name.replaceAll('"', '""')}"`]));
  return {
    applies: ({ desc, schema, tag }) =>
      names.has(schema) || (desc === "SCHEMA" && names.has(tag)) || (aboutObjects.has(desc) && tags.has(tag)),
    reason: ({ desc, schema, tag }) => `the schema ${desc === "SCHEMA" ? tag : schema || tag.slice(7)} is left out`,
    mayHaveData: true,
  };
}

function extensionRule(extensions: readonly string[]): RemovalRule {
  const names = new Set(extensions);
  return {
    applies: ({ desc, tag }) => desc === "EXTENSION" && names.has(tag),
    reason: ({ tag }) => `the extension ${tag} is left out`,
    mayHaveData: false,
  };
}

function extensionTableRule(tables: readonly ExtensionTable[]): RemovalRule {
  const key = (schema: string, name: string): string => JSON.stringify([schema, name]);
  const wanted = new Map(tables.map((table) => [key(table.schema, table.name), table]));
  const isData = ({ desc }: ListedEntry): boolean => desc === "TABLE DATA" || desc === "SEQUENCE SET";
  return {
    applies: (entry) => isData(entry) && wanted.has(key(entry.schema, entry.tag)),
    reason: (entry) =>
      wanted.get(key(entry.schema, entry.tag))?.reason ?? "its table belongs to an extension that is left out",
    mayHaveData: true,
  };
}

const extensionCommentRule: RemovalRule = {
  applies: ({ desc, tag }) => desc === "COMMENT" && tag.startsWith("EXTENSION "),
  reason: () => "only an extension's owner may comment on it",
  mayHaveData: false,
};

function kindRule(reason: string, kinds: readonly string[]): RemovalRule {
  const wanted = new Set(kinds);
  return { applies: ({ desc }) => wanted.has(desc), reason: () => reason, mayHaveData: false };
}

function otherRule(reasonFor: (entry: ListedEntry) => string | undefined): RemovalRule {
  return {
    applies: (entry) => reasonFor(entry) !== undefined,
    reason: (entry) => reasonFor(entry) ?? "",
    mayHaveData: false,
  };
}
