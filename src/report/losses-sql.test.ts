import { expect, test } from "vitest";
import { renderLossesSql } from "./losses-sql.ts";

test("no line of a name or a command ends its comment", () => {
  const sql = renderLossesSql([
    {
      kind: "job",
      description: "nightly\n; drop table a",
      original: "select 1\r\ndrop table b\u2028drop table c\fdrop table d",
    },
    { kind: "grant", description: "app", sql: "grant select on a to app" },
  ]);
  const statements = sql.split("\n").filter((line) => line !== "" && !line.startsWith("--"));
  expect(statements).toEqual(["grant select on a to app;"]);
});
