import { type CompareOptions, type Findings, type LeftOutObject, tableKey } from "./compare-model.ts";
import type { CatalogObject, TableId } from "./fingerprint-model.ts";

/** Schemas that Heroku keeps in its databases for itself. */
const platformSchemas = new Set(["heroku_ext", "_heroku"]);

/** What Heroku's role may not create: missing on the target it is expected, on the list of losses and no fault of the restore. */
const neverRestored: Readonly<Record<string, string>> = {
  "EVENT TRIGGER": "Heroku Postgres lets nobody create event triggers",
  PUBLICATION: "Heroku Postgres has no logical replication",
  SUBSCRIPTION: "Heroku Postgres has no logical replication",
  "USER MAPPING": "roles are not carried over, and user mappings belong to roles",
};

/** What belongs to a table goes with it; its entries are tagged with the table's name first. */
const taggedWithTable = new Set(["CONSTRAINT", "TRIGGER", "RULE", "POLICY", "COLUMN"]);

/** Which objects are not compared, because they were not meant to cross. Each skipped one is counted with its reason. */
export class LeftOut {
  readonly #options: CompareOptions;
  readonly #entries: Map<string, LeftOutObject>;
  readonly #comments: Map<string, string>;

  constructor(options: CompareOptions) {
    this.#options = options;
    this.#entries = new Map(
      (options.leftOut ?? []).map((entry) => [entryKey(entry.object, entry.schema, entry.name), entry]),
    );
    const comments = [...this.#entries.values()].filter(({ object }) => object === "COMMENT");
    this.#comments = new Map(comments.map(({ schema, name, reason }) => [commentKey(schema, name), reason]));
  }

  /** Takes out of both sides what is not compared. */
  remove(objects: readonly CatalogObject[], side: "source" | "target", findings: Findings): CatalogObject[] {
    return objects.filter((object) => {
      const reason = this.#reasonOf(object) ?? (side === "target" ? platformReason(object) : undefined);
      if (reason === undefined) return true;
      if (side === "source" || platformReason(object) !== undefined) findings.addKnown(groupOf(object, reason), reason);
      return false;
    });
  }

  isSchemaLeftOut(schema: string): boolean {
    const isExcluded = this.#options.excludeSchemas?.includes(schema) === true;
    return isExcluded || this.#entries.has(entryKey("SCHEMA", null, schema)) || platformSchemas.has(schema);
  }

  isTableLeftOut({ schema, table }: TableId): boolean {
    return this.isSchemaLeftOut(schema) || this.#entries.has(entryKey("TABLE", schema, table));
  }

  /** Why its rows are not compared, where they are not. */
  reasonForRows(id: TableId): string | undefined {
    const isExcluded = this.#options.excludeTableData?.some((other) => tableKey(other) === tableKey(id));
    if (isExcluded === true) return "excluded by exclude-table-data";
    return this.#entries.get(entryKey("TABLE DATA", id.schema, id.table))?.reason;
  }

  #reasonOf(object: CatalogObject): string | undefined {
    const schema = object.object === "SCHEMA" ? object.name : object.schema;
    if (schema !== null && this.#options.excludeSchemas?.includes(schema)) return "excluded by exclude-schemas";
    if (object.object === "COMMENT" && object.name.startsWith("extension "))
      return "only an extension's owner may comment on it, and Heroku's role is not";
    const ofComment =
      object.object === "COMMENT" ? this.#comments.get(commentKey(object.schema, object.name)) : undefined;
    return ofComment ?? this.#entryOf(object, schema)?.reason;
  }

  #entryOf(object: CatalogObject, schema: string | null): LeftOutObject | undefined {
    const find = (kind: string, name: string): LeftOutObject | undefined =>
      this.#entries.get(entryKey(kind, object.schema, name));
    const ofSchema = schema === null ? undefined : this.#entries.get(entryKey("SCHEMA", null, schema));
    if (ofSchema !== undefined) return ofSchema;
    if (object.table !== null && !taggedWithTable.has(object.object))
      return find(object.object, object.name) ?? find("TABLE", object.table);
    if (object.table !== null)
      return find(object.object, `${object.table} ${object.name}`) ?? find("TABLE", object.table);
    return find(object.object, object.name);
  }
}

/** Why it is no fault that the target lacks this object, where it is none. */
export function reasonForMissing(object: CatalogObject): string | undefined {
  if (object.object === "INDEX" && object.facts["valid"] === "false")
    return "pg_dump leaves out an index that is not valid";
  if (object.object === "COMMENT" && /^(?:event trigger|publication|subscription) /u.test(object.name))
    return "what it describes is not restored on Heroku";
  return reasonForInherited(object) ?? neverRestored[object.object];
}

/** Why it is no fault that the target has this object, where it is none. */
export function reasonForExtra(object: CatalogObject): string | undefined {
  if (object.object === "EXTENSION" || object.object === "EVENT TRIGGER") return "the target has it from Heroku";
  if (object.object === "SCHEMA" && object.name === "public") return "every new database has it";
  return reasonForInherited(object);
}

/** Cannot come or go without the partitioned table's own key, which is compared. */
function reasonForInherited({ object, name }: CatalogObject): string | undefined {
  if (object !== "CONSTRAINT" || !name.startsWith("inherited ")) return undefined;
  return "the server derives it from the partitioned table's key";
}

function platformReason(object: CatalogObject): string | undefined {
  const schema = object.object === "SCHEMA" ? object.name : object.schema;
  return schema !== null && platformSchemas.has(schema) ? "Heroku's own schema" : undefined;
}

function groupOf(object: CatalogObject, reason: string): string {
  if (reason === "excluded by exclude-schemas") return `objects of schema ${object.schema ?? object.name}`;
  return `${object.object.toLowerCase()}s left out`;
}

function entryKey(object: string, schema: string | null, name: string): string {
  return JSON.stringify([object, schema, name]);
}

/** `trigger touch on shop.t` is tagged `TRIGGER touch ON t`: what is left of both is the same. */
function commentKey(schema: string | null, text: string): string {
  const plain = text.replaceAll('"', "").replace(/\(.*\)$/su, "");
  const bare = schema === null ? plain : plain.replaceAll(`${schema.replaceAll('"', "")}.`, "");
  const words = bare
    .toLowerCase()
    .replace(/^.*? (?=column |constraint )/u, "")
    .replace(" on domain ", " on ");
  return JSON.stringify([schema, words]);
}
