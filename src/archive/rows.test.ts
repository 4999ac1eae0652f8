import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inPieces } from "./fixtures/fixtures.ts";
import { RowCounter } from "./rows.ts";

function countRows(text: string, pieceBytes = text.length): number {
  const counter = new RowCounter();
  for (const piece of inPieces(Buffer.from(text), pieceBytes)) counter.push(piece);
  return counter.finish();
}

const end = "\\.\n\n\n";

test.each([
  ["no row", "", 0],
  ["rows of no columns", "\n\n\n", 3],
  ["rows", "1\ta\n2\tb\n", 2],
  ["values that look like the mark", "\\\\.\n.\n\\.x\nx\\.\n\\N\n", 5],
  ["rows longer than the inline search", `${"x".repeat(31)}\n${"y".repeat(32)}\n${"z".repeat(1000)}\n`, 3],
])("counts %s", (_what, rows, count) => {
  for (const pieceBytes of [1, 2, 3, 5, 1000]) expect(countRows(rows + end, pieceBytes)).toBe(count);
});

test("counts any rows in any pieces", () => {
  const row = fc
    .string({ unit: fc.constantFrom("a", "\\", ".", "\t", "\\."), maxLength: 40 })
    .filter((text) => text !== "\\.");
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 60 }),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
      (rows, cuts) => {
        const counter = new RowCounter();
        const text = Buffer.from(rows.map((value) => `${value}\n`).join("") + end);
        for (const piece of inPieces(text, ...cuts)) counter.push(piece);
        expect(counter.finish()).toBe(rows.length);
      },
    ),
    { numRuns: 300 },
  );
});

describe.each([1, 2, 1000])("in pieces of %i, refuses", (pieceBytes) => {
  test.each([
    ["no text at all", "", /no end-of-data mark/],
    ["rows without the mark", "1\n2\n", /no end-of-data mark/],
    ["a mark that is not on a line of its own", `1${end}`, /no end-of-data mark/],
    ["a mark without its lines", "1\n\\.\n\n", /cut short/],
    ["a cut mark", "1\n\\.", /no end-of-data mark/],
    ["two tables' text in one", `1\n${end}2\n${end}`, /text follows/],
    ["a mark in the middle, where servers would stop reading", `1\n\\.\n2\n${end}`, /text follows/],
    ["one line too many", `1\n${end}\n`, /text follows/],
  ])("%s", (_what, text, message) => {
    expect(() => countRows(text, pieceBytes)).toThrow(message);
  });
});
