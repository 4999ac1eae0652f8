import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { MigrationError } from "./errors.ts";
import { type Log, silentLog } from "./log.ts";
import { Watchdog } from "./watchdog.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Kennel {
  watchdog: Watchdog;
  log: Log;
  stalls: MigrationError[];
}

function keep(diagnose: () => Promise<string> = () => Promise.resolve("On the source: nothing.")): Kennel {
  const stalls: MigrationError[] = [];
  const watchdog = new Watchdog({ stallMs: 10_000, diagnose, onStall: (error) => stalls.push(error) });
  return { watchdog, log: watchdog.listenTo(silentLog), stalls };
}

const progress = { stage: "dump", done: 1, total: 0, unit: "bytes" } as const;

describe("Watchdog", () => {
  test("ends a stage that stands still, with what it waited for", async () => {
    const { watchdog, log, stalls } = keep();
    using watching = new DisposableStack();
    watching.use(watchdog.watch("dump"));
    log.progress({ ...progress, detail: "3 rows" });
    await vi.advanceTimersByTimeAsync(9000);
    expect(stalls).toEqual([]);
    await vi.advanceTimersByTimeAsync(4000);
    expect(stalls).toMatchObject([
      { code: "STALLED", message: expect.stringContaining("(at 3 rows). On the source: nothing.") as string },
    ]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stalls).toHaveLength(1);
  });

  test("takes numbers that move and lines for life, and the same number again for none", async () => {
    const { watchdog, log, stalls } = keep();
    using watching = new DisposableStack();
    watching.use(watchdog.watch("dump"));
    for (let done = 0; done < 5; done += 1) {
      log.progress({ ...progress, done });
      await vi.advanceTimersByTimeAsync(8000);
    }
    log.info("still here");
    await vi.advanceTimersByTimeAsync(8000);
    expect(stalls).toEqual([]);
    log.progress({ ...progress, done: 4 });
    await vi.advanceTimersByTimeAsync(8000);
    expect(stalls).toHaveLength(1);
  });

  test("leaves a transfer that is looked at to those who look", async () => {
    const { watchdog, log, stalls } = keep();
    using watching = new DisposableStack();
    watching.use(watchdog.watch("restore"));
    for (let look = 0; look < 10; look += 1) {
      log.progress({ ...progress, stage: "restore" });
      await vi.advanceTimersByTimeAsync(5000);
    }
    expect(stalls).toEqual([]);
  });

  test("does not bark between stages", async () => {
    const { watchdog, stalls } = keep();
    watchdog.watch("dump")[Symbol.dispose]();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stalls).toEqual([]);
  });

  test("does not wait for a diagnosis for ever, and survives one that fails", async () => {
    const silent = keep(() => new Promise(() => {}));
    using watching = new DisposableStack();
    watching.use(silent.watchdog.watch("dump"));
    const broken = keep(() => Promise.reject(new Error("no route")));
    watching.use(broken.watchdog.watch("dump"));
    await vi.advanceTimersByTimeAsync(40_000);
    expect(silent.stalls[0]?.message).toContain("does not answer when asked why");
    expect(broken.stalls[0]?.message).toContain("no route");
  });

  test("lets go where it moved while the source was being asked", async () => {
    const answer = Promise.withResolvers<string>();
    const { watchdog, log, stalls } = keep(() => answer.promise);
    using watching = new DisposableStack();
    watching.use(watchdog.watch("dump"));
    await vi.advanceTimersByTimeAsync(12_500);
    log.progress({ ...progress, done: 99 });
    answer.resolve("On the source: nothing.");
    await vi.advanceTimersByTimeAsync(1000);
    expect(stalls).toEqual([]);
  });
});
