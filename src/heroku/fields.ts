import { MigrationError } from "../errors.ts";

/** A JSON object from Heroku, of which nothing is certain. */
export type Fields = Readonly<Record<string, unknown>>;

/** @throws MigrationError where Heroku answered with something else than an object */
export function parseFields(value: unknown, what: string): Fields {
  if (isFields(value)) return value;
  throw unexpected(what);
}

/** Items that are no objects are dropped. */
export function parseList(value: unknown, what: string): Fields[] {
  if (Array.isArray(value)) return value.filter(isFields);
  // heroku-client gives `{}` for an empty body.
  if (isFields(value) && Object.keys(value).length === 0) return [];
  throw unexpected(what);
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function findFields(fields: Fields, name: string): Fields | undefined {
  const value = fields[name];
  return isFields(value) ? value : undefined;
}

export function findText(fields: Fields | undefined, name: string): string | undefined {
  const value = fields?.[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Numbers sometimes come as text. */
export function findNumber(fields: Fields | undefined, name: string): number | undefined {
  const value = fields?.[name];
  if (typeof value === "number" && Number.isFinite(value)) return value;
  return typeof value === "string" && /^\d+(?:\.\d+)?$/u.test(value) ? Number(value) : undefined;
}

/** @throws MigrationError where the text is missing */
export function requireText(fields: Fields | undefined, name: string, what: string): string {
  const value = findText(fields, name);
  if (value === undefined) throw unexpected(`${what} (no ${name})`);
  return value;
}

function unexpected(what: string): MigrationError {
  return new MigrationError(`Heroku's answer is not what was expected of ${what}.`, {
    code: "HEROKU_UNEXPECTED",
    hint: "Heroku may have changed its API: look for a newer version of this action.",
  });
}

/** `2017-08-31 10:28:08 +0000`, which is not ISO 8601, or what is. */
export function parseTime(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const parts = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2}(?:\.\d+)?)\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/iu.exec(
    text.trim(),
  );
  if (parts === null) return undefined;
  const [, day, time, zone = "Z"] = parts;
  const offset = /^(?:Z|UTC)$/iu.test(zone) ? "Z" : zone.replace(/^([+-]\d{2}):?(\d{2})$/u, "$1:$2");
  const date = new Date(`${day}T${time}${offset}`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
