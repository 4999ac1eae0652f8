import { expect, test } from "vitest";
import { escapePattern, matchesAny } from "./pattern.ts";

test.each([
  ["google_ads", ["google_*"], true],
  ["my_google_ads", ["google_*"], false],
  ["a.b", ["a*b"], true],
  ["aXb", ["a.b"], false],
  ["two\nlines", ["two*"], true],
  ["(x|y)", ["(x|y)"], true],
  ["x", ["(x|y)"], false],
  ["anything", [], false],
])("%j against %j: %s", (name, patterns, expected) => {
  expect(matchesAny(name, patterns)).toBe(expected);
});

test("an escaped text matches itself and nothing else", () => {
  const odd = String.raw`a.b*c+(d)[e]{f}|g^h$i\j/k-l?`;
  expect(new RegExp(`^${escapePattern(odd)}$`).test(odd)).toBe(true);
  expect(new RegExp(`^${escapePattern("a.b")}$`).test("axb")).toBe(false);
});
