/**
 * One class of objects and the query that reads it. The query gives `name`, usually `schema`, for what belongs to a table
 * `table`, and instead of the class's own word `object` where it holds several; every other column is a fact to compare.
 * It runs with an empty search_path, so that only pg_catalog is searched and all other names come out qualified, and casts what it selects to text.
 */
export interface CatalogClass {
  object: string;
  sql: string | ((majorVersion: number) => string);
}

/** Schemas of users, the namespace's alias being `n`. The prefix pg_ is reserved to the system. */
export const isUserSchema = "n.nspname !~ '^pg_' and n.nspname <> 'information_schema'";

/** Where the system's own objects end (PostgreSQL, access/transam.h, FirstNormalObjectId). */
export const firstUserOid = 16384;

/** An object that is no member of an extension: those come with the extension itself. */
export function isNoMember(catalog: string, oid: string): string {
  return `not exists (select from pg_depend member
    where member.classid = '${catalog}'::regclass and member.objid = ${oid} and member.deptype = 'e')`;
}

/** The items of an array in an order that says nothing. */
export function sortedText(array: string): string {
  return `(select string_agg(item::text, ', ' order by item::text collate "C")
    from unnest(${array}) as item)`;
}

/** Long or possibly secret text as its SHA-256: equal or not is all that is asked. */
export function digest(text: string): string {
  return `encode(sha256(convert_to(${text}, 'UTF8')), 'hex')`;
}

/** Options of foreign objects: they may hold passwords, and their order says nothing. */
export function digestOfOptions(array: string): string {
  return digest(sortedText(array));
}

export function qualified(schema: string, name: string): string {
  return `quote_ident(${schema}) || '.' || quote_ident(${name})`;
}
