import { spawn } from "node:child_process";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { listenForStop } from "./stop-signal.ts";

describe("listenForStop", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test.each(["SIGINT", "SIGTERM"] as const)("%s aborts with a reason that a person understands", (name) => {
    const exit = vi.fn<(code: number) => void>();
    using stop = listenForStop({ exit });
    stop.startDeadline(10);
    process.emit(name, name);
    expect(stop.signal.reason).toMatchObject({ code: "INTERRUPTED", outcome: "interrupted" });
    expect(String(stop.signal.reason)).toContain(name);
    vi.advanceTimersByTime(4999);
    expect(exit).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(exit).toHaveBeenCalledExactlyOnceWith(130);
  });

  test("the deadline aborts too, and then nobody is killed", () => {
    const exit = vi.fn<(code: number) => void>();
    using stop = listenForStop({ exit });
    stop.startDeadline(10);
    vi.advanceTimersByTime(10 * 60_000 - 1);
    expect(stop.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(stop.signal.reason).toMatchObject({ code: "DEADLINE", outcome: "failed" });
    expect(String(stop.signal.reason)).toContain("10 minutes");
    vi.advanceTimersByTime(60_000);
    expect(exit).not.toHaveBeenCalled();
  });

  test("the first reason stays", () => {
    using stop = listenForStop({ exit: () => {} });
    stop.startDeadline(10);
    process.emit("SIGINT", "SIGINT");
    process.emit("SIGTERM", "SIGTERM");
    expect(String(stop.signal.reason)).toContain("SIGINT");
  });

  test("afterwards nothing listens and nothing ticks", () => {
    const before = [process.listenerCount("SIGINT"), process.listenerCount("SIGTERM")];
    {
      using stop = listenForStop({ exit: () => {} });
      stop.startDeadline(10);
      expect(process.listenerCount("SIGINT")).toBe((before[0] ?? 0) + 1);
      expect(stop.signal.aborted).toBe(false);
    }
    expect([process.listenerCount("SIGINT"), process.listenerCount("SIGTERM")]).toEqual(before);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("the longest deadline that an input allows does not fire at once", () => {
    using stop = listenForStop({ exit: () => {} });
    stop.startDeadline(7200);
    vi.advanceTimersByTime(1000);
    expect(stop.signal.aborted).toBe(false);
  });
});

describe("a process that hangs", () => {
  const script = `
    import { listenForStop } from ${JSON.stringify(new URL("stop-signal.ts", import.meta.url).href)};
    using stop = listenForStop();
    stop.signal.addEventListener("abort", () => console.log("told"));
    setInterval(() => {}, 1000);
    console.log("ready");
    await new Promise(() => {});`;

  test("is told at once and ends within six seconds of SIGTERM, with 130", async () => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    let text = "";
    let startedAt = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (startedAt === 0 && text.includes("ready")) {
        startedAt = Date.now();
        child.kill("SIGTERM");
      }
    });
    expect(await ended).toBe(130);
    expect(text).toContain("told");
    expect(Date.now() - startedAt).toBeLessThan(6500);
  });
});
