import { describe, expect, test } from "vitest";
import {
  InputsError,
  InterruptedError,
  MigrationError,
  describeError,
  exitCodes,
  hintOf,
  messageOf,
} from "./errors.ts";

describe("exit codes", () => {
  test("no two outcomes share one", () => {
    expect(new Set(Object.values(exitCodes)).size).toBe(Object.keys(exitCodes).length);
  });

  test("are those that the documentation names", () => {
    expect(exitCodes).toEqual({ ok: 0, failed: 1, blocked: 2, mismatch: 3, unverified: 4, interrupted: 130 });
  });
});

describe("MigrationError", () => {
  test("fails with exit code 1 unless it says otherwise", () => {
    expect(new MigrationError("no").outcome).toBe("failed");
    expect(new MigrationError("no", { outcome: "mismatch" }).outcome).toBe("mismatch");
  });

  test("has a cause only where one was given", () => {
    expect("cause" in new MigrationError("alone")).toBe(false);
    const cause = new Error("below");
    expect(new MigrationError("above", { cause }).cause).toBe(cause);
  });

  test("an interruption says how to go on", () => {
    const error = new InterruptedError("SIGTERM");
    expect(error).toMatchObject({ message: "Interrupted by SIGTERM.", code: "INTERRUPTED", outcome: "interrupted" });
    expect(error.hint).toContain("cleanup");
  });
});

describe("InputsError", () => {
  test("one mistake", () => {
    expect(new InputsError(["bucket is missing"]).message).toBe("One input is wrong:\n  - bucket is missing");
  });

  test("several mistakes, all of them, in order", () => {
    const error = new InputsError(["a is missing", "b is missing"]);
    expect(error.message).toBe("2 inputs are wrong:\n  - a is missing\n  - b is missing");
    expect(error.problems).toEqual(["a is missing", "b is missing"]);
  });
});

describe("messageOf", () => {
  test.each<[string, unknown, string]>([
    ["an error", new Error("no"), "no"],
    ["a text", "no", "no"],
    ["nothing", undefined, "undefined"],
    // What net.connect throws when both addresses of a host refuse.
    ["several without a message", new AggregateError([new Error("v6"), new Error("v4")], ""), "v6; v4"],
    ["several with one", new AggregateError([new Error("v6")], "both"), "both"],
  ])("%s", (_, thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
  });
});

describe("describeError", () => {
  test("goes down the causes, outermost first", () => {
    const error = new Error("upload", { cause: new Error("part 7", { cause: new Error("reset") }) });
    expect(describeError(error)).toBe("upload: part 7: reset");
  });

  test("is one sentence, whatever the causes' full stops", () => {
    const error = new Error("Could not upload part 7.", { cause: new Error("The part was refused.") });
    expect(describeError(error)).toBe("Could not upload part 7: The part was refused.");
  });

  test("does not repeat what an outer message holds already", () => {
    const error = new Error("part 7 failed: reset", { cause: new Error("reset", { cause: "elsewhere" }) });
    expect(describeError(error)).toBe("part 7 failed: reset: elsewhere");
  });

  test("a cause that is null says nothing", () => {
    expect(describeError(new Error("upload", { cause: null }))).toBe("upload");
  });

  test("ends on errors that cause each other", () => {
    const first = new Error("first");
    const second = new Error("second", { cause: first });
    first.cause = second;
    expect(describeError(first)).toBe("first: second");
  });

  test("ends after eight", () => {
    let error = new Error("0");
    for (let level = 1; level < 20; level += 1) error = new Error(`<${level}>`, { cause: error });
    expect(describeError(error).split(": ")).toHaveLength(8);
  });
});

describe("hintOf", () => {
  test("the first one on the way down", () => {
    const inner = new MigrationError("inner", { hint: "check the port" });
    expect(hintOf(new Error("outer", { cause: inner }))).toBe("check the port");
    expect(hintOf(new MigrationError("outer", { hint: "check the host", cause: inner }))).toBe("check the host");
    expect(hintOf(new MigrationError("outer", { cause: inner }))).toBe("check the port");
  });

  test("none where nobody gave one", () => {
    expect(hintOf(new Error("outer"))).toBeUndefined();
    expect(hintOf("text")).toBeUndefined();
  });

  test("ends on errors that cause each other", () => {
    const first = new Error("first");
    first.cause = new Error("second", { cause: first });
    expect(hintOf(first)).toBeUndefined();
  });
});
