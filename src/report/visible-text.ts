/**
 * Characters that change what a reader sees without being seen: controls, bidirectional overrides, zero widths, line and
 * paragraph separators, tags. The names in a database may hold any of them.
 */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const unseenExceptLines = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** One line of text in which nothing is hidden: `a⟨U+202E⟩b`, line breaks as `⏎`. */
export function visibleLine(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\r\n?|\n/gu, "⏎")
    .replaceAll("\t", " ")
    .replaceAll(unseen, codePointName);
}

/** The same with line breaks and tabs kept. */
export function visibleLines(text: string): string {
  return text.toWellFormed().replaceAll(/\r\n?/gu, "\n").replaceAll(unseenExceptLines, codePointName);
}

function codePointName(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return `⟨U+${hex}⟩`;
}

/** The first `limit` UTF-16 units, never half a character, with an ellipsis where something is missing. */
export function cutText(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/u, "")}…`;
}

export interface TextPiece {
  kind: "text" | "code";
  value: string;
}

/** Messages and remedies mark names and commands with backticks; an odd one stays what it is. */
export function splitCode(text: string): TextPiece[] {
  const pieces: TextPiece[] = [];
  let end = 0;
  for (const match of text.matchAll(/(?<!`)`([^`\n]+)`(?!`)/gu)) {
    if (match.index > end) pieces.push({ kind: "text", value: text.slice(end, match.index) });
    pieces.push({ kind: "code", value: match[1] ?? "" });
    end = match.index + match[0].length;
  }
  if (end < text.length) pieces.push({ kind: "text", value: text.slice(end) });
  return pieces;
}
