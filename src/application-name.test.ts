import { expect, test } from "vitest";
import { applicationNameOf, sessionTag } from "./application-name.ts";

test("ends with the run, so that cleanup finds this run's sessions and no other's", () => {
  expect(applicationNameOf("reader", "8123456789-1")).toBe("migrate-to-heroku-postgres reader 8123456789-1");
});

test.each(["0b6f2e1c-90d6-4a3c-8a44-2f8a2d1e6f10-1", "x".repeat(300), "run with spaces", "☃"])(
  "fits into the server's 63 bytes with the whole tag: %s",
  (runId) => {
    const name = applicationNameOf("a rather long purpose", runId);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
    expect(name.endsWith(` ${sessionTag(runId)}`)).toBe(true);
    expect(sessionTag(runId)).toMatch(/^[\w-]+$/u);
  },
);
