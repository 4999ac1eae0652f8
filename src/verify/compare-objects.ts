import { type Findings, displayName, objectKey } from "./compare-model.ts";
import type { CatalogObject, Fingerprint } from "./fingerprint-model.ts";
import { wordFor } from "./fact-words.ts";
import { type LeftOut, reasonForExtra, reasonForMissing } from "./left-out.ts";

/** Facts that may differ although nothing was lost, with the reason. */
const lenientFacts: Readonly<Record<string, string>> = {
  "EXTENSION.version": "the target offers its own version of the extension",
};

interface Sides {
  source: Fingerprint;
  target: Fingerprint;
}

/** Compares the catalogs by name; gives the number of objects that were compared. */
export function compareObjects(sides: Sides, leftOut: LeftOut, findings: Findings): number {
  const unread = new Set([...sides.source.unreadClasses, ...sides.target.unreadClasses].map(({ object }) => object));
  const source = byKey(leftOut.remove(comparable(sides.source, sides), "source", findings));
  const target = byKey(leftOut.remove(comparable(sides.target, sides), "target", findings));
  addMajorDifference(sides, findings);
  for (const [key, object] of source) {
    const other = target.get(key);
    if (other !== undefined) compareFacts(object, other, sides, findings);
  }
  for (const object of onlyIn(source, target)) if (!unread.has(object.object)) addMissing(object, findings);
  for (const object of onlyIn(target, source)) if (!unread.has(object.object)) addExtra(object, findings);
  return source.size;
}

/** Without what belongs to a table that is there alone as well: its columns and indexes say nothing that it does not. */
function onlyIn(side: Map<string, CatalogObject>, other: Map<string, CatalogObject>): CatalogObject[] {
  const alone = [...side].filter(([key]) => !other.has(key)).map(([, object]) => object);
  const owners = new Set(
    alone.filter(({ table }) => table === null).map(({ schema, name }) => JSON.stringify([schema, name])),
  );
  return alone.filter(({ schema, table }) => table === null || !owners.has(JSON.stringify([schema, table])));
}

function byKey(objects: readonly CatalogObject[]): Map<string, CatalogObject> {
  return new Map(objects.map((object) => [objectKey(object), object]));
}

/** Not-null constraints are catalog rows from 18 on; older sides have only the columns' own flag, which is compared anyway. */
function comparable(side: Fingerprint, { source, target }: Sides): CatalogObject[] {
  const hasNotNull = Math.min(source.majorVersion, target.majorVersion) >= 18;
  return hasNotNull ? side.objects : side.objects.filter((object) => !isNotNullConstraint(object));
}

function isNotNullConstraint({ object, facts }: CatalogObject): boolean {
  return object === "CONSTRAINT" && facts["kind"] === "n";
}

function addMajorDifference({ source, target }: Sides, findings: Findings): void {
  if (source.majorVersion === target.majorVersion) return;
  const majors = `PostgreSQL ${source.majorVersion} and ${target.majorVersion}`;
  const notNull = [...source.objects, ...target.objects].filter(isNotNullConstraint).length;
  if (Math.min(source.majorVersion, target.majorVersion) < 18)
    findings.addKnown(
      "not-null constraints as catalog rows",
      `${majors}: only from 18 on; the columns' flags are compared`,
      notNull,
    );
}

function addMissing(object: CatalogObject, findings: Findings): void {
  const reason = reasonForMissing(object);
  if (reason !== undefined) return findings.addKnown(`${object.object.toLowerCase()}s not on the target`, reason);
  findings.differences.push({
    kind: "missing",
    object: object.object,
    name: displayName(object),
    detail: "is not on the target",
  });
}

function addExtra(object: CatalogObject, findings: Findings): void {
  const reason = reasonForExtra(object);
  if (reason !== undefined) return findings.addKnown(`${object.object.toLowerCase()}s only on the target`, reason);
  findings.differences.push({
    kind: "extra",
    object: object.object,
    name: displayName(object),
    detail: "is not on the source",
  });
}

function compareFacts(source: CatalogObject, target: CatalogObject, sides: Sides, findings: Findings): void {
  const details: string[] = [];
  for (const fact of Object.keys({ ...source.facts, ...target.facts })) {
    const [was, is] = [source.facts[fact] ?? null, target.facts[fact] ?? null];
    if (sameText(was, is)) continue;
    const reason = reasonForFact(source, target, fact) ?? reasonForMajors(source, fact, sides);
    if (reason !== undefined) findings.addKnown(`${source.object.toLowerCase()}s: ${fact}`, reason);
    else details.push(describeFact(fact, wordFor(source.object, fact, was), wordFor(source.object, fact, is)));
  }
  if (details.length === 0) return;
  findings.differences.push({
    kind: "changed",
    object: source.object,
    name: displayName(source),
    detail: details.join("; "),
  });
}

/** Layout of a definition is the server's own and differs between majors. */
function sameText(a: string | null, b: string | null): boolean {
  if (a === b || a === null || b === null) return a === b;
  return a.replaceAll(/\s+/gu, " ").trim() === b.replaceAll(/\s+/gu, " ").trim();
}

function reasonForFact(source: CatalogObject, target: CatalogObject, fact: string): string | undefined {
  if (fact === "in schema" && target.facts[fact] === "heroku_ext") return "Heroku puts extensions into its own schema";
  if (fact === "enforced" && source.facts[fact] === "false")
    return "pg_dump does not carry disabled foreign keys: they are enforced again";
  return lenientFacts[`${source.object}.${fact}`];
}

/** From 16 on a locale of ICU is kept as a language tag, whatever it was written as. */
function reasonForMajors(
  { object, facts }: CatalogObject,
  fact: string,
  { source, target }: Sides,
): string | undefined {
  const isLocale = object === "COLLATION" && fact === "locale" && facts["provider"] === "i";
  if (!isLocale || source.majorVersion >= 16 || target.majorVersion < 16) return undefined;
  return "PostgreSQL 16 and later write a locale of ICU as a language tag";
}

const shownCharacters = 120;

/** Digests and long texts are only said to differ, from where they do. */
function describeFact(fact: string, source: string | null, target: string | null): string {
  const isDigest = /^[0-9a-f]{64}$/u;
  if (isDigest.test(source ?? "") || isDigest.test(target ?? "")) return `${fact} differs`;
  return `${fact}: ${quote(source, target)} on the source, ${quote(target, source)} on the target`;
}

function quote(text: string | null, other: string | null): string {
  if (text === null || text === "") return "none";
  if (text.length <= shownCharacters) return `"${text}"`;
  const start = Math.max(0, firstDifference(text, other ?? "") - shownCharacters / 4);
  const end = start + shownCharacters;
  return `"${start > 0 ? "…" : ""}${text.slice(start, end)}${end < text.length ? "…" : ""}"`;
}

function firstDifference(a: string, b: string): number {
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return index;
  return a.length;
}
