import { describe, expect, test } from "vitest";
import { type JournalDocument, isOwnTransfer, parseJournal } from "./journal.ts";

const restore = { startedAt: "2026-01-01T00:00:00Z", archiveKey: "p/app/db/1 1.dump", highestNumberBefore: 7 };
const journal: JournalDocument = { version: 1, runId: "1-1", startedAt: "", updatedAt: "", restore };
const transfer = {
  uuid: "u8",
  number: 8,
  toType: "pg_restore",
  sourcePlace: "https://s3.example.com/bucket/p/app/db/1%201.dump",
};

describe("isOwnTransfer", () => {
  test("knows a restore by its uuid, and then by nothing else", () => {
    const noted = { ...journal, restore: { ...restore, transferUuid: "u9" } };
    expect(isOwnTransfer(noted, { ...transfer, uuid: "u9", number: 3 })).toBe(true);
    expect(isOwnTransfer(noted, transfer)).toBe(false);
  });

  test.each([
    ["of our archive, after ours was sent", {}, true],
    ["whose source Heroku does not show", { sourcePlace: undefined }, true],
    ["from before", { number: 7 }, false],
    ["of another archive", { sourcePlace: "https://s3.example.com/bucket/other.dump" }, false],
    ["that is a backup", { toType: "gof3r" }, false],
  ])("where the answer was lost: a transfer %s", (_what, changes, expected) => {
    expect(isOwnTransfer(journal, { ...transfer, ...changes })).toBe(expected);
  });

  test("knows its safety backup", () => {
    const noted = { ...journal, backup: { startedAt: "", transferUuid: "b1" } };
    expect(isOwnTransfer(noted, { ...transfer, uuid: "b1", toType: "gof3r" })).toBe(true);
  });

  test("owns nothing once the migration was completed, or without a journal", () => {
    expect(isOwnTransfer({ ...journal, completedAt: "2026-01-01T00:00:00Z" }, transfer)).toBe(false);
    expect(isOwnTransfer(undefined, transfer)).toBe(false);
  });
});

test.each(["", "null", "[]", "7", "{", '{"version":2,"runId":"1"}', '{"version":1}'])("%s is no journal", (text) => {
  expect(parseJournal(text)).toBeUndefined();
});
