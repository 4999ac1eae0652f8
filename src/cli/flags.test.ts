import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { commands, inputDefinitions } from "../inputs/definitions.ts";
import { parseInputs } from "../inputs/parse.ts";
import { type Flags, readFlags } from "./flags.ts";
import { isFileOnly, listOptions, variableOf } from "./help.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "flags-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function fileOf(text: string): Promise<string> {
  const path = join(folder, `${Math.random()}`);
  await writeFile(path, text);
  return path;
}

async function read(argv: string[], environment: Record<string, string> = {}): Promise<Flags> {
  const flags = await readFlags(argv, "1.2.3", environment, () => {});
  if (flags === undefined) throw new Error("it printed help");
  return flags;
}

const environment = {
  SOURCE_DATABASE_URL: "postgres://app:hunter22x@db.example.com/shop",
  HEROKU_API_KEY: "HRKU-0123456789",
  HEROKU_APP: "example-app",
  BUCKET: "migrations",
  UNRELATED: "x",
};

describe("where inputs come from", () => {
  test("the environment", async () => {
    const { raw } = await read(["preflight"], environment);
    expect(raw).toEqual({
      command: "preflight",
      "source-database-url": environment.SOURCE_DATABASE_URL,
      "heroku-api-key": environment.HEROKU_API_KEY,
      "heroku-app": "example-app",
      bucket: "migrations",
    });
    expect(parseInputs(raw).heroku.app).toBe("example-app");
  });

  test("a flag goes before the environment", async () => {
    const { raw } = await read(["preflight", "--heroku-app", "other-app", "--bucket=b2"], environment);
    expect(raw).toMatchObject({ "heroku-app": "other-app", bucket: "b2" });
  });

  test("a secret from a file, whose last line break does no harm", async () => {
    const path = await fileOf("postgres://u:p@h.example/d\n");
    const { raw } = await read(["verify", "--source-database-url-file", path], environment);
    expect(parseInputs(raw).source.location).toBe("h.example:5432/d");
  });

  test("every input has one flag, and every flag reaches its input", async () => {
    const path = await fileOf("text");
    const onGitHubOnly = ["command", "artifacts", "artifact-retention-days"];
    for (const input of inputDefinitions.filter(({ name }) => !onGitHubOnly.includes(name))) {
      const argument = isFileOnly(input) ? [`--${input.name}-file`, path] : [`--${input.name}`, "text"];
      const { raw } = await read(["migrate", ...argument]);
      expect(raw, input.name).toEqual({ command: "migrate", [input.name]: "text" });
    }
  });

  test("variables have names that a shell can set", () => {
    for (const input of inputDefinitions) expect(variableOf(input)).toMatch(/^[A-Z][A-Z0-9_]*$/u);
  });

  test.each(commands)("%s is a command", async (command) => {
    expect((await read([command])).raw).toEqual({ command });
  });

  test("the rest of a run", async () => {
    expect(await read(["cleanup", "--json", "--work-dir", "/tmp/w"])).toMatchObject({
      json: true,
      workDirectory: "/tmp/w",
    });
    expect(await read(["cleanup"])).toMatchObject({ json: false, workDirectory: undefined });
  });
});

describe("mistakes", () => {
  async function mistake(argv: string[]): Promise<unknown> {
    return await read(argv).catch((error: unknown) => error);
  }

  test.each<[string, string[], string]>([
    ["no command", [], "No command was given."],
    ["an unknown command", ["migrat"], "unknown command 'migrat'"],
    ["a misspelt flag", ["preflight", "--heroku-ap", "x"], "Did you mean --heroku-app?"],
    ["a flag without its value", ["preflight", "--bucket"], "argument missing"],
    ["a word too many", ["preflight", "now"], "too many arguments"],
    [
      "a file that is not there",
      ["preflight", "--source-ca-file", "/nowhere/ca.pem"],
      "--source-ca-file cannot be read",
    ],
  ])("%s", async (_, argv, message) => {
    expect(await mistake(argv)).toMatchObject({
      code: "USAGE",
      message: expect.stringContaining(message),
      hint: expect.stringMatching(/\.$/u),
    });
  });

  test.each(inputDefinitions.filter(isFileOnly).map(({ name }) => name))(
    "--%s as a flag is refused without its value",
    async (name) => {
      for (const argv of [[`--${name}=hunter22x`], [`--${name}`, "hunter22x"]]) {
        const error = await mistake(["preflight", ...argv]);
        expect(error).toMatchObject({ code: "USAGE", hint: expect.stringContaining(`--${name}-file`) });
        expect(inspect(error)).not.toContain("hunter22x");
      }
    },
  );

  test.each(["--heroku-api-kye=hunter22x", "--password='hunter22x'", "--x=a'b\nhunter22x"])(
    "what stands behind an unknown flag is not repeated: %j",
    async (argument) => {
      expect(inspect(await mistake(["preflight", argument]), { depth: 9 })).not.toContain("hunter22x");
    },
  );
});

describe("help", () => {
  test("is printed, and nothing runs", async () => {
    const printed: string[] = [];
    expect(await readFlags(["--version"], "1.2.3", {}, (text) => printed.push(text))).toBeUndefined();
    expect(await readFlags(["migrate", "--help"], "1.2.3", {}, (text) => printed.push(text))).toBeUndefined();
    expect(printed[0]).toBe("1.2.3\n");
    expect(printed.join("")).toContain("--heroku-app");
  });

  test("a command lists first what it cannot do without", () => {
    const needed = listOptions("migrate").filter((option) => option.helpGroupHeading === "Needed:");
    expect(needed.map((option) => option.long)).toEqual([
      "--source-database-url-file",
      "--heroku-api-key-file",
      "--heroku-app",
      "--confirm",
      "--bucket",
    ]);
    expect(listOptions("cleanup").some((option) => option.helpGroupHeading === "Needed:")).toBe(false);
  });
});
