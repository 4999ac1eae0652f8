import { expect, test } from "vitest";
import { renderCsv } from "./csv.ts";

test("quotes what must be quoted, and leaves null empty", () => {
  expect(
    renderCsv(
      ["a", "b"],
      [
        ['say "hi"', null],
        ["x,y", "two\nlines"],
        [" padded ", 3],
      ],
    ),
  ).toBe('a,b\n"say ""hi""",\n"x,y","two\nlines"\n" padded ",3\n');
});

test.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])("%j is no formula any more", (text) => {
  const [, line = ""] = renderCsv(["a"], [[text]]).split(/\n(?=.)/u);
  expect(line.replace(/^"/u, "")).toMatch(/^'/u);
});

test("a negative number stays a number", () => {
  expect(renderCsv(["a"], [[-5]])).toBe("a\n-5\n");
});
