import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MigrationError } from "../errors.ts";
import { Secret } from "../secret.ts";
import { isLocal, isLoopback, parseDatabaseUrl } from "./database-url.ts";

const what = "source-database-url";

function refusal(text: string): MigrationError {
  try {
    parseDatabaseUrl(text, what);
  } catch (error) {
    if (error instanceof MigrationError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("what a URL says", () => {
  test("all of it", () => {
    const url = parseDatabaseUrl("postgresql://app:p%40ss@db.example.com:6543/shop?sslmode=verify-full", what);
    expect(url).toMatchObject({
      host: "db.example.com",
      port: 6543,
      user: "app",
      database: "shop",
      sslMode: "verify-full",
    });
    expect(url.password.reveal()).toBe("p@ss");
  });

  test("any user, password and database survive percent-encoding", () => {
    const part = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(part, part, part, (user, password, database) => {
        // A path segment of dots is no name in any URL: `new URL` takes it away.
        fc.pre(database !== "." && database !== "..");
        const encoded = [user, password, database].map(encodeURIComponent);
        const url = parseDatabaseUrl(`postgres://${encoded[0]}:${encoded[1]}@h.example:5432/${encoded[2]}`, what);
        expect([url.user, url.password.reveal(), url.database]).toEqual([user, password, database]);
      }),
    );
  });

  test("spaces and line breaks around it, as a pasted secret has them", () => {
    expect(parseDatabaseUrl("  postgres://u:p@h/d \n", what).location).toBe("h:5432/d");
  });

  test.each<[string, string]>([
    ["postgres://u:p@/d?host=/cloudsql/p:r:i", "is not a URL"],
    ["postgres://u:p@localhost/d?host=/cloudsql/p:r:i", "/cloudsql/p:r:i:5432/d"],
    ["postgres://localhost?user=u&password=p&dbname=d", "localhost:5432/d"],
    ["postgres://u:p@[2001:db8::7]:5433/d", "2001:db8::7:5433/d"],
    ["postgres://u:p@h/d?port=5433", "h:5433/d"],
  ])("%s", (text, expected) => {
    if (expected.startsWith("is not")) expect(refusal(text).message).toContain(expected);
    else expect(parseDatabaseUrl(text, what).location).toBe(expected);
  });

  test("a plus in a parameter is a plus, as libpq reads it", () => {
    expect(parseDatabaseUrl("postgres://h/d?user=u&password=a+b%2Bc", what).password.reveal()).toBe("a+b+c");
  });
});

describe("sslmode", () => {
  const ca = "-----BEGIN CERTIFICATE-----";
  test.each<[string, string, { ca?: string }, string]>([
    ["encrypts unless told otherwise", "postgres://u:p@db.example.com/d", {}, "require"],
    ["a CA that was given is used, with the name", "postgres://u:p@db.example.com/d", { ca }, "verify-full"],
    ["a bare address has no name to compare", "postgres://u:p@203.0.113.7/d", { ca }, "verify-ca"],
    ["loopback is a tunnel or a proxy", "postgres://u:p@127.0.0.1/d", {}, "prefer"],
    ["a name that only begins like loopback is not", "postgres://u:p@127.0.0.1.example.com/d", {}, "require"],
    ["what the URL says wins", "postgres://u:p@db.example.com/d?sslmode=disable", { ca }, "disable"],
    ["the spelling of other drivers", "postgres://u:p@h/d?ssl=true", {}, "require"],
    ["no-verify encrypts without verifying", "postgres://u:p@h/d?sslmode=no-verify", {}, "require"],
  ])("%s", (_, text, tls, mode) => {
    expect(parseDatabaseUrl(text, what, tls).sslMode).toBe(mode);
  });
});

describe("what is refused, and how", () => {
  test.each([
    ["", "is empty"],
    ["mysql://u:p@h/d", "does not start with postgres://"],
    ["host=h user=u dbname=d", "does not start with postgres://"],
    ["postgres://u:p@h1,h2/d", "names several hosts"],
    ["postgres://h/d", "has no user"],
    ["postgres://u:p@h", "has no database name"],
    ["postgres://", "has no host and no user and no database name"],
    ["postgres://u:p@h:0/d", "port"],
    ["postgres://u:p@h:99999/d", "is not a URL"],
    ["postgres://u:p@h/d?sslmode=always", "has an sslmode that is not one of"],
    ["postgres://u:p@h/d?sslrootcert=/tmp/ca.pem", "give the PEM text as the input source-ca"],
    ["postgres://u:p@h/d?options=-csearch_path%3Dx", "has the parameter options"],
    ["postgres://u:p@h/d?pgbouncer=true", "is not known: pgbouncer"],
    ["postgres://u:100%@h/d", "broken percent-encoding"],
  ])("%s", (text, message) => {
    expect(refusal(text).message).toContain(message);
    expect(refusal(text).message).toMatch(/^source-database-url /u);
    expect(refusal(text)).toMatchObject({ code: "DATABASE_URL", hint: expect.stringContaining("percent-encoded") });
  });

  test.each(["/", "#", "?", "@", ":", "%", "/1", "?a=b&", "#x?", "1?", "22#", "80/"])(
    "a password with a raw %s is never repeated",
    (special) => {
      for (const password of [`tiger${special}hunter22x`, `12${special}hunter22x`, `${special}hunter22x`]) {
        let printed: string;
        try {
          printed = String(parseDatabaseUrl(`postgres://u:${password}@h.example/d`, what));
        } catch (error) {
          printed = inspect(error, { depth: 9, showHidden: true });
        }
        expect(printed).not.toContain("hunter22x");
        expect(printed).not.toContain("tiger");
      }
    },
  );

  test("no text at all makes it throw anything but our own error, or repeat a word of it", () => {
    const pieces = fc.constantFrom(
      "postgres://",
      "u",
      ":",
      "@",
      "h.example",
      "/",
      "?",
      "#",
      "%",
      ",",
      "[",
      "]",
      "=",
      "5",
      " ",
    );
    const text = fc.array(fc.oneof(pieces, fc.constant("Tr0ub4dor")), { maxLength: 14 }).map((list) => list.join(""));
    fc.assert(
      fc.property(text, (given) => {
        try {
          parseDatabaseUrl(given, what);
        } catch (error) {
          expect(error).toBeInstanceOf(MigrationError);
          expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("Tr0ub4dor");
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("how it prints", () => {
  const url = parseDatabaseUrl("postgres://app:hunter22x@db.example.com/shop", what, {
    clientKey: new Secret("k-e-y-k-e-y"),
  });

  test("without the password, however it is printed", () => {
    const prints = [`${url}`, JSON.stringify({ url }), inspect({ url }, { depth: 9 }), inspect(url.with({ port: 1 }))];
    for (const print of prints) {
      expect(print).toContain("postgres://app@db.example.com:");
      expect(print).not.toContain("hunter22x");
      expect(print).not.toContain("k-e-y");
    }
  });

  test("a changed copy keeps the rest", () => {
    const changed = url.with({ host: "127.0.0.1", port: 6000 });
    expect(changed.location).toBe("127.0.0.1:6000/shop");
    expect(changed.password.reveal()).toBe("hunter22x");
    expect(url.location).toBe("db.example.com:5432/shop");
  });
});

test.each([
  ["localhost", true],
  ["127.0.0.1", true],
  ["127.8.8.8", true],
  ["::1", true],
  ["[::1]", true],
  ["db.localhost", true],
  ["127.0.0.1.example.com", false],
  ["127.example.com", false],
  ["localhost.example.com", false],
  ["10.0.0.1", false],
  ["", false],
])("isLoopback(%j) is %s", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

test.each([
  ["/var/run/postgresql", true],
  ["127.0.0.1", true],
  ["db.example.com", false],
])("isLocal(%j) is %s", (host, expected) => {
  expect(isLocal(host)).toBe(expected);
});
