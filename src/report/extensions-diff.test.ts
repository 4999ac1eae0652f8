import { expect, test } from "vitest";
import type { ExtensionRow } from "../report.ts";
import { renderExtensionsCsv, renderExtensionsDiff } from "./extensions-diff.ts";

const row: ExtensionRow = {
  name: "hll|`<b>",
  sourceVersion: "2.20",
  sourceSchema: "public",
  targetVersion: null,
  class: "data-bearing",
  dependants: Array.from({ length: 12 }, (_, index) => `column u${index} of table public.visits`),
  action: "blocked",
  note: "not offered by the target\n| x |",
};

test("names cannot break the table, and long lists are cut", () => {
  const markdown = renderExtensionsDiff([row]);
  const lines = markdown.split("\n").filter((line) => line.startsWith("|"));
  expect(lines).toHaveLength(3);
  expect(lines[2]?.match(/(?<!\\)\|/gu)).toHaveLength(7);
  expect(markdown).toContain("and 2 more");
  expect(markdown).toContain("`` `<b> ``");
});

test("the CSV has every dependant", () => {
  expect(renderExtensionsCsv([row])).toContain("column u11 of table public.visits");
});
