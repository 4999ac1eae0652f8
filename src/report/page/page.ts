import { createHash } from "node:crypto";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import type { Report } from "../../report.ts";
import { visibleLine } from "../visible-text.ts";
import { verdictWords } from "../verdict.ts";
import { type Content, type PageSection, renderSection } from "./element.ts";
import { pageScript } from "./behaviour.js";
import { findingsSection } from "./findings-section.ts";
import {
  artifactsSection,
  connectionsSection,
  editsSection,
  extensionsSection,
  lossesSection,
  settingsSection,
} from "./inventory-sections.ts";
import { readableTime, renderFailure, renderMasthead, renderNextSteps } from "./masthead.ts";
import { planSection } from "./plan-section.ts";
import { restoreSection } from "./restore-section.ts";
import { styles } from "./styles.ts";
import { tablesSection } from "./tables-section.ts";
import { throughputSection } from "./throughput-section.ts";
import { timelineSection } from "./timeline.ts";
import { verificationSection } from "./verification-section.ts";

/**
 * The report as one page: no request leaves it, nothing but its own script and style runs, and it reads and prints without
 * the script. The same report gives the same bytes.
 */
export function renderPage(report: Report): string {
  const title = `${verdictWords[report.verdict].words}: ${visibleLine(report.app)}`;
  const html = h(
    "html",
    { lang: "en" },
    h(
      "head",
      null,
      h("meta", { charset: "utf-8" }),
      h("meta", { "http-equiv": "content-security-policy", content: contentPolicy() }),
      h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
      h("meta", { name: "color-scheme", content: "light dark" }),
      h("meta", { name: "referrer", content: "no-referrer" }),
      h("link", { rel: "icon", href: "data:," }),
      h("title", null, title),
      h("style", { dangerouslySetInnerHTML: { __html: styles } }),
      h("script", { dangerouslySetInnerHTML: { __html: pageScript } }),
    ),
    body(report),
  );
  return `<!doctype html>\n${renderToString(html)}\n`;
}

/** Everything is forbidden but these two texts, by their hashes. */
function contentPolicy(): string {
  const rules = [
    "default-src 'none'",
    `script-src '${hashOf(pageScript)}'`,
    `style-src '${hashOf(styles)}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return rules.join("; ");
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** In the order in which somebody asks: what failed, was it the same, when, how fast, what else. */
function listSections(report: Report): PageSection[] {
  const evidence = [verificationSection, timelineSection, planSection, throughputSection, tablesSection];
  const rest = [
    extensionsSection,
    settingsSection,
    connectionsSection,
    lossesSection,
    editsSection,
    restoreSection,
    artifactsSection,
  ];
  const first = sectionOfFailure(report);
  const usual =
    report.command === "preflight" ? [findingsSection, ...evidence, ...rest] : [...evidence, findingsSection, ...rest];
  const ordered = first === undefined ? usual : [first, ...usual.filter((section) => section !== first)];
  return ordered.map((section) => section(report)).filter((section) => section !== undefined);
}

function sectionOfFailure({ failure }: Report): ((report: Report) => PageSection | undefined) | undefined {
  if (failure?.stage === "preflight") return findingsSection;
  return failure?.stage === "restore" ? restoreSection : undefined;
}

function body(report: Report): Content {
  const sections = listSections(report);
  return h(
    "body",
    null,
    h("a", { class: "skip", href: "#main" }, "Skip to the report"),
    renderMasthead(report),
    h(
      "div",
      { class: "columns" },
      contents(sections),
      h("main", { id: "main" }, renderFailure(report), renderNextSteps(report), sections.map(renderSection)),
    ),
    h("footer", null, footerText(report)),
  );
}

function contents(sections: readonly PageSection[]): Content {
  const items = sections.map(({ id, title }) => h("li", null, h("a", { href: `#${id}` }, title)));
  return h("nav", { "aria-label": "Sections of this report" }, h("ul", null, items));
}

function footerText({ toolVersion, finishedAt }: Report): string {
  const end = finishedAt === undefined ? "" : `, finished ${readableTime(finishedAt)}`;
  return `Migrate to Heroku Postgres ${visibleLine(toolVersion)}${end}. This page holds no secret and loads nothing.`;
}
