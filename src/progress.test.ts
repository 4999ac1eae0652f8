import { describe, expect, test } from "vitest";
import type { Progress } from "./log.ts";
import { followStages, terminalProgress, throttledProgress } from "./progress.ts";

function fakeClock(): { clock: () => number; pass: (seconds: number) => void } {
  let now = 0;
  return {
    clock: () => now,
    pass: (seconds) => {
      now += seconds * 1000;
    },
  };
}

function dumped(done: number, detail?: string): Progress {
  return { stage: "dump", done, total: 4e9, unit: "bytes", ...(detail === undefined ? {} : { detail }) };
}

describe("lines", () => {
  test("says stage, amount, rate and time left in one line", () => {
    const { clock, pass } = fakeClock();
    const lines: string[] = [];
    const progress = throttledProgress((line) => lines.push(line), { clock });
    progress(dumped(350e6));
    pass(10);
    progress(dumped(1200e6, "12 of 40 parts"));
    expect(lines).toEqual([
      "[3/8 dump] 350 MB of 4.0 GB (8 %)",
      "[3/8 dump] 1.2 GB of 4.0 GB (30 %), 85.0 MB/s, 33 s left, 12 of 40 parts",
    ]);
  });

  test("prints at most one line in ten seconds, and the last one always", () => {
    const { clock, pass } = fakeClock();
    const lines: string[] = [];
    const progress = throttledProgress((line) => lines.push(line), { clock });
    for (let second = 0; second < 40; second += 1) {
      progress(dumped(second * 1e8));
      pass(1);
    }
    progress(dumped(4e9));
    progress(dumped(4e9));
    expect(lines).toHaveLength(5);
    expect(lines.at(-1)).toBe("[3/8 dump] 4.0 GB of 4.0 GB (100 %)");
  });

  test("a stage that fails prints how far it got", () => {
    const { clock, pass } = fakeClock();
    const lines: string[] = [];
    const progress = throttledProgress((line) => lines.push(line), { clock });
    progress(dumped(0));
    pass(4);
    progress(dumped(1e9));
    progress.end("dump", true);
    progress.end("dump", true);
    expect(lines.at(-1)).toContain("1.0 GB of 4.0 GB");
    expect(lines).toHaveLength(2);
  });

  test("of a stage that ends well the result says more than a late line", () => {
    const { clock, pass } = fakeClock();
    const lines: string[] = [];
    const progress = throttledProgress((line) => lines.push(line), { clock });
    progress(dumped(0));
    pass(5);
    progress(dumped(2e9));
    progress.end("dump", false);
    progress({ stage: "restore", done: 1, total: 3, unit: "tables" });
    expect(lines).toEqual(["[3/8 dump] 0 B of 4.0 GB (0 %)", "[6/8 restore] 1 of 3 tables (33 %)"]);
  });

  test("a stage begins with its own rate and its own first line", () => {
    const { clock, pass } = fakeClock();
    const lines: string[] = [];
    const progress = throttledProgress((line) => lines.push(line), { clock });
    progress(dumped(0));
    pass(2);
    progress(dumped(4e9));
    progress.begin("dump");
    progress(dumped(1e9));
    expect(lines.at(-1)).toBe("[3/8 dump] 1.0 GB of 4.0 GB (25 %)");
  });

  test("a run's own events begin and end the stages", () => {
    const calls: unknown[] = [];
    const meter = Object.assign(() => {}, {
      begin: (stage: string) => calls.push(["begin", stage]),
      end: (stage: string, isFailed: boolean) => calls.push(["end", stage, isFailed]),
    });
    const event = followStages(meter);
    event("stage-started", { stage: "dump", number: 1 });
    event("transfer", { number: 7 });
    event("stage-finished", { stage: "dump", outcome: "done" });
    event("stage-finished", { stage: "proof", outcome: "failed" });
    expect(calls).toEqual([
      ["begin", "dump"],
      ["end", "dump", false],
      ["end", "proof", true],
    ]);
  });

  test("two counts beside each other keep their own ten seconds", () => {
    const { clock, pass } = fakeClock();
    const lines: string[] = [];
    const progress = throttledProgress((line) => lines.push(line), { clock });
    for (let second = 0; second < 20; second += 1) {
      progress(dumped(second * 1e8));
      progress({ stage: "upload", done: second * 3e7, total: 1e9, unit: "bytes" });
      progress({ stage: "verify", done: second * 3e7, total: 1e9, unit: "bytes" });
      pass(1);
    }
    expect(lines).toHaveLength(6);
  });

  test("the rate follows the last half minute, not the whole run", () => {
    const { clock, pass } = fakeClock();
    const lines: string[] = [];
    const progress = throttledProgress((line) => lines.push(line), { clock });
    progress(dumped(0));
    pass(10);
    progress(dumped(2e9));
    for (let tens = 0; tens < 5; tens += 1) {
      pass(10);
      progress(dumped(2e9 + (tens + 1) * 10e6));
    }
    expect(lines.at(-1)).toContain(", 1.0 MB/s,");
  });

  test("a standstill is named, and repeated once a minute only", () => {
    const { clock, pass } = fakeClock();
    const lines: string[] = [];
    const progress = throttledProgress((line) => lines.push(line), { clock });
    for (let second = 0; second <= 125; second += 1) {
      progress(dumped(1e9));
      pass(1);
    }
    expect(lines).toEqual([
      "[3/8 dump] 1.0 GB of 4.0 GB (25 %)",
      "[3/8 dump] 1.0 GB of 4.0 GB (25 %), nothing new for 1 min",
      "[3/8 dump] 1.0 GB of 4.0 GB (25 %), nothing new for 2 min",
    ]);
  });

  test("what goes on after the total is reached still shows", () => {
    const { clock, pass } = fakeClock();
    const lines: string[] = [];
    const progress = throttledProgress((line) => lines.push(line), { clock });
    progress(dumped(4e9));
    pass(11);
    progress(dumped(4e9, "building indexes"));
    expect(lines.at(-1)).toBe("[3/8 dump] 4.0 GB of 4.0 GB (100 %), building indexes");
  });

  test.each<[Progress, string]>([
    [{ stage: "proof", done: 12, total: 0, unit: "tables" }, "[4/8 proof] 12 tables"],
    [{ stage: "preflight", done: 30, total: 31, unit: "checks" }, "[1/8 preflight] 30 of 31 checks (96 %)"],
    [{ stage: "finish", done: 5, total: 60, unit: "seconds" }, "[8/8 finish] 5.0 s of 1 min (8 %)"],
    [{ stage: "upload", done: 1_500_000, total: 0, unit: "rows" }, "[upload] 1,500,000 rows"],
    [{ stage: "dump", done: 3.9999e9, total: 4e9, unit: "bytes" }, "[3/8 dump] 4.0 GB of 4.0 GB (99 %)"],
  ])("%j", (progress, line) => {
    const lines: string[] = [];
    throttledProgress((text) => lines.push(text), fakeClock())(progress);
    expect(lines).toEqual([line]);
  });

  test("a name cannot send control characters or a second line", () => {
    const lines: string[] = [];
    throttledProgress((text) => lines.push(text), fakeClock())(dumped(1, "a\n::error::b\u001B[2J\u202E"));
    expect(lines[0]).toBe("[3/8 dump] 1 B of 4.0 GB (0 %), a�::error::b�[2J�");
  });
});

describe("terminal", () => {
  function terminal(columns: number, isTTY = true) {
    const written: string[] = [];
    return { written, stream: { isTTY, columns, write: (text: string) => written.push(text) } };
  }

  test("redraws one line with a bar that fits the width", () => {
    const { clock, pass } = fakeClock();
    const { written, stream } = terminal(100);
    const progress = terminalProgress(stream, { clock, environment: { NO_COLOR: "1" } });
    progress(dumped(1e9));
    pass(1);
    progress(dumped(2e9));
    expect(written).toHaveLength(2);
    expect(written[1]).toBe(
      `\r\u001B[K[3/8 dump] ${"█".repeat(15)}${"░".repeat(15)} 2.0 GB of 4.0 GB (50 %), 1.0 GB/s, 2.0 s left`,
    );
  });

  test.each([20, 40, 60, 80, 120])("never writes more than %i columns", (columns) => {
    const { clock, pass } = fakeClock();
    const { written, stream } = terminal(columns);
    const progress = terminalProgress(stream, { clock, environment: { NO_COLOR: "1" } });
    progress(dumped(1e9));
    pass(1);
    progress(dumped(2e9, "12 of 40 parts of a long story"));
    for (const text of written) expect(text.replace("\r\u001B[K", "").length).toBeLessThan(columns);
  });

  test("colours only where NO_COLOR is not set", () => {
    const { written, stream } = terminal(100);
    terminalProgress(stream, { ...fakeClock(), environment: {} })(dumped(1e9));
    expect(written.join("")).toContain("\u001B[36m");
  });

  test("redraws at most ten times a second, ends with a line break", () => {
    const { clock, pass } = fakeClock();
    const { written, stream } = terminal(100);
    const progress = terminalProgress(stream, { clock, environment: { NO_COLOR: "1" } });
    for (let step = 0; step < 100; step += 1) {
      progress(dumped(step * 1e7));
      pass(0.01);
    }
    expect(written).toHaveLength(10);
    progress.end("dump", true);
    expect(written.slice(-2)).toEqual(["\r\u001B[K", expect.stringMatching(/990 MB of 4\.0 GB.*\n$/u)]);
  });

  test("a stage that ends well leaves nothing on the screen", () => {
    const { written, stream } = terminal(100);
    const progress = terminalProgress(stream, { ...fakeClock(), environment: { NO_COLOR: "1" } });
    progress(dumped(1e9));
    progress.end("dump", false);
    expect(written.at(-1)).toBe("\r\u001B[K");
  });

  test("two counts beside each other take turns on the one line", () => {
    const { clock, pass } = fakeClock();
    const { written, stream } = terminal(100);
    const progress = terminalProgress(stream, { clock, environment: { NO_COLOR: "1" } });
    for (let step = 0; step < 80; step += 1) {
      progress({ stage: "restore", done: step * 1e7, total: 4e9, unit: "bytes" });
      progress({ stage: "verify", done: step * 1e7, total: 4e9, unit: "bytes" });
      pass(0.1);
    }
    const turns = written.map((text) => /\d (\w+)\]/u.exec(text)?.[1]);
    expect(turns.filter((stage, index) => stage !== turns[index - 1])).toEqual([
      "restore",
      "verify",
      "restore",
      "verify",
    ]);
    expect(written.join("")).not.toContain("\n");
  });

  test.each([0, undefined])("a terminal of width %s is taken for one of eighty columns", (columns) => {
    const { written, stream } = terminal(100);
    terminalProgress({ ...stream, columns }, { ...fakeClock(), environment: {} })(dumped(1e9));
    expect(written[0]).toContain("1.0 GB of 4.0 GB (25 %)");
  });

  test("clear wipes the bar and the next progress draws it again", () => {
    const { clock } = fakeClock();
    const { written, stream } = terminal(100);
    const progress = terminalProgress(stream, { clock, environment: { NO_COLOR: "1" } });
    progress(dumped(1e9));
    progress.clear();
    progress.clear();
    progress(dumped(1e9));
    expect(written.map((text) => text.length > 4)).toEqual([true, false, true]);
  });

  test.each<[string, boolean, Record<string, string>]>([
    ["no terminal", false, {}],
    ["a dumb terminal", true, { TERM: "dumb" }],
  ])("%s gets lines without control characters", (_, isTTY, environment) => {
    const { clock, pass } = fakeClock();
    const { written, stream } = terminal(80, isTTY);
    const progress = terminalProgress(stream, { clock, environment });
    progress(dumped(1e9));
    pass(1);
    progress(dumped(2e9));
    progress.clear();
    progress.end("dump", true);
    expect(written).toHaveLength(2);
    expect(written.join("")).toMatch(/^[^\p{Cc}]+\n[^\p{Cc}]+\n$/u);
  });
});
