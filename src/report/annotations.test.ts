import { expect, test } from "vitest";
import {
  blockedReport,
  failedRestoreReport,
  hostileReport,
  manyFindingsReport,
  mismatchReport,
  successReport,
  warningsReport,
} from "../../test/fixtures/reports.ts";
import { listAnnotations } from "./annotations.ts";

function levels(report: Parameters<typeof listAnnotations>[0]): string[] {
  return listAnnotations(report).map(({ level, title }) => `${level} ${title}`);
}

test("a success needs nobody", () => {
  expect(levels(successReport())).toEqual([]);
});

test("a gate with warnings names those that nobody accepted", () => {
  expect(levels(warningsReport())).toEqual(["warning SETTING_CHANGES_BEHAVIOUR"]);
});

test("a blocked gate names what blocks first", () => {
  expect(levels(blockedReport())).toEqual([
    "error PRIVILEGE_MISSING",
    "error EXTENSION_NOT_OFFERED",
    "error CONNECTIONS_SCARCE",
    "warning SETTING_CHANGES_BEHAVIOUR",
  ]);
});

test("a failure says what to do and what state the target is in", () => {
  const [first] = listAnnotations(failedRestoreReport());
  expect(first?.title).toBe("acme-shop: restore failed");
  expect(first?.message).toContain("half filled");
  expect(first?.message).toContain("credentials that live at least 4 hours");
});

test("a mismatch is an error", () => {
  expect(levels(mismatchReport())[0]).toBe("error acme-shop: not the same as the source");
});

test("many findings of a code are one annotation", () => {
  const [first] = listAnnotations(manyFindingsReport(2_000));
  expect(first?.message).toContain("(and 2,000 more findings of this code)");
  expect(listAnnotations(manyFindingsReport(2_000))).toHaveLength(4);
});

test("stays within the platform's limits, on one line, whatever the names", () => {
  const report = hostileReport();
  report.failure = { stage: "dump", message: "x".repeat(10_000), targetState: "y\n::error::z" };
  const annotations = listAnnotations(report);
  expect(annotations.length).toBeLessThanOrEqual(10);
  for (const { title, message } of annotations) {
    expect(message.length).toBeLessThanOrEqual(4_096);
    expect(`${title}${message}`).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  }
});
