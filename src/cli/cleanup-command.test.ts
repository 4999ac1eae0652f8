import { expect, test } from "vitest";
import { cleanupCommand } from "./cleanup-command.ts";

test("repeats the run's flags and names its state", () => {
  const argv = ["migrate", "--heroku-app", "example-app", "--json", "--work-dir", "old", "--bucket=b"];
  expect(cleanupCommand(argv, "/tmp/w", {})).toBe(
    "migrate-to-heroku-postgres cleanup --work-dir /tmp/w --heroku-app example-app --bucket=b",
  );
  expect(cleanupCommand(["migrate", "--work-dir=x"], "/tmp/w", {})).not.toContain("x");
});

test("survives a shell", () => {
  expect(cleanupCommand(["migrate", "--bucket-prefix", "it's mine/"], "/tmp/a b", {})).toBe(
    String.raw`migrate-to-heroku-postgres cleanup --work-dir '/tmp/a b' --bucket-prefix 'it'\''s mine/'`,
  );
});

test("is started as the run was", () => {
  expect(cleanupCommand(["migrate"], "w", { npm_command: "exec" })).toMatch(
    /^npx migrate-to-heroku-postgres cleanup /u,
  );
});
