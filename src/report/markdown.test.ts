import fc from "fast-check";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import { describe, expect, test } from "vitest";
import { hostileTexts } from "../../test/fixtures/reports.ts";
import { code, codeBlock, link, prose, table } from "./markdown.ts";
import { visibleLine } from "./visible-text.ts";

interface Node {
  type: string;
  value?: string;
  children?: Node[];
}

function parse(markdown: string): Node {
  return fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
}

function typesOf(node: Node): string[] {
  return [node.type, ...(node.children ?? []).flatMap(typesOf)];
}

function textOf(node: Node): string {
  return node.value ?? (node.children ?? []).map(textOf).join("");
}

/** What GitHub's filters, which come after Markdown, would still link: they look at text outside of code. */
function plainTextOf(node: Node): string {
  return node.type === "inlineCode"
    ? ""
    : node.type === "text"
      ? (node.value ?? "")
      : (node.children ?? []).map(plainTextOf).join(" ");
}

const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc
    .array(
      fc.constantFrom(...hostileTexts, ..."`*_[]()<>#|~!\\$@&\n -+=1.:/".split(""), "www.", "https://a.b", "GH-1"),
      {
        maxLength: 12,
      },
    )
    .map((parts) => parts.join("")),
);

describe("prose", () => {
  test.each(hostileTexts)("%j is one paragraph of text and code", (text) => {
    const tree = parse(`${prose(text)} end`);
    expect(new Set(typesOf(tree))).toEqual(
      new Set(["root", "paragraph", "text", ...(typesOf(tree).includes("inlineCode") ? ["inlineCode"] : [])]),
    );
    const bare = (value: string): string => value.replaceAll(/[`\s]/gu, "");
    expect(bare(textOf(tree))).toBe(bare(`${visibleLine(text)} end`));
  });

  test("no text becomes anything but text and code, and none of it is lost", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const tree = parse(`Found: ${prose(text)}`);
        expect(typesOf(tree).filter((type) => !["root", "paragraph", "text", "inlineCode"].includes(type))).toEqual([]);
        expect(plainTextOf(tree)).not.toMatch(/@|:\/\/|www\.|#\d/iu);
      }),
      { numRuns: 600 },
    );
  });

  test("names in backticks are code", () => {
    expect(prose("Run `heroku pg:info` for `a`.")).toBe("Run `heroku pg:info` for `a`.");
  });

  test("addresses and mentions can be copied, not followed", () => {
    expect(prose("see https://heroku.com/x, ask @octocat")).toBe("see `https://heroku.com/x,` ask `@octocat`");
  });

  test("long text is cut", () => {
    expect(prose("a".repeat(5_000))).toHaveLength(1_000);
  });
});

describe("code", () => {
  test("any name comes back whole from one table cell", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const name = visibleLine(text);
        fc.pre(name.trim() !== "" && name.length < 100);
        const tree = parse(table(["name", "size"], [[code(text), "1 B"]]));
        expect(typesOf(tree).filter((type) => type === "tableCell")).toHaveLength(4);
        expect(
          typesOf(tree).filter(
            (type) => !["root", "table", "tableRow", "tableCell", "text", "inlineCode"].includes(type),
          ),
        ).toEqual([]);
        expect(textOf(tree).replaceAll(/\s/gu, "")).toBe(`namesize${name}1B`.replaceAll(/\s/gu, ""));
      }),
      { numRuns: 600 },
    );
  });

  test("a pipe, a backtick and a backslash survive", () => {
    expect(code("a|b")).toBe("`a`&#124;`b`");
    expect(code("a`b")).toBe("`` a`b ``");
    expect(code("a\\")).toBe("`a\\`");
  });
});

describe("codeBlock", () => {
  test("no content gets out of the block", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const tree = parse(codeBlock(text, "sql").split("\n\nCharacters")[0] ?? "");
        expect(typesOf(tree)).toEqual(["root", "code"]);
      }),
      { numRuns: 600 },
    );
  });

  test("says when characters were made visible", () => {
    expect(codeBlock('drop table "\u202Ex"', "sql")).toBe(
      '```sql\ndrop table "⟨U+202E⟩x"\n```\n\nCharacters that cannot be seen stand as `⟨U+…⟩`.',
    );
  });
});

test("links lead to plain https addresses only", () => {
  expect(link("`a`", "https://github.com/acme/shop/actions/runs/1/artifacts/2")).toBe(
    "[`a`](https://github.com/acme/shop/actions/runs/1/artifacts/2)",
  );
  for (const url of [
    "javascript:alert(1)",
    "https://a.b/) [x](",
    "http://a.b/",
    "https://a.b/?X-Amz-Signature=1",
    undefined,
  ]) {
    expect(link("a", url)).toBe("a");
  }
});
