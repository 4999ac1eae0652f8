import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { mapLimited, sleep, withTimeout } from "./workers.ts";

describe("mapLimited", () => {
  test("results in the order of the items, never more at once than the limit", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 8 }),
        async (delays, limit) => {
          let running = 0;
          let most = 0;
          const results = await mapLimited(delays, limit, async (delayMs) => {
            running += 1;
            most = Math.max(most, running);
            await sleep(delayMs);
            running -= 1;
            return delayMs * 2;
          });
          expect(results).toEqual(delays.map((delayMs) => delayMs * 2));
          expect(most).toBe(Math.min(limit, delays.length));
        },
      ),
      { numRuns: 30 },
    );
  });

  test("the first failure in time is thrown, after the others have been told and have ended", async () => {
    const ended: number[] = [];
    const work = async (delayMs: number, signal: AbortSignal): Promise<void> => {
      if (delayMs === 5) throw new Error("five");
      await sleep(delayMs, signal).finally(() => ended.push(delayMs));
    };
    await expect(mapLimited([10_000, 5, 20_000], 3, work)).rejects.toThrow("five");
    expect(ended).toEqual([10_000, 20_000]);
  });

  test("nothing new begins after a failure", async () => {
    const begun: number[] = [];
    const work = async (item: number): Promise<void> => {
      begun.push(item);
      await Promise.reject(new Error(`item ${item}`));
    };
    await expect(mapLimited([1, 2, 3, 4], 1, work)).rejects.toThrow("item 1");
    expect(begun).toEqual([1]);
  });

  test("an outer signal stops it with its own reason", async () => {
    const outer = new AbortController();
    const running = mapLimited([1, 2], 2, async (_, signal) => await sleep(10_000, signal), outer.signal);
    outer.abort(new Error("cancelled"));
    await expect(running).rejects.toThrow("cancelled");
  });

  test.each([0, -1, Number.NaN])("a limit of %d is refused instead of doing nothing in silence", async (limit) => {
    const work = vi.fn<() => Promise<number>>(async () => 1);
    await expect(mapLimited([1, 2], limit, work)).rejects.toThrow(RangeError);
    expect(work).not.toHaveBeenCalled();
  });

  test("no items, no work", async () => {
    await expect(mapLimited([], 4, async () => 1)).resolves.toEqual([]);
  });
});

describe("sleep", () => {
  test("ends at once with the signal's reason", async () => {
    const stop = new AbortController();
    const startedAt = performance.now();
    const sleeping = sleep(60_000, stop.signal);
    stop.abort(new Error("enough"));
    await expect(sleeping).rejects.toThrow("enough");
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  test("does not begin under a signal that has fired", async () => {
    await expect(sleep(60_000, AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
  });

  test("leaves no listener behind", async () => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, "addEventListener");
    const removed = vi.spyOn(signal, "removeEventListener");
    await sleep(1, signal);
    expect(removed).toHaveBeenCalledTimes(added.mock.calls.length);
  });
});

describe("withTimeout", () => {
  test("gives the result, and keeps no timer", async () => {
    vi.useFakeTimers();
    await expect(withTimeout(Promise.resolve(7), 1000, () => new Error("late"))).resolves.toBe(7);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  test("throws the caller's error when it takes longer; a later rejection disturbs nobody", async () => {
    const slow = sleep(30).then(() => {
      throw new Error("after the fact");
    });
    await expect(withTimeout(slow, 5, () => new Error("late"))).rejects.toThrow("late");
    await expect(slow).rejects.toThrow("after the fact");
  });
});
