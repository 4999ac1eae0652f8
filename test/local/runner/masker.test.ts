import { expect, test } from "vitest";
import { SecretMasker } from "./masker.ts";

function masker(...values: string[]): SecretMasker {
  const created = new SecretMasker();
  values.forEach((value) => created.addLines(value));
  return created;
}

test("overlapping and touching secrets become one mark", () => {
  const known = masker("abcdef", "defghi", "jkl");
  expect(known.mask("xabcdefghijklx")).toBe("x***x");
  expect(known.mask("abcdef-jkl")).toBe("***-***");
});

test("a secret of several lines is masked whole and line by line", () => {
  expect(masker("first line\r\n  second line \n").mask("second line, first line")).toBe("***, ***");
});

test("the encodings of the real runner, and no other", () => {
  const secret = `"it's" a&b <c>\u2028/é`;
  const known = masker(secret);
  const escaped = String.raw`\"it's\" a&b <c>\u2028/é`;
  const forms = [
    secret,
    ...[0, 1, 2].map((shift) => Buffer.from(secret).subarray(shift).toString("base64")),
    secret.replaceAll('"', '\\"'),
    secret.replaceAll("'", "''"),
    escaped,
    "%22it%27s%22%20a%26b%20%3Cc%3E%E2%80%A8%2F%C3%A9",
    "&quot;it&apos;s&quot; a&amp;b &lt;c&gt;\u2028/é",
  ];
  expect(forms.map((form) => known.mask(`[${form}]`))).toEqual(forms.map(() => "[***]"));
  const unknown = [secret.toUpperCase(), Buffer.from(secret).toString("hex"), secret.slice(1, -1)];
  expect(unknown.map((form) => known.mask(form))).toEqual(unknown);
});

test("a quoted secret is known without its quotes, and PowerShell's halves around an ampersand", () => {
  expect(masker('"quoted-value"').mask("quoted-value")).toBe("***");
  expect(masker("first-half&second-half").mask("first-half& / second-half")).toBe("*** / ***");
  expect(masker("first-half&+second-half").mask("first-half&+ / econd-half")).toBe("*** / ***");
});
