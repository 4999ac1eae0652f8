import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { findingCodes } from "../src/preflight/codes.ts";
import { findingsFile, renderFindings } from "./findings-doc.ts";

test("docs/findings.md is what the code says", async () => {
  expect(await readFile(findingsFile, "utf8")).toBe(renderFindings());
});

test("every code has its own section", () => {
  const page = renderFindings();
  for (const code of findingCodes) expect(page.split(`\n### ${code}\n`), code).toHaveLength(2);
});
