import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { Secret } from "../secret.ts";
import { HerokuApi } from "./api.ts";
import { planNamed } from "./plans.ts";
import type { TargetDatabase } from "./resolve-database.ts";
import { type TransferProgress, type WaitOptions, waitForTransfer } from "./wait-for-transfer.ts";

const example = { id: "app-id", name: "example-app" };
const database: TargetDatabase = {
  addonId: "1",
  addonName: "postgresql-curved-1",
  plan: planNamed("standard-0"),
  attachmentName: "DATABASE",
  app: example,
  billingApp: example,
  configVar: "DATABASE_URL",
};

type Look = { status?: number; headers?: Record<string, string>; body?: object };

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Answers each look in turn, the last one for ever, while a clock of ours jumps over the pauses. */
async function follow(looks: Look[], options: WaitOptions = {}) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { status = 200, headers = {}, body = {} } = looks[Math.min(asked.length, looks.length - 1)] ?? {};
    asked.push(request.url ?? "");
    response.writeHead(status, headers).end(JSON.stringify({ uuid: "u", num: 7, to_type: "pg_restore", ...body }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => server.close().closeAllConnections());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api = new HerokuApi({ apiKey: new Secret("token"), apiUrl: url, dataUrl: url });
  let now = 0;
  const pauses: number[] = [];
  const clock = {
    now: () => now,
    sleep: async (milliseconds: number) => {
      pauses.push(milliseconds);
      now += milliseconds;
    },
  };
  const seen: TransferProgress[] = [];
  const onProgress = (progress: TransferProgress): void => void seen.push(progress);
  const result = await waitForTransfer(api, database, "u", { clock, onProgress, ...options }).catch(
    (error: unknown) => error,
  );
  return { result, pauses, seen, asked };
}

const time = "2026-01-01 00:00:00 +0000";
const running = (bytes: number, more: object = {}): Look => ({
  body: { started_at: time, processed_bytes: bytes, ...more },
});
const done: Look = { body: { started_at: time, finished_at: time, succeeded: true, processed_bytes: 100 } };

test("looks at once, then every five seconds growing to twenty", async () => {
  const looks = Array.from({ length: 30 }, (_, index) => running(index));
  const { pauses } = await follow([...looks, done]);
  expect(pauses[0]).toBe(5_000);
  expect(pauses[1]).toBeCloseTo(5_500);
  expect(pauses.at(-1)).toBe(20_000);
  expect(pauses).toHaveLength(30);
});

test("shows percent by our own size, then what pg_restore builds", async () => {
  const logs = [{ created_at: time, level: "info", message: 'pg_restore: creating INDEX "public.a"\n' }];
  const looks = [{ body: {} }, running(25), running(100), running(100, { logs }), { body: { ...done.body, logs } }];
  const { seen, asked } = await follow(looks, { archiveBytes: 100 });
  expect(seen.map(({ phase, percent }) => [phase, percent])).toEqual([
    ["waiting for a worker", 0],
    ["moving data", 25],
    ["building indexes", 100],
    ["building indexes", 100],
    ["done", 100],
  ]);
  expect(seen[3]?.step).toBe('creating INDEX "public.a"');
  expect(asked.map((path) => path.includes("verbose"))).toEqual([false, false, false, true, true]);
});

test("waits as long as the server asks", async () => {
  const { pauses } = await follow([{ status: 429, headers: { "retry-after": "60" } }, done]);
  expect(pauses).toEqual([60_000]);
});

test("gives up after forty looks that got no answer, after five that were refused", async () => {
  const down = await follow([running(1), { status: 503 }]);
  expect(down.result).toMatchObject({
    code: "TRANSFER_UNOBSERVED",
    hint: expect.stringContaining("heroku pg:backups:info r007"),
  });
  expect(down.asked).toHaveLength(41);
  const revoked = await follow([running(1), { status: 401 }]);
  expect(revoked.result).toMatchObject({ code: "TRANSFER_UNOBSERVED" });
  expect(revoked.asked).toHaveLength(6);
});

test("a look that succeeds makes up for those that failed", async () => {
  const bad = Array.from({ length: 39 }, () => ({ status: 503 }));
  const { result } = await follow([...bad, running(1), ...bad, done]);
  expect(result).toMatchObject({ transfer: { state: "succeeded" } });
});

test.each<[string, Look, WaitOptions, string]>([
  ["pending", { body: {} }, { pendingMs: 60_000 }, "TRANSFER_PENDING"],
  ["running without a sign of life", running(5), { stallMs: 60_000 }, "TRANSFER_STALLED"],
])("%s for a minute is given up, not before", async (_name, look, options, code) => {
  const { result, pauses } = await follow([look], options);
  expect(result).toMatchObject({ code });
  const waited = pauses.reduce((sum, pause) => sum + pause, 0);
  expect(waited).toBeGreaterThanOrEqual(60_000);
  expect(waited).toBeLessThan(80_000);
});

test("a timestamp that moves is a sign of life", async () => {
  const looks = Array.from({ length: 50 }, (_, index) =>
    running(5, { updated_at: `2026-01-01 00:00:${10 + index} +0000` }),
  );
  expect((await follow([...looks, done], { stallMs: 60_000 })).result).toMatchObject({
    transfer: { state: "succeeded" },
  });
});
