import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import { describe, expect, test } from "vitest";
import {
  blockedReport,
  failedRestoreReport,
  hostileReport,
  manyFindingsReport,
  mismatchReport,
  successReport,
  warningsReport,
} from "../../test/fixtures/reports.ts";
import { formatCount } from "../format.ts";
import { joinWithin } from "./summary-section.ts";
import { renderSummary } from "./summary.ts";

const mebibyte = 1024 * 1024;

function headings(markdown: string): string[] {
  return markdown.split("\n").filter((line) => /^#{1,2} /u.test(line));
}

interface Node {
  type: string;
  value?: string;
  children?: Node[];
}

function typesOf(node: Node): string[] {
  return [node.type, ...(node.children ?? []).flatMap(typesOf)];
}

function textOf(node: Node): string {
  return node.value ?? (node.children ?? []).map(textOf).join("");
}

function parse(markdown: string): Node {
  return fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
}

test("a success says so first, then what to do, then the evidence", () => {
  expect(headings(renderSummary(successReport()))).toEqual([
    "# ✅ Migrated: `acme-shop`",
    "## What to do now",
    "## Findings: 1 warning, 1 accepted",
    "## Extensions: source → Heroku",
    "## Plan against actual",
    "## Restore and verification",
    "## Where the evidence is",
  ]);
});

test("a blocked gate shows each finding with its remedy as SQL", () => {
  const summary = renderSummary(blockedReport());
  expect(headings(summary)[0]).toBe("# ⛔ Blocked: `acme-shop`");
  expect(headings(summary)).toContain("## Findings: 2 blocked, 1 could not be checked, 1 warning");
  expect(summary).toContain('```sql\ngrant usage on schema "audit", "billing" to "shop_owner";\n');
  expect(summary.indexOf("PRIVILEGE_MISSING")).toBeLessThan(summary.indexOf("CONNECTIONS_SCARCE"));
});

test("a failed restore says what state the target is in and which command leads back", () => {
  const summary = renderSummary(failedRestoreReport());
  expect(headings(summary)[1]).toBe("## What failed, and where things stand");
  expect(summary).toContain(
    "```sh\nheroku pg:backups:restore b002 DATABASE_URL --app acme-shop --confirm acme-shop\n```",
  );
});

test("a mismatch lists what differs", () => {
  const summary = renderSummary(mismatchReport());
  expect(summary).toContain("- table `public.orders` **row-count**: 8,114,902 rows on the source");
  expect(summary).toContain("| `public.orders` | +14 ~2 −0 |");
});

test("a gate shows its plan without a column for what has not happened", () => {
  expect(renderSummary(warningsReport())).toContain("|  | planned |\n");
});

describe("hostile names", () => {
  const summary = renderSummary(hostileReport());

  test("make no link, image, HTML or footnote", () => {
    const types = new Set(typesOf(parse(summary)));
    for (const type of [
      "html",
      "link",
      "image",
      "definition",
      "footnoteReference",
      "delete",
      "thematicBreak",
      "blockquote",
    ]) {
      expect(types).not.toContain(type);
    }
  });

  test("make no heading and no table cell of their own", () => {
    const titles = (parse(summary).children ?? []).filter((node) => node.type === "heading").map(textOf);
    const expected = /^(?:[^\p{L}\p{N}]+ |What |Findings|Extensions|Plan|Restore|Where)/u;
    expect(titles.filter((title) => !expected.test(title))).toEqual([]);
    const tables = (parse(summary).children ?? []).filter((node) => node.type === "table");
    for (const { children = [] } of tables) {
      const widths = new Set(children.map((row) => row.children?.length));
      expect(widths.size).toBe(1);
    }
  });

  test("start no workflow command and hide nothing", () => {
    expect(summary.replaceAll(/^(`{3,}).*?^\1$/gmsu, "")).not.toMatch(/^::/mu);
    expect(summary).not.toMatch(/(?!\n)[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069\u200B-\u200F\uFEFF]/u);
  });
});

describe("size", () => {
  test("100,000 findings stay far below the platform's limit and are all counted", () => {
    const summary = renderSummary(manyFindingsReport(100_000));
    expect(Buffer.byteLength(summary)).toBeLessThan(100_000);
    expect(summary).toContain(`## Findings: ${formatCount(100_002)} blocked`);
    expect(summary).toContain("And 99,974 more, in `report.html`");
    expect(summary).toContain("## Where the evidence is");
  });

  test("5,000 tables change nothing", () => {
    expect(Buffer.byteLength(renderSummary(successReport(5_000)))).toBeLessThan(20_000);
  });

  test("every text at its longest and worst still fits", () => {
    const long = "`|".repeat(500_000);
    const report = manyFindingsReport(5_000);
    for (const check of report.checks) {
      for (const finding of check.findings) {
        Object.assign(finding, {
          message: long,
          remedy: long,
          sql: long,
          objects: Array.from({ length: 1_000 }, () => long),
        });
      }
    }
    const summary = renderSummary({ ...report, headline: long, nextSteps: Array.from({ length: 1_000 }, () => long) });
    expect(Buffer.byteLength(summary)).toBeLessThan(mebibyte);
    expect(summary).toContain("## Where the evidence is");
  });

  test("the last guard drops whole blocks and says so", () => {
    const blocks = Array.from({ length: 100 }, (_, index) => `block ${index} ${"é".repeat(100)}`);
    const joined = joinWithin([{ blocks }], 5_000);
    expect(Buffer.byteLength(joined)).toBeLessThanOrEqual(5_000);
    expect(joined.endsWith("in the artifacts.*\n")).toBe(true);
    expect(joined.split("\n\n").slice(0, -1)).toEqual(blocks.slice(0, joined.split("\n\n").length - 1));
  });
});
