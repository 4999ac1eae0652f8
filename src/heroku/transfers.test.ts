import { describe, expect, test } from "vitest";
import { parseTime } from "./fields.ts";
import { parseTransfer, placeOf } from "./transfers.ts";

const raw = {
  uuid: "7f8e9d0c-1b2a-4938-8756-0123456789ab",
  num: 7,
  from_name: "BACKUP",
  from_type: "htcat",
  from_url: "https://store.example.com/a.dump?X-Amz-Signature=5ec2e7",
  to_name: "DATABASE",
  to_type: "pg_restore",
  to_url: "postgres://u:pw@h/d",
  source_bytes: null,
  processed_bytes: 0,
  succeeded: null,
  warnings: 0,
  created_at: "2017-08-31 10:28:08 +0000",
  started_at: null,
  canceled_at: null,
  updated_at: "2017-08-31 10:28:08 +0000",
  finished_at: null,
};
const time = "2017-08-31 10:30:00 +0000";

describe("parseTransfer", () => {
  test.each([
    [{}, "pending"],
    [{ started_at: time }, "running"],
    [{ started_at: time, canceled_at: time }, "running"],
    [{ started_at: time, finished_at: time, succeeded: true, warnings: 3 }, "succeeded"],
    [{ started_at: time, finished_at: time, succeeded: false }, "failed"],
    [{ started_at: time, finished_at: time, succeeded: false, canceled_at: time }, "canceled"],
    [{ finished_at: "some day", succeeded: null }, "failed"],
  ])("%j is %s", (changes, state) => {
    expect(parseTransfer({ ...raw, ...changes }).state).toBe(state);
  });

  test("leaves the URLs behind", () => {
    const transfer = parseTransfer(raw);
    expect(transfer).toMatchObject({ number: 7, name: "r007", createdAt: new Date("2017-08-31T10:28:08Z") });
    expect(JSON.stringify(transfer)).not.toMatch(/5ec2e7|pw/u);
  });

  test.each([
    ["pg_dump", "gof3r", "b007"],
    ["htcat", "pg_restore", "r007"],
    ["pg_dump", "pg_restore", "c007"],
  ])("from %s to %s is listed as %s", (from_type, to_type, name) => {
    expect(parseTransfer({ ...raw, from_type, to_type }).name).toBe(name);
  });

  test("is nothing without a uuid", () => {
    expect(() => parseTransfer({ num: 7 })).toThrow("no uuid");
  });
});

test.each([
  ["2017-08-31 10:28:08 +0000", "2017-08-31T10:28:08.000Z"],
  ["2017-08-31 10:28:08 +0200", "2017-08-31T08:28:08.000Z"],
  ["2017-08-31 10:28:08 UTC", "2017-08-31T10:28:08.000Z"],
  ["2017-08-31T10:28:08.5Z", "2017-08-31T10:28:08.500Z"],
  ["2017-08-31T10:28:08+02:00", "2017-08-31T08:28:08.000Z"],
  ["2017-08-31 10:28:08", "2017-08-31T10:28:08.000Z"],
])("parseTime reads %j", (text, iso) => {
  expect(parseTime(text)?.toISOString()).toBe(iso);
});

test.each([undefined, "", "yesterday", "2017-99-99 10:28:08 +0000"])("parseTime makes nothing of %j", (text) => {
  expect(parseTime(text)).toBeUndefined();
});

test("placeOf tells archives apart by what does not change when they are signed anew", () => {
  expect(placeOf("https://s.example.com/a/b.dump?X-Amz-Signature=1")).toBe("https://s.example.com/a/b.dump");
  expect(placeOf("postgres://u:p@h/d")).toBeUndefined();
  expect(placeOf("nonsense")).toBeUndefined();
});
