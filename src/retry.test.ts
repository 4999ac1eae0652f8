import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MigrationError } from "./errors.ts";
import { isTransient, nextDelayMs, retryPolicies, withRetries } from "./retry.ts";

function failure(facts: Record<string, unknown>, message = "no"): Error {
  return Object.assign(new Error(message), facts);
}

describe("isTransient", () => {
  test.each<[string, Error]>([
    ["a reset socket", failure({ code: "ECONNRESET" })],
    ["a server that is starting", failure({ code: "57P03" })],
    ["a terminated session", failure({ code: "57P01" })],
    ["any connection exception of SQL", failure({ code: "08006" })],
    ["too many connections", failure({ code: "53300" })],
    ["a rate limit", failure({ statusCode: 429 })],
    ["a gateway's failure", failure({ status: 503 })],
    ["an S3 error by status", failure({ $metadata: { httpStatusCode: 500 } })],
    ["an S3 error by name", failure({ name: "SlowDown" })],
    ["what node-postgres says of a lost socket", failure({}, "Connection terminated unexpectedly")],
    ["what undici says of one", failure({}, "other side closed")],
    ["a cause further down", new Error("uploading", { cause: failure({ code: "EPIPE" }) })],
    ["one of several", new AggregateError([failure({ code: "ENOTFOUND" }), failure({ code: "ETIMEDOUT" })], "")],
    ["what says so itself", failure({ retryable: true, statusCode: 403 })],
  ])("%s may succeed later", (_, error) => {
    expect(isTransient(error)).toBe(true);
  });

  test.each<[string, unknown]>([
    ["a wrong password", failure({ code: "28P01" })],
    ["a missing table", failure({ code: "42P01" })],
    ["a full disk", failure({ code: "53100" })],
    ["an unknown host", failure({ code: "ENOTFOUND" })],
    ["forbidden", failure({ statusCode: 403 })],
    ["not found", failure({ statusCode: 404 })],
    ["a refusal with a transient cause", failure({ statusCode: 403, cause: failure({ code: "ECONNRESET" }) })],
    ["what says so itself", failure({ retryable: false, code: "ECONNRESET" })],
    ["a code that is a property of every object", failure({ code: "constructor" })],
    ["our own error", new MigrationError("wrong input")],
    ["a text", "ECONNRESET"],
    ["nothing", undefined],
  ])("%s will not", (_, error) => {
    expect(isTransient(error)).toBe(false);
  });
});

describe("nextDelayMs", () => {
  const policy = fc
    .record({ baseMs: fc.integer({ min: 1, max: 5000 }), extraMs: fc.integer({ min: 0, max: 60_000 }) })
    .map(({ baseMs, extraMs }) => ({ tries: 5, baseMs, capMs: baseMs + extraMs }));

  test("stays between base and cap, and within three times the one before", () => {
    fc.assert(
      fc.property(policy, fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(60_000), (given, chance, extraMs) => {
        const previousMs = given.baseMs + extraMs;
        const nextMs = nextDelayMs(given, previousMs, () => chance);
        expect(nextMs).toBeGreaterThanOrEqual(given.baseMs);
        expect(nextMs).toBeLessThanOrEqual(Math.min(given.capMs, previousMs * 3));
      }),
    );
  });
});

describe("withRetries", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const what = "uploading part 7";
  const policy = { tries: 3, baseMs: 100, capMs: 1000 };

  /** Fails with the given errors, one a try, then succeeds. */
  function failing(...errors: Error[]) {
    return vi.fn<(tryNumber: number) => Promise<string>>(async (tryNumber) => {
      const error = errors[tryNumber - 1];
      if (error) throw error;
      return "done";
    });
  }

  /** Settles it while the clock runs on by itself. */
  async function settle<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
    const settled = Promise.allSettled([promise]);
    await vi.runAllTimersAsync();
    const [result] = await settled;
    return result;
  }

  test("tries again, and tells which try it is", async () => {
    const attempt = failing(failure({ code: "ECONNRESET" }), failure({ statusCode: 503 }));
    expect(await settle(withRetries(attempt, { what, policy }))).toEqual({ status: "fulfilled", value: "done" });
    expect(attempt.mock.calls).toEqual([[1], [2], [3]]);
  });

  test("does not try what is useless to try", async () => {
    const refused = failure({ code: "28P01" });
    const attempt = failing(refused);
    expect(await settle(withRetries(attempt, { what, policy }))).toMatchObject({ reason: refused });
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  test("gives up with tries, time, cause and the cause's hint", async () => {
    const inner = new MigrationError("reset by peer", {
      hint: "use a nearer runner",
      cause: failure({ code: "EPIPE" }),
    });
    const result = await settle(withRetries(failing(inner, inner, inner), { what, policy, random: () => 0 }));
    expect(result).toMatchObject({
      reason: { code: "GAVE_UP", hint: "use a nearer runner", cause: inner },
    });
    expect(String((result as PromiseRejectedResult).reason)).toMatch(
      /Gave up uploading part 7 after 3 tries in 0\.2 s/u,
    );
  });

  test("waits as long as the server asked, where that is longer", async () => {
    const startedAt = Date.now();
    const options = { what, policy, random: () => 0, retryAfterMs: () => 5000 };
    await settle(withRetries(failing(failure({ statusCode: 429 })), options));
    expect(Date.now() - startedAt).toBe(5000);
  });

  test("the caller may know better than the table", async () => {
    const attempt = failing(failure({ code: "ECONNRESET" }));
    await settle(withRetries(attempt, { what, policy, isRetryable: () => false }));
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  test("a signal ends the waiting with its own reason", async () => {
    const stop = new AbortController();
    const attempt = failing(failure({ code: "ECONNRESET" }), failure({ code: "ECONNRESET" }));
    const running = withRetries(attempt, { what, policy, signal: stop.signal, random: () => 1 });
    const settled = Promise.allSettled([running]);
    await vi.advanceTimersByTimeAsync(10);
    stop.abort(new Error("cancelled"));
    expect(await settled).toMatchObject([{ reason: { message: "cancelled" } }]);
    expect(attempt).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("the policies end: no wait beyond their cap, and minutes at most in all", () => {
    for (const { tries, capMs } of Object.values(retryPolicies)) {
      expect(tries * capMs).toBeLessThanOrEqual(7 * 60_000);
    }
  });
});
