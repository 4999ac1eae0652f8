export type CsvValue = string | number | boolean | null;

/**
 * A CSV file (RFC 4180, lines end with a newline alone) that a spreadsheet may open: text that it would take for a formula
 * gets an apostrophe in front (OWASP, CSV injection). `null` is an empty field.
 */
export function renderCsv(header: readonly string[], rows: readonly (readonly CsvValue[])[]): string {
  return [header, ...rows].map((row) => `${row.map(renderField).join(",")}\n`).join("");
}

function renderField(value: CsvValue): string {
  if (value === null) return "";
  const text = typeof value === "string" ? withoutFormula(value) : String(value);
  return /[",\r\n]/u.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Spreadsheets skip blanks before they look for a formula. */
function withoutFormula(text: string): string {
  return /^[\s\u{FEFF}]*[=+\-@\t\r|%\uFF1D\uFF0B\uFF0D\uFF20]/u.test(text) ? `'${text}` : text;
}
