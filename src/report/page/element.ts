import { type ComponentChildren, h } from "preact";
import { cutText, splitCode, visibleLine, visibleLines } from "../visible-text.ts";

export type Content = ComponentChildren;

const longestProse = 4_000;
const longestName = 400;
/** Short enough to stand in a column of a phone. */
const unbrokenLength = 16;
const longestBlock = 40_000;

/** Text of ours that may hold names: backticks become code; nothing in it can be markup. */
export function prose(text: string): Content[] {
  return splitCode(cutText(visibleLine(text.slice(0, 2 * longestProse)), longestProse)).map(({ kind, value }) =>
    kind === "code" ? h("code", null, isolated(value)) : isolated(value),
  );
}

/** A name or value from a database: set in code, apart from its neighbours whichever way it is written, and broken at its joints. */
export function name(text: string): Content {
  const line = cutText(visibleLine(text.slice(0, 2 * longestName)), longestName);
  if (isAscii(line) && line.length <= unbrokenLength) return h("code", null, line);
  const parts = line
    .split(/(?<=[._/-])(?=[^._/-])/u)
    .flatMap((part, index) => (index === 0 ? [part] : [h("wbr", null), part]));
  return h("code", null, isAscii(line) ? parts : h("bdi", null, parts));
}

/** Right-to-left text stays where it is; plain ASCII needs no element for that. */
export function isolated(text: string): Content {
  return isAscii(text) ? text : h("bdi", null, text);
}

function isAscii(text: string): boolean {
  return /^[\u0020-\u007E]*$/u.test(text);
}

/** A block to copy: SQL or a command. The button appears where the page's script runs. */
export function copyable(text: string, label: string): Content {
  const code = cutText(visibleLines(text.slice(0, 2 * longestBlock)).trimEnd(), longestBlock);
  return h(
    "div",
    { class: "copyable" },
    h("pre", { tabindex: 0, role: "group", "aria-label": label }, h("code", null, code)),
    h("button", { type: "button", class: "copy", hidden: true, "aria-label": `Copy: ${label}` }, "Copy"),
  );
}

export interface PageSection {
  id: string;
  title: string;
  /** One line under the title. */
  lede?: Content;
  content: Content;
}

export function renderSection({ id, title, lede, content }: PageSection): Content {
  const heading = h("h2", { id: `${id}-title` }, title);
  const intro = lede === undefined ? null : h("p", { class: "lede" }, lede);
  return h("section", { id, "aria-labelledby": `${id}-title` }, heading, intro, content);
}

/** A folded part with its own summary line. */
export function folded(
  summary: Content,
  content: Content,
  attributes: { open?: boolean; class?: string } = {},
): Content {
  return h("details", attributes, h("summary", null, summary), content);
}
