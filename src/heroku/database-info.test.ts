import { expect, test } from "vitest";
import { parseDatabaseInfo } from "./database-info.ts";

function info(lines: Record<string, string | string[]>): object {
  return { info: Object.entries(lines).map(([name, values]) => ({ name, values: [values].flat() })) };
}

test("reads the lines that Heroku writes for people", () => {
  const parsed = parseDatabaseInfo(
    info({
      Plan: "Essential 0",
      Status: "Available",
      "Data Size": "7.72 MB / 1 GB (0.75%) (In compliance)",
      Tables: "12/4000",
      Connections: "3/20",
      "PG Version": "17.9",
      Rollback: "Unsupported",
      Region: "us",
    }),
  );
  expect(parsed).toMatchObject({
    planLabel: "Essential 0",
    isAvailable: true,
    dataSizeBytes: Math.round(7.72 * 1024 ** 2),
    dataLimitBytes: 1024 ** 3,
    tableCount: 12,
    tableLimit: 4000,
    connections: 3,
    connectionLimit: 20,
    postgresVersion: "17.9",
    majorVersion: 17,
    hasRollback: false,
    isFollower: false,
    region: "us",
  });
});

test("does not invent what Heroku does not know", () => {
  const parsed = parseDatabaseInfo(
    info({ "Data Size": "unknown usage / 1 GB", Tables: "unknown", Connections: "unknown/20", "PG Version": "?" }),
  );
  expect(parsed).toMatchObject({
    dataSizeBytes: undefined,
    tableCount: undefined,
    connections: undefined,
    postgresVersion: undefined,
    majorVersion: undefined,
  });
  expect(parsed).toMatchObject({ dataLimitBytes: 1024 ** 3, connectionLimit: 20 });
});

test("numbers at the top win over text", () => {
  const body = {
    ...info({ "Data Size": "1 MB / 64 GB", Tables: "5" }),
    num_bytes: 1_234_567,
    num_tables: 6,
    postgres_version: "16.4",
  };
  expect(parseDatabaseInfo(body)).toMatchObject({ dataSizeBytes: 1_234_567, tableCount: 6, majorVersion: 16 });
});

test.each([
  [{ info: [] }, true],
  [{ info: [], "waiting?": true }, false],
  [info({ Status: "Available" }), true],
  [info({ Status: "Preparing (75% completed)" }), false],
  [info({ Status: "Unavailable" }), false],
])("availability of %j", (body, expected) => {
  expect(parseDatabaseInfo(body).isAvailable).toBe(expected);
});

test.each([
  ["earliest from 2026-01-02 03:04 UTC", true],
  ["Unsupported", false],
  ["Unavailable", false],
])("rollback %j", (text, expected) => {
  expect(parseDatabaseInfo(info({ Rollback: text, "Continuous Protection": "On" })).hasRollback).toBe(expected);
});

test("URLs of leaders and followers stay out", () => {
  const body = {
    ...info({ Followers: ["postgres://u:p@h/d", "postgres://u:p@h/e"], Following: "postgres://u:p@l/d" }),
    resource_url: "postgres://u:p@h/d",
  };
  const parsed = parseDatabaseInfo(body);
  expect(parsed).toMatchObject({ isFollower: true, followers: 2 });
  expect(JSON.stringify(parsed)).not.toContain("://");
});

test.each([undefined, null, 7, "", [], {}, { info: "no" }, { info: [null, 3, { name: 1 }, { name: "Plan" }] }])(
  "survives %j",
  (body) => {
    if (typeof body === "object" && body !== null && !Array.isArray(body))
      expect(parseDatabaseInfo(body).isFollower).toBe(false);
    else expect(() => parseDatabaseInfo(body)).toThrow("Heroku's answer is not what was expected");
  },
);
