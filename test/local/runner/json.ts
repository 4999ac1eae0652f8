/** Plain data: what YAML holds, and what expressions work on. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** The value under a key; undefined where there is no mapping or no such key. */
export function findField(value: Json | undefined, key: string): Json | undefined {
  return isMapping(value) ? value[key] : undefined;
}

/** Keys and values of a mapping, in the order in which they are written; none of anything else. */
export function listFields(value: Json | undefined): [string, Json][] {
  return isMapping(value) ? Object.entries(value) : [];
}

/** The text under a key; undefined if there is none. */
export function findText(value: Json | undefined, key: string): string | undefined {
  const field = findField(value, key);
  return field === undefined || field === null ? undefined : renderScalar(field);
}

/** A scalar as GitHub writes it where a text is wanted; null is empty. */
export function renderScalar(value: Json): string {
  if (value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isMapping(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
