import { type ComponentChildren, h } from "preact";
import { cutText, splitCode, visibleLine, visibleLines } from "../visible-text.ts";

export type Content = ComponentChildren;

const longestProse = 4_000;
const longestName = 400;
const longestBlock = 40_000;

/** Text of ours that may hold names: backticks become code; nothing in it can be markup. */
export function prose(text: string): Content[] {
  return splitCode(cutText(visibleLine(text.slice(0, 2 * longestProse)), longestProse)).map(({ kind, value }) =>
    kind === "code" ? h("code", null, isolated(value)) : isolated(value),
  );
}

/** A name or value from a database: set in code, and apart from its neighbours whichever way it is written. */
export function name(text: string): Content {
  return h("code", null, isolated(cutText(visibleLine(text.slice(0, 2 * longestName)), longestName)));
}

/** Right-to-left text stays where it is; plain ASCII needs no element for that. */
export function isolated(text: string): Content {
  return /^[\u0020-\u007E]*$/u.test(text) ? text : h("bdi", null, text);
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
