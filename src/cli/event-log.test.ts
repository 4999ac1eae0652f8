import { expect, test, vi } from "vitest";
import { redact } from "../secret.ts";
import { createEventLog } from "./event-log.ts";

function recording() {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text) } as unknown as NodeJS.WritableStream;
  const events = (): Record<string, unknown>[] => written.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log: createEventLog(stream, redact), written, events };
}

test("a secret in quotes goes, and the line stays JSON", () => {
  const { log, written, events } = recording();
  log.error('fetching "https://b.example/k?X-Amz-Signature=abcdef0123" failed:\n"postgres://u:pa"ss@h/d"');
  expect(written[0]).toMatch(/^[^\n]+\n$/u);
  expect(events()[0]).toMatchObject({ event: "message", level: "error" });
  expect(events()[0]?.["message"]).toContain('X-Amz-Signature=***" failed');
});

test("each count is told once a second, and when it is complete", () => {
  vi.useFakeTimers();
  const { log, events } = recording();
  for (let step = 0; step <= 30; step += 1) {
    log.progress({ stage: "dump", done: step, total: 30, unit: "tables" });
    log.progress({ stage: "upload", done: 0, total: 0, unit: "bytes" });
    vi.advanceTimersByTime(100);
  }
  log.progress({ stage: "dump", done: 30, total: 30, unit: "tables" });
  vi.useRealTimers();
  const of = (stage: string): unknown[] => events().filter((event) => event["stage"] === stage);
  expect(of("dump").map((event) => (event as { done: number }).done)).toEqual([0, 10, 20, 30]);
  expect(of("upload")).toHaveLength(4);
});

test("events keep their facts", () => {
  const { log, events } = recording();
  log.event("stage-finished", { stage: "dump", outcome: "done", seconds: 1.5 });
  expect(events()).toEqual([
    { at: expect.any(String), event: "stage-finished", stage: "dump", outcome: "done", seconds: 1.5 },
  ]);
});
