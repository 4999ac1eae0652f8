import { describe, expect, test } from "vitest";
import { MigrationError } from "../errors.ts";
import { silentLog } from "../log.ts";
import { parseInputs } from "../inputs/parse.ts";
import { type Check, couldNotCheckCode, finding, runChecks } from "./check.ts";
import { defaultLimits } from "./facts.ts";
import { Gate } from "./gate.ts";
import { acceptFindings, countOutcomes, verdictOf } from "./verdict.ts";

function gateWith(signal = new AbortController().signal): Gate {
  return new Gate({
    inputs: parseInputs({
      "source-database-url": "postgres://u:p@h/d",
      "heroku-api-key": "key-key-key",
      "heroku-app": "example-app",
      bucket: "b",
    }),
    source: new Error("no source"),
    target: { unavailable: true, reason: "no target" },
    heroku: { problem: "unauthorized", message: "no Heroku" },
    bucket: { unavailable: true, reason: "no bucket" },
    runner: { cpuCount: 1, availableMemoryBytes: 1e9, canInstallClient: false, kind: "local" },
    plan: new Error("no plan"),
    limits: { ...defaultLimits, checkBudgetMs: 40 },
    log: silentLog,
    signal,
    now: () => new Date(),
  });
}

function check(id: string, run: Check["run"], needs: Check["needs"] = []): Check {
  return { id, title: `${id} holds`, area: "source", needs, run };
}

const passes = check("passes", () => ({ findings: [], note: "looked" }));
const blocks = check("blocks", () => [
  finding("SOURCE_IS_READER", { message: "m" }),
  finding("ENCODING_UNSAFE", { message: "m" }),
]);
const throws = check("row-security", () => {
  throw new MigrationError("no such table", { hint: "Make one." });
});
const isLate = check("is-late", () => new Promise((resolve) => void setTimeout(() => resolve([]), 500)));
const lacksSource = check("lacks-source", () => [], ["source"]);

describe("runChecks", () => {
  test("asks every question in order, whatever happens", async () => {
    const results = await runChecks([throws, isLate, lacksSource, blocks, passes], gateWith());
    expect(results.map(({ title, outcome }) => `${title}: ${outcome}`)).toEqual([
      "row-security holds: could-not-check",
      "is-late holds: could-not-check",
      "lacks-source holds: could-not-check",
      "blocks holds: blocked",
      "passes holds: pass",
    ]);
    expect(results[0]?.findings).toMatchObject([
      {
        code: "COULD_NOT_CHECK_ROW_SECURITY",
        severity: "could-not-check",
        remedy: "Make one.",
        message: expect.stringContaining("no such table") as string,
      },
    ]);
    expect(results[1]?.findings[0]?.message).toMatch(/no answer within 0\.04 s/u);
    expect(results[2]).toMatchObject({ findings: [], note: "Not looked at: the source could not be connected to." });
    expect(results[4]?.note).toBe("looked");
  });

  test("stops between two checks when the signal fires, and gives its reason", async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const first = check("first", () => {
      seen.push("first");
      stop.abort(new Error("enough"));
      return [];
    });
    const second = check("second", () => {
      seen.push("second");
      return [];
    });
    await expect(runChecks([first, second], gateWith(stop.signal))).rejects.toThrow("enough");
    expect(seen).toEqual(["first"]);
  });
});

describe("verdict", () => {
  test("an unanswered question blocks; only warnings let go on", async () => {
    const gate = gateWith();
    expect(verdictOf(await runChecks([passes], gate))).toBe("passed");
    expect(verdictOf(await runChecks([passes, throws], gate))).toBe("blocked");
    expect(verdictOf(await runChecks([blocks], gate))).toBe("blocked");
    const accepted = acceptFindings(await runChecks([blocks, throws], gate), [
      "ENCODING_UNSAFE",
      couldNotCheckCode(throws),
    ]);
    expect(verdictOf(accepted)).toBe("warnings");
    expect(countOutcomes(accepted)).toEqual({ passed: 0, warnings: 2, blocked: 0, couldNotCheck: 0 });
    expect(accepted[0]?.findings.map(({ accepted: isAccepted }) => isAccepted)).toEqual([undefined, true]);
  });

  test("what is certain to do damage stays blocked when it is accepted", async () => {
    const pooler = check("pooler", () => [finding("SOURCE_IS_POOLER", { message: "m" })]);
    const [result] = acceptFindings(await runChecks([pooler], gateWith()), ["SOURCE_IS_POOLER"]);
    expect(result).toMatchObject({ outcome: "blocked", findings: [{ severity: "blocked" }] });
  });
});
