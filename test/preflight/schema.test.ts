import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PreflightResult } from "../../src/preflight/preflight.ts";
import { renderEvidence } from "../../src/report/evidence.ts";
import type { Report } from "../../src/report.ts";
import { type PostgresServer, startPostgres } from "../local/postgres/servers.ts";
import { createSource, createTarget, runScene } from "./scene.ts";

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
});

afterAll(async () => {
  await server?.stop();
});

/** preflight.json as the evidence has it, so that the schema is of the file people get. */
async function renderPreflightJson(result: PreflightResult): Promise<unknown> {
  const { leaveOut: _leaveOut, record: _record, ...facts } = result;
  const report: Report = {
    version: 1,
    toolVersion: "0.1.0",
    command: "preflight",
    startedAt: "2026-01-01T00:00:00.000Z",
    finishedAt: "2026-01-01T00:01:00.000Z",
    nextSteps: [],
    app: "example-app",
    stages: [],
    ...facts,
  };
  const files = await renderEvidence({ report, publicReport: () => report }, { hideIdentifiers: false, secrets: [] });
  return JSON.parse(files.find(({ name }) => name === "preflight.json")?.content ?? "null");
}

async function readValidator(): Promise<(value: unknown) => string[]> {
  const schema = JSON.parse(
    await readFile(new URL("../../docs/preflight.schema.json", import.meta.url), "utf8"),
  ) as object;
  const validate = new Ajv2020({ allErrors: true }).compile(schema);
  return (value) =>
    validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

test("preflight.json obeys its published schema, with every optional part and with none", async () => {
  const errorsOf = await readValidator();
  const { url } = await createSource(
    server,
    "create extension citext; create table t (id int); insert into t select generate_series(1, 9); create function f(text) returns int language internal as 'textlen'",
  );
  const full = await runScene({
    source: url,
    target: await createTarget(server, "target"),
    inputs: { accept: "FUNCTION_LANGUAGE_NOT_OFFERED" },
  });
  const json = await renderPreflightJson(full);
  expect(errorsOf(json)).toEqual([]);
  const none = await runScene({
    source: server.superuserUrl("nowhere"),
    heroku: { problem: "unauthorized", message: "no" },
    bucket: { unavailable: true, reason: "no" },
  });
  expect(errorsOf(await renderPreflightJson(none))).toEqual([]);
  expect(errorsOf({ ...(json as object), verdict: "perhaps", extra: 1 })).toHaveLength(2);
});
