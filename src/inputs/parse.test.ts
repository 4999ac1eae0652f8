import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputsError } from "../errors.ts";
import { closestName } from "./closest-name.ts";
import { commands, inputDefinitions, renamedInputs } from "./definitions.ts";
import type { RawInputs } from "./inputs.ts";
import { parseInputs } from "./parse.ts";

const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";
const complete: RawInputs = {
  command: "migrate",
  "source-database-url": "postgres://app:hunter22x@db.example.com/shop",
  "heroku-api-key": "HRKU-0123456789",
  "heroku-app": "example-app",
  confirm: "example-app",
  bucket: "migrations",
};

function problemsOf(changes: RawInputs): readonly string[] {
  try {
    parseInputs({ ...complete, ...changes });
  } catch (error) {
    if (error instanceof InputsError) return error.problems;
    throw error;
  }
  return [];
}

describe("definitions", () => {
  // actions/github-script, which carries our bundle, has these inputs; the runner would write its values over ours.
  const githubScriptInputs = [
    "script",
    "github-token",
    "debug",
    "user-agent",
    "previews",
    "result-encoding",
    "retries",
    "retry-exempt-status-codes",
    "base-url",
  ];

  test("names are unique, kebab-case, and none of github-script's own", () => {
    const names = inputDefinitions.map((input) => input.name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/u);
    expect(names.filter((name) => githubScriptInputs.includes(name))).toEqual([]);
  });

  test("every default is one of the values, every description a sentence", () => {
    for (const { name, values, default: standard, description } of inputDefinitions) {
      if (values !== undefined && standard !== undefined) expect(values, name).toContain(standard);
      expect(description, name).toMatch(/^[A-Z0-9`].*\.$/su);
    }
  });

  test("a secret has no default", () => {
    expect(inputDefinitions.filter((input) => input.secret && input.default !== undefined)).toEqual([]);
  });

  test("renamed inputs point at ones that exist", () => {
    const names = inputDefinitions.map((input) => input.name);
    for (const [old, name] of Object.entries(renamedInputs)) {
      expect(names).toContain(name);
      expect(names).not.toContain(old);
    }
  });
});

describe("good inputs", () => {
  test("the least that a migration needs; everything else by default", () => {
    const inputs = parseInputs(complete);
    expect(inputs).toMatchObject({
      command: "migrate",
      provider: "auto",
      jobs: "auto",
      compression: "gzip",
      compressionLevel: "auto",
      archiveProof: "full",
      verify: "full",
      freezeSource: "off",
      accept: [],
      deadlineMinutes: 330,
      showIdentifiers: "auto",
      heroku: { app: "example-app", database: "DATABASE_URL", maintenanceMode: true, scaleDown: [], promote: false },
      bucket: {
        bucket: "migrations",
        prefix: "migrate-to-heroku-postgres/",
        region: "us-east-1",
        credentials: undefined,
      },
    });
    expect(inputs.source.location).toBe("db.example.com:5432/shop");
  });

  test.each(commands)("%s runs with exactly what it needs", (command) => {
    const needed = inputDefinitions.filter((input) => input.requiredFor?.includes(command)).map((input) => input.name);
    const raw = Object.fromEntries(needed.map((name) => [name, complete[name]]));
    expect(() => parseInputs({ ...raw, command })).not.toThrow();
    for (const missing of needed)
      expect(() => parseInputs({ ...raw, command, [missing]: "" })).toThrow(`${missing} is missing`);
  });

  test("empty texts are not given, as Actions passes them", () => {
    const empty = Object.fromEntries(inputDefinitions.map((input) => [input.name, ""]));
    expect(parseInputs({ ...empty, ...complete })).toEqual(parseInputs(complete));
  });

  test("lists by commas or lines, trimmed", () => {
    const inputs = parseInputs({
      ...complete,
      "exclude-schemas": " audit, tmp ,,\n old",
      "exclude-table-data": "public.events",
      "scale-down": "worker,clock",
      accept: "EXTENSION_NOT_OFFERED\nSIZE_LARGE",
    });
    expect(inputs.excludeSchemas).toEqual(["audit", "tmp", "old"]);
    expect(inputs.excludeTableData).toEqual([{ schema: "public", table: "events" }]);
    expect(inputs.heroku.scaleDown).toEqual(["worker", "clock"]);
    expect(inputs.accept).toEqual(["EXTENSION_NOT_OFFERED", "SIZE_LARGE"]);
    expect(parseInputs({ ...complete, "scale-down": "all" }).heroku.scaleDown).toBe("all");
  });

  test.each([
    ["backups", "backups/"],
    ["/backups/", "backups/"],
    ["a/b", "a/b/"],
  ])("prefix %s becomes %s", (given, prefix) => {
    expect(parseInputs({ ...complete, "bucket-prefix": given }).bucket.prefix).toBe(prefix);
  });

  test("a CA makes the connection verified", () => {
    expect(parseInputs({ ...complete, "source-ca": pem }).source).toMatchObject({ sslMode: "verify-full" });
  });

  test("cleanup needs nothing", () => {
    expect(parseInputs({ command: "cleanup" }).command).toBe("cleanup");
  });

  test("an app may be given by its id", () => {
    const app = "01234567-89ab-4cde-8f01-23456789abcd";
    expect(parseInputs({ ...complete, "heroku-app": app, confirm: app }).heroku.app).toBe(app);
  });
});

describe("bad inputs", () => {
  test("all mistakes at once, each with its name", () => {
    const problems = problemsOf({
      "source-database-url": "mysql://x",
      "heroku-api-key": "",
      confirm: "other-app",
      jobs: "many",
      compression: "brotli",
      "heroku-ap": "example-app",
    });
    expect(problems).toHaveLength(6);
    const joined = problems.join("\n");
    for (const name of ["source-database-url", "heroku-api-key", "confirm", "jobs", "compression", "heroku-app?"]) {
      expect(joined).toContain(name);
    }
  });

  test.each<[string, RawInputs, string]>([
    ["a misspelt name", { "keep-archiv": "true" }, '"keep-archiv" is not an input; did you mean keep-archive?'],
    ["a name of nothing", { zzz: "1" }, '"zzz" is not an input'],
    ["yes for true", { promote: "yes" }, 'promote is "yes", not true or false'],
    ["half a job", { jobs: "1.5" }, "jobs is not a whole number"],
    ["too many jobs", { jobs: "65" }, "jobs is not a number from 1 to 64"],
    ["a level of zstd for gzip", { "compression-level": "12" }, "compression-level is at most 9 for gzip"],
    ["promoting what nobody compared", { promote: "true", verify: "off" }, "promote needs verify"],
    ["confirm of another app", { confirm: "example-ap" }, "confirm does not equal heroku-app"],
    ["an app's URL", { "heroku-app": "https://x.herokuapp.com", confirm: "" }, "heroku-app is not an app's name"],
    ["half of a key pair", { "s3-access-key-id": "AKIA" }, "go together"],
    ["a token without keys", { "s3-session-token": "t" }, "s3-session-token needs"],
    ["half of a client certificate", { "source-client-cert": pem }, "go together"],
    ["a path for a CA", { "source-ca": "/etc/ca.pem" }, "give the file's content, not its path"],
    ["a table without its schema", { "exclude-table-data": "events" }, "not schema.table"],
    ["a sentence as a code", { accept: "extension not offered" }, "codes look like"],
    ["plain http", { "s3-endpoint": "http://minio.internal:9000" }, "s3-endpoint is not an https:// URL"],
    ["plain http that begins like loopback", { "s3-endpoint": "http://127.evil.example" }, "s3-endpoint is not"],
    ["a user in an endpoint", { "s3-endpoint": "https://u:hunter22x@s3.example.com" }, "without credentials"],
    ["a password in an endpoint", { "s3-endpoint": "https://:hunter22x@s3.example.com" }, "without credentials"],
    ["a query in an endpoint", { "heroku-api-url": "https://api.heroku.com/?x=1" }, "heroku-api-url is not"],
    ["a deadline beyond any job", { "deadline-minutes": "99999" }, "deadline-minutes is not a number"],
    ["retention beyond GitHub's", { "artifact-retention-days": "500" }, "artifact-retention-days is not"],
  ])("%s", (_, changes, message) => {
    expect(problemsOf(changes).join("\n")).toContain(message);
  });

  test("plain http is allowed on this machine only", () => {
    expect(problemsOf({ "s3-endpoint": "http://127.0.0.1:9000" })).toEqual([]);
    expect(problemsOf({ "s3-endpoint": "http://[::1]:9000" })).toEqual([]);
  });

  test("the preflight does not ask for confirm", () => {
    expect(problemsOf({ command: "preflight", confirm: "" })).toEqual([]);
    expect(problemsOf({ confirm: "" }).join()).toContain("confirm is missing");
  });

  test("whatever is given, the answer is inputs or a list of problems, and never a secret", () => {
    const secrets = inputDefinitions.filter((input) => input.secret).map((input) => input.name);
    const names = fc.constantFrom(...inputDefinitions.map((input) => input.name), "unknown");
    const text = fc.oneof(fc.string(), fc.constantFrom("true", "auto", "-1", "a.b", "https://x", "postgres://x"));
    fc.assert(
      fc.property(fc.dictionary(names, text, { maxKeys: 12 }), (raw) => {
        const marked = { ...raw, ...Object.fromEntries(secrets.map((name) => [name, `${raw[name] ?? ""}Tr0ub4dor`])) };
        try {
          expect(inspect(parseInputs(marked), { depth: 9 })).not.toContain("Tr0ub4dor");
        } catch (error) {
          expect(error).toBeInstanceOf(InputsError);
          expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("Tr0ub4dor");
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("closestName", () => {
  const known = inputDefinitions.map((input) => input.name);
  test.each([
    ["heroku_app", "heroku-app"],
    ["HEROKU-APP", "heroku-app"],
    ["source-database-ur", "source-database-url"],
    ["buckett", "bucket"],
    ["job", "jobs"],
  ])("%s means %s", (given, meant) => {
    expect(closestName(given, known)).toBe(meant);
  });

  test("says nothing rather than something far-fetched", () => {
    expect(closestName("completely-different-thing", known)).toBeUndefined();
  });

  test("a known name is closest to itself", () => {
    for (const name of known) expect(closestName(name, known)).toBe(name);
  });
});
