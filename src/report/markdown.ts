import { cutText, splitCode, type TextPiece, visibleLine, visibleLines } from "./visible-text.ts";

/**
 * GitHub-flavoured Markdown out of text that may try to be Markdown. Everything here returns inline or block Markdown in which
 * the text it was given is inert: no markup, link, mention, HTML, table column or way out of a code block.
 */

const longestProse = 1_000;
const longestCode = 200;
const longestBlock = 3_000;

/** A sentence. Names in backticks become code, and so does whatever GitHub would turn into a link or a mention. */
export function prose(text: string, limit = longestProse): string {
  const line = cutText(visibleLine(enough(text, limit)).trim(), limit);
  const pieces = splitCode(line).flatMap((piece) => (piece.kind === "code" ? [piece] : splitLinks(piece.value)));
  return escapeStart(mergeCode(pieces).map(renderPiece).join(""));
}

/** A name, a value, a command: as a code span, cut at `limit` characters. */
export function code(text: string, limit = longestCode): string {
  return codeSpan(cutText(visibleLine(enough(text, limit)), limit));
}

/** A block of code that its content cannot close. */
export function codeBlock(text: string, language: string, limit = longestBlock): string {
  const content = cutText(visibleLines(enough(text, limit)).replace(/\n+$/u, ""), limit);
  const fence = "`".repeat(Math.max(3, longestRun(content) + 1));
  const note = content.includes("⟨U+") ? "\n\nCharacters that cannot be seen stand as `⟨U+…⟩`." : "";
  return `${fence}${language}\n${content}\n${fence}${note}`;
}

/** A table from cells that are Markdown already. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, header.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

export function link(label: string, url: string | undefined): string {
  return url !== undefined && isPlainUrl(url) ? `[${label}](${url})` : label;
}

/** An https address without credentials, query or anything that Markdown or HTML could read as more: else no link is made. */
export function isPlainUrl(url: string): boolean {
  return /^https:\/\/[\w.-]+(?::\d+)?\/[\w./~%-]*$/u.test(url);
}

/** Nothing reads megabytes of a text of which it shows a line. */
function enough(text: string, limit: number): string {
  return text.slice(0, 2 * limit);
}

/** What GitHub links by itself: addresses with a scheme, `www.`, mail, mentions, issues; and mathematics. */
const linked = /:\/\/|www\.|@|#\d|\bGH-\d|\$/iu;

function splitLinks(text: string): TextPiece[] {
  return text
    .split(/(\s+)/u)
    .filter((word) => word !== "")
    .map((word) => ({ kind: linked.test(word) ? "code" : "text", value: word }));
}

/** Two code spans side by side would be read as one with longer delimiters. */
function mergeCode(pieces: readonly TextPiece[]): TextPiece[] {
  const merged: TextPiece[] = [];
  for (const piece of pieces) {
    const last = merged.at(-1);
    if (last?.kind === "code" && piece.kind === "code") last.value += piece.value;
    else merged.push({ ...piece });
  }
  return merged;
}

function renderPiece({ kind, value }: TextPiece): string {
  return kind === "code" ? codeSpan(value) : escapeText(value);
}

/** Without a pipe inside: how a backslash before a pipe is read in a table differs between parsers. */
function codeSpan(text: string): string {
  return text
    .split("|")
    .map((part) => (part === "" ? "" : delimited(part)))
    .join("&#124;");
}

function delimited(text: string): string {
  const run = longestRun(text);
  if (run === 0 && !/^ .*\S.* $/u.test(text)) return `\`${text}\``;
  const fence = "`".repeat(run + 1);
  return `${fence} ${text} ${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/gu)].map((match) => match[0].length));
}

function escapeText(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll(/[\\*_[\]<>#~!{}]/gu, String.raw`\$&`)
    .replaceAll("|", "&#124;")
    .replaceAll("`", "&#96;");
}

/** At the start of a line these would begin a list, a quotation, a heading's underline or a rule. */
function escapeStart(markdown: string): string {
  return markdown.replace(/^(\d+)([.)])(?=\s|$)/u, String.raw`$1\$2`).replace(/^[-+=]/u, String.raw`\$&`);
}
