import { expect, test } from "vitest";
import type { Setting } from "./catalog/settings.ts";
import { compareSettings } from "./settings-diff.ts";

function setting(name: string, value: string, context = "user", unit: string | null = null): Setting {
  return { name, value, unit, context, category: "", source: "default" };
}

test("one verdict per setting of either side", () => {
  const source = [
    setting("TimeZone", "Asia/Tokyo"),
    setting("work_mem", "4096", "user", "kB"),
    setting("max_connections", "100", "postmaster"),
    setting("lc_messages", "de_DE", "superuser"),
    setting("rds.force_ssl", "1", "sighup"),
    setting("jit", "on"),
    setting("application_name", "a"),
  ];
  const target = [
    setting("TimeZone", "UTC"),
    setting("work_mem", "8192", "user", "kB"),
    setting("max_connections", "500", "postmaster"),
    setting("lc_messages", "C", "superuser"),
    setting("jit", "on"),
    setting("transaction_timeout", "0", "user", "ms"),
  ];
  const verdicts = Object.fromEntries(compareSettings(source, target).map(({ name, verdict }) => [name, verdict]));
  expect(verdicts).toEqual({
    TimeZone: "changes-behaviour",
    work_mem: "harmless",
    max_connections: "cannot-be-set",
    lc_messages: "cannot-be-set",
    "rds.force_ssl": "harmless",
    jit: "same",
    transaction_timeout: "harmless",
  });
});
