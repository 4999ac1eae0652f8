import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import {
  blockedReport,
  failedRestoreReport,
  hostileReport,
  hostileTexts,
  manyFindingsReport,
  mismatchReport,
  successReport,
  warningsReport,
} from "../../../test/fixtures/reports.ts";
import type { Report } from "../../report.ts";
import { redact } from "../../secret.ts";
import { renderPage } from "./page.ts";

function sectionsOf(report: Report): string[] {
  return [...renderPage(report).matchAll(/<section id="([\w-]+)"/gu)].map((match) => match[1] ?? "");
}

test("a success shows everything, the comparison first", () => {
  expect(sectionsOf(successReport())).toEqual([
    "next",
    "verification",
    "timeline",
    "plan",
    "throughput",
    "tables",
    "findings",
    "extensions",
    "settings",
    "connections",
    "losses",
    "edits",
    "restore",
    "artifacts",
  ]);
});

test("a failed restore shows where things stand, then the restore", () => {
  expect(sectionsOf(failedRestoreReport()).slice(0, 3)).toEqual(["failure", "next", "restore"]);
});

test("a gate shows its findings, then the planned window", () => {
  expect(sectionsOf(blockedReport()).slice(0, 3)).toEqual(["next", "findings", "timeline"]);
  expect(renderPage(warningsReport())).toContain("window to announce, 32 min");
});

test("the least that a run can have is a page", () => {
  const { version, toolVersion, startedAt, headline, app } = successReport();
  const least: Report = {
    version,
    toolVersion,
    command: "verify",
    startedAt,
    verdict: "interrupted",
    headline,
    nextSteps: [],
    app,
    stages: [],
    checks: [],
  };
  expect(sectionsOf(least)).toEqual([]);
  expect(renderPage(least)).toContain("Interrupted");
});

test("the policy names the very script and style of the page", () => {
  const html = renderPage(successReport());
  for (const element of ["script", "style"]) {
    const text = new RegExp(`<${element}>(.*?)</${element}>`, "su").exec(html)?.[1] ?? "";
    const hash = createHash("sha256").update(text).digest("base64");
    expect(text.length).toBeGreaterThan(100);
    expect(html).toContain(`${element}-src 'sha256-${hash}'`);
  }
});

test("a last search for secrets finds nothing to blank, so the hashes stay right", () => {
  for (const report of [successReport(), failedRestoreReport(), blockedReport()]) {
    const html = renderPage(report);
    expect(redact(html)).toBe(html);
  }
});

test("the same report gives the same bytes, and keeps its own order", () => {
  const report = mismatchReport();
  const copy = structuredClone(report);
  expect(renderPage(report)).toBe(renderPage(copy));
  expect(report).toEqual(copy);
});

test("no hostile text is markup", () => {
  const html = renderPage(hostileReport());
  expect(html.match(/<script/gu)).toHaveLength(1);
  for (const text of hostileTexts.filter((one) => one.includes("<"))) expect(html).not.toContain(text);
  expect(html).not.toMatch(/(?!\n)\p{Cc}|[\u202A-\u202E\u2066-\u2069]/u);
});

test("100,000 findings and a hundred thousand tables stay a page that a browser opens", () => {
  const report = manyFindingsReport(100_000);
  const table = successReport().tables![0]!;
  report.tables = Array.from({ length: 100_000 }, (_, index) => ({ ...table, table: `t_${index}` }));
  const html = renderPage(report);
  expect(html.length).toBeLessThan(12_000_000);
  expect(html).toContain("And 90,000 more rows, in verification.json.");
});
