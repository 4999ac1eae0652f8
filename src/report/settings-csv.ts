import type { SettingDifference } from "../report.ts";
import { redact } from "../secret.ts";
import { renderCsv } from "./csv.ts";

export interface RedactedCsv {
  text: string;
  /** Settings whose values were blanked. */
  redactions: number;
}

/** Whole commands and connection strings, where a credential can stand anywhere. */
const sensitiveNames = new Set([
  "archive_command",
  "restore_command",
  "archive_cleanup_command",
  "recovery_end_command",
  "primary_conninfo",
  "ssl_passphrase_command",
  "krb_server_keyfile",
  "promote_trigger_file",
]);

const sensitiveName = /passw|secret|token|api_?key|access_?key|private_?key|credential|passphrase|conninfo|license/iu;

/** Amazon key ids, `password=` in connection strings, generated passwords of Heroku, private keys, long tokens of vendors. */
const sensitiveValue =
  /\bA(KI|SI)A[0-9A-Z]{16}\b|\bpassword\s*=|\bp[0-9a-f]{64}\b|-----BEGIN|\b(ghp|gho|glpat|xox[abp]|sk|AIza)[-_][\w-]{16,}/iu;

const blank = "***";

interface Field {
  raw: string;
  value: string;
}

/**
 * Blanks sensitive values of a CSV of pg_settings and leaves every other byte as it is.
 *
 * @param csv with a header, as `copy (select * from pg_settings) to … (format csv, header true)` writes it
 */
export function redactSettingsCsv(csv: string): RedactedCsv {
  const records = parseRecords(csv);
  const header = (records[0] ?? []).map(({ value }) => value);
  const at = (column: string): number => header.indexOf(column);
  const valueColumns = ["setting", "boot_val", "reset_val"].map(at).filter((index) => index >= 0);
  let redactions = 0;
  const lines = records.map((fields, line) => {
    const isText = fields[at("vartype")]?.value === "string";
    if (line === 0 || !isText) return renderRecord(fields);
    const name = fields[at("name")]?.value ?? "";
    const blanked = blankFields(fields, valueColumns, name);
    if (blanked !== fields) redactions += 1;
    return renderRecord(blanked);
  });
  return { text: lines.map((line) => `${line}\n`).join(""), redactions };
}

function blankFields(fields: Field[], columns: readonly number[], name: string): Field[] {
  const isSensitive = columns.some((index) => isSecretSetting(name, fields[index]?.value ?? ""));
  if (!isSensitive) return fields;
  return fields.map((field, index) =>
    columns.includes(index) && field.value !== "" && field.value !== "(disabled)"
      ? { raw: blank, value: blank }
      : field,
  );
}

/** Whether a setting holds something that must not be shown: by its name, or by the shape of its value. */
export function isSecretSetting(name: string, value: string): boolean {
  if (value === "" || value === "(disabled)") return false;
  return sensitiveNames.has(name) || sensitiveName.test(name) || sensitiveValue.test(value) || redact(value) !== value;
}

function renderRecord(fields: readonly Field[]): string {
  return fields.map(({ raw }) => raw).join(",");
}

/** Fields with their bytes as written, so that what is not blanked is given back unchanged. */
function parseRecords(csv: string): Field[][] {
  const records: Field[][] = [];
  let record: Field[] = [];
  for (let at = 0; at < csv.length;) {
    const end = endOfField(csv, at);
    const raw = csv.slice(at, end);
    record.push({ raw, value: raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw });
    if (csv[end] !== ",") {
      records.push(record);
      record = [];
    } else if (end + 1 === csv.length) record.push({ raw: "", value: "" });
    at = end + 1;
  }
  return records;
}

/** Position of the comma, the newline or the end after the field that begins at `from`. */
function endOfField(csv: string, from: number): number {
  let isQuoted = false;
  for (let at = from; at < csv.length; at += 1) {
    const letter = csv[at];
    if (letter === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (letter === "," || letter === "\n")) return at;
  }
  return csv.length;
}

/** Every setting of either side with its verdict, the ones that change behaviour first. */
export function renderSettingsDiffCsv(differences: readonly SettingDifference[]): string {
  const order: SettingDifference["verdict"][] = ["changes-behaviour", "cannot-be-set", "harmless", "same"];
  const rows = order.flatMap((verdict) => differences.filter((difference) => difference.verdict === verdict));
  return renderCsv(
    ["name", "source", "target", "verdict", "note"],
    rows.map(({ name, source, target, verdict, note }) => [
      name,
      blankSetting(name, source),
      blankSetting(name, target),
      verdict,
      note,
    ]),
  );
}

function blankSetting(name: string, value: string | null): string | null {
  return value !== null && isSecretSetting(name, value) ? blank : value;
}
