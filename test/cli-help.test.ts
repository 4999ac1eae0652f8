import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readFlags } from "../src/cli/flags.ts";
import { commands } from "../src/inputs/definitions.ts";

async function helpOf(...argv: string[]): Promise<string> {
  let printed = "";
  await readFlags([...argv, "--help"], "0.0.0", {}, (text) => (printed += text));
  return printed;
}

describe("--help", () => {
  test("says what it is, how to begin, where secrets go and what the exit codes mean", async () => {
    expect(await helpOf()).toMatchSnapshot();
  });

  test.each(commands)("of %s", async (command) => {
    expect(await helpOf(command)).toMatchSnapshot();
  });

  test("fits a terminal of eighty columns, but for one URL and one command to copy", async () => {
    const text = [await helpOf(), ...(await Promise.all(commands.map((command) => helpOf(command))))].join("\n");
    const wide = new Set(text.split("\n").filter((line) => line.length > 80));
    expect(wide.size).toBeLessThanOrEqual(2);
    for (const line of wide) expect(line.length).toBeLessThanOrEqual(90);
  });

  test("the shipped program prints the same", async () => {
    const program = fileURLToPath(new URL("../bin/migrate-to-heroku-postgres.js", import.meta.url));
    const printed = execFileSync(process.execPath, [program, "migrate", "--help"], { encoding: "utf8" });
    expect(printed).toBe(await helpOf("migrate"));
  });
});
