import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { isTransient } from "../retry.ts";
import { Secret } from "../secret.ts";
import { type ApiCall, apiCause, apiError, isRefused, parseRetryAfter, withoutAccess } from "./api-error.ts";

const token = "11112222-3333-4444-5555-666677778888";
const call: ApiCall = { what: "read the app example", host: "api.heroku.com", secrets: [new Secret(token)] };

function failure(status: number | undefined, body?: unknown, extra: object = {}): Error {
  return Object.assign(new Error(`Expected response to be successful, got ${status}`), {
    statusCode: status,
    body,
    ...extra,
  });
}

describe("apiError", () => {
  test("says what, who answered what, and what to do", () => {
    const error = apiError(failure(403, { id: "two_factor", message: "A second factor" }), call, {
      status: 403,
      headers: {},
    });
    expect(error.message).toBe(
      "Could not read the app example: api.heroku.com answered 403 two_factor: A second factor.",
    );
    expect(error).toMatchObject({ code: "HEROKU_TWO_FACTOR" });
    expect(isTransient(error)).toBe(false);
  });

  test("shows the title of a web page, not the page", () => {
    const html = `<html><head><title>Application Error</title></head><body>${token}</body></html>`;
    const error = apiError(failure(503, html), call, { status: 503, headers: {} });
    expect(error.message).toContain("a web page instead of JSON (Application Error)");
    expect(isTransient(error)).toBe(true);
  });

  test.each([
    `{"from_url":"https://b.example.com/a.dump?X-Am-Signature=5ec2e7","to_url":"postgr`,
    `"num":7,"to_urnulls://u:5ec2e7@h/d"`,
    `[["5ec2e7"`,
  ])("shows nothing of an answer that was to be JSON and is damaged: %s", (body) => {
    const error = apiError(failure(500, body), call, { status: 500, headers: {} });
    expect(inspect(error)).not.toContain("5ec2e7");
    expect(error.message).toContain("damaged");
  });

  test("keeps nothing of the library's error but what is needed", () => {
    const url = "https://s.example.com/a?X-Amz-Signature=5ec2e7";
    const library = failure(
      422,
      { id: "invalid_params", message: `no ${url}, token ${token}`, backup_url: url },
      { headers: { a: token } },
    );
    const error = apiError(library, call, { status: 422, headers: { "set-cookie": [token] } });
    const printed = [inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error), error.stack].join();
    expect(printed).not.toContain(token);
    expect(printed).not.toContain("5ec2e7");
    expect(apiCause(error)).toMatchObject({ statusCode: 422, id: "invalid_params" });
  });

  test("keeps the server's wish to be left alone", () => {
    const error = apiError(failure(429, {}), call, { status: 429, headers: { "retry-after": "7" } });
    expect(apiCause(error)?.retryAfterMs).toBe(7_000);
  });
});

test.each([
  [{ status: 422, code: undefined }, true],
  [{ status: 429, code: undefined }, true],
  [{ status: 408, code: undefined }, false],
  [{ status: 503, code: undefined }, false],
  [{ status: 201, code: undefined }, false],
  [{ status: undefined, code: "ECONNREFUSED" }, true],
  [{ status: undefined, code: "ENOTFOUND" }, true],
  [{ status: undefined, code: "ECONNRESET" }, false],
  [{ status: undefined, code: undefined }, false],
])("isRefused: %j → %s", ({ status, code }, expected) => {
  expect(isRefused(apiError(failure(undefined, undefined, { code }), call, { status, headers: {} }))).toBe(expected);
});

test.each([
  ["3", 3_000],
  ["0", 0],
  ["99999", 300_000],
  ["Thu, 01 Jan 1970 00:00:12 GMT", 2_000],
  ["soon", undefined],
  [undefined, undefined],
])("parseRetryAfter(%j)", (header, expected) => {
  expect(parseRetryAfter(header, 10_000)).toBe(expected);
});

test("withoutAccess takes out whatever opens something", () => {
  const text = `from https://s/a?sig=1&X=2 to postgres://u:p%40w@h/d, OPTIONS ("user" 'a', password 'it''s'), CONNECTION 'host=h password=abc'`;
  expect(withoutAccess(text)).toBe(
    `from https://s/a?*** to postgres://***@h/d, OPTIONS ("user" 'a', password '***'), CONNECTION 'host=h password=***'`,
  );
});
