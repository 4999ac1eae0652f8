import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Secret, derivedForms, redact, redactAll } from "./secret.ts";

const value = "p@ss/w0rd#%+x";

describe("Secret", () => {
  test("shows nothing however it is printed", () => {
    const secret = new Secret(value);
    const prints = [
      String(secret),
      `${secret}`,
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ deep: { secret } }, { depth: 9, showHidden: true }),
      JSON.stringify(Object.entries(secret)),
      String(Object.values(structuredClone(secret) as object)),
    ];
    for (const print of prints) expect(print).not.toContain("w0rd");
  });

  test("reveals its value to who asks", () => {
    expect(new Secret(value).reveal()).toBe(value);
    expect(new Secret("").isEmpty).toBe(true);
    expect(new Secret(" ").isEmpty).toBe(false);
  });
});

describe("derivedForms", () => {
  test("raw, decoded, encoded, as Basic credentials, and inside JSON", () => {
    const forms = derivedForms('a"b%20c');
    expect(forms).toContain('a"b%20c');
    expect(forms).toContain('a"b c');
    expect(forms).toContain("a%22b%20c");
    expect(forms).toContain(Buffer.from(':a"b%20c').toString("base64"));
    expect(forms).toContain(String.raw`a\"b c`);
  });

  test("leaves out fragments that ordinary words contain", () => {
    expect(derivedForms("abc")).not.toContain("abc");
    expect(derivedForms("").every((form) => form.length >= 4)).toBe(true);
  });

  test("takes any text, broken escapes and lone surrogates included", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("100%", "%E0%A4%A", "\uD800abc")), (text) => {
        expect(derivedForms(text)).toBeInstanceOf(Array);
      }),
    );
  });
});

describe("redact", () => {
  test.each([
    ["a password in a URL", "postgres://u:hunter22@db.example.com/app", "hunter22"],
    ["one that holds an @", "postgres://u:hunter22@tail@db.example.com/app", "tail"],
    ["one without a user", "redis://:hunter22@cache", "hunter22"],
    ["a signature of S3", "https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature=abcdef0123", "abcdef0123"],
    ["a session token", "https://b/k?X-Amz-Security-Token=FwoGZXIvYXdz%2F&X-Amz-Date=1", "FwoGZXIvYXdz"],
    ["a signature of Google", "https://b/k?a=1&X-Goog-Signature=deadbeef01", "deadbeef01"],
    ["a signature of Azure", "https://b.blob.core.windows.net/k?sv=1&sig=Zm9vYmFy%3D", "Zm9vYmFy"],
    ["a bearer token", "Authorization: Bearer 01234567-89ab-cdef", "01234567-89ab"],
    ["basic credentials", "authorization: basic OmFiY2RlZmdo", "OmFiY2RlZmdo"],
    ["a Heroku key", "token HRKU-AAbbCCddEEff_123 refused", "AAbbCCddEEff"],
    ["an Aiven password", "password AVNS_q1w2e3r4t5", "q1w2e3r4t5"],
  ])("%s", (_, text, secret) => {
    expect(redact(text)).not.toContain(secret);
    expect(redact(text)).toContain("***");
  });

  test.each([
    "The source db.example.com:5432/app refused the connection.",
    "https://bucket.s3.eu-west-1.amazonaws.com/key?X-Amz-Date=20260101T000000Z&X-Amz-Expires=3600",
    "postgres://reader@db.example.com:5432/app",
    "mail admin@example.com at 12:30",
  ])("leaves alone: %s", (text) => {
    expect(redact(text)).toBe(text);
  });

  test("keeps what identifies the place", () => {
    expect(redact("postgres://u:hunter22@db.example.com/app")).toBe("postgres://u:***@db.example.com/app");
    expect(redact("https://b/k?X-Amz-Signature=abc&x=1")).toBe("https://b/k?X-Amz-Signature=***&x=1");
  });
});

describe("redactAll", () => {
  // Printable, and none of the characters that the blank itself is made of.
  const secretText = fc.stringMatching(/^[!-)+-~]{4,24}$/u);
  const around = fc.stringMatching(/^[ a-z]{0,10}$/u);

  test("no form of a known secret survives", () => {
    fc.assert(
      fc.property(secretText, around, around, (text, before, after) => {
        const secret = new Secret(text);
        for (const form of derivedForms(text)) {
          expect(redactAll(`${before} ${form} ${after}`, [secret])).not.toContain(form);
        }
      }),
    );
  });

  test("a secret that contains another is blanked whole", () => {
    const text = redactAll("key abcd-efgh-ijkl end", [new Secret("abcd"), new Secret("abcd-efgh-ijkl")]);
    expect(text).toBe("key *** end");
  });

  test("a secret with regular expression characters is text", () => {
    expect(redactAll("a $&.* b", [new Secret("$&.*")])).toBe("a *** b");
  });
});

test.each([0, 1, 2])("a secret inside a longer base64 text, %i bytes after a group's start, is blanked", (offset) => {
  const password = "correct horse battery";
  const text = Buffer.from(`${"x".repeat(offset)}${password}, and more`).toString("base64");
  const hidden = redactAll(text, [new Secret(password)]);
  expect(Buffer.from(hidden.replaceAll("***", ""), "base64").toString("latin1")).not.toContain("horse");
  expect(hidden).toContain("***");
});
