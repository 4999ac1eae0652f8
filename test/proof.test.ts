import { afterAll, beforeAll, expect, test } from "vitest";
import { dump } from "../src/dump/dump.ts";
import { findClientPrograms } from "../src/postgres/client-programs.ts";
import { type SourceTable, withSnapshot } from "../src/postgres/snapshot.ts";
import { listExpectedTables } from "../src/proof/expected.ts";
import { type ProofRequest, proveArchive } from "../src/proof/proof.ts";
import { openBucket } from "../src/storage/bucket.ts";
import { presignGet } from "../src/storage/presign.ts";
import { createRandom } from "./faults/random.ts";
import { fillShop } from "./local/demo/fill.ts";
import { type World, appName, startWorld } from "./local/world.ts";
import { type TestRun, openTestRun } from "./support/run.ts";

const key = "archive.dump";
let world: World;
let opened: TestRun;
let whole: Buffer;
let request: ProofRequest;

beforeAll(async () => {
  world = await startWorld();
  await fillShop(world.sourceUrl, 300);
  opened = await openTestRun({ ...world.inputs, command: "migrate", confirm: appName });
  const { run } = opened;
  const bucket = openBucket(run.inputs.bucket);
  const client = await findClientPrograms({ sourceMajor: 15, targetMajor: 15, clientDirectory: world.clients });
  if (client === undefined) throw new Error("no client");
  const leftOut = { extensions: [], schemas: [] };
  const options = { applicationName: "proof test", excludeSchemas: [] };
  let expectedTables: SourceTable[] = [];
  const dumped = await withSnapshot(run.inputs.source, options, async (snapshot) => {
    expectedTables = await listExpectedTables(snapshot, { ...leftOut, tableData: [], isStandby: false });
    return await dump({
      run,
      snapshot,
      client,
      bucket,
      key,
      leftOut,
      estimatedBytes: 1e6,
      connectionRoom: 10,
      sourceMajor: 15,
    });
  });
  whole = await world.bucket.objects.read(key);
  const { archiveBytes: bytes, archiveSha256: sha256 } = dumped.record;
  request = {
    run,
    url: await presignGet(bucket, key, 3600),
    archive: { key, bytes, sha256 },
    expectedTables,
    dumpedRows: new Map(dumped.blocks.map((block) => [block.dumpId, block.rows])),
  };
});
afterAll(async () => {
  await opened?.[Symbol.asyncDispose]();
  await world?.[Symbol.asyncDispose]();
});

async function isRefused(archive: Buffer): Promise<boolean> {
  await world.bucket.objects.put(key, archive);
  return await proveArchive(request).then(
    () => false,
    () => true,
  );
}

test("a whole archive is proved, with every table and row of the source", async () => {
  const { record } = await proveArchive(request);
  expect(record).toMatchObject({ kind: "full", bytes: whole.length, blocks: request.expectedTables.length + 1 });
  expect(record.rows).toBe([...request.dumpedRows.values()].reduce((sum, rows) => sum + rows, 0));
});

test("200 seeded flips of one byte and truncations are refused, every one", async () => {
  const random = createRandom(20261122);
  const accepted: string[] = [];
  for (let damage = 0; damage < 200; damage += 1) {
    const at = Math.floor(random() * whole.length);
    const isTruncation = damage % 4 === 3;
    const damaged = isTruncation ? whole.subarray(0, at) : Buffer.from(whole);
    if (!isTruncation) damaged[at] = (damaged[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    if (!(await isRefused(damaged))) accepted.push(`${isTruncation ? "cut" : "flip"} at ${at}`);
  }
  expect(accepted).toEqual([]);
});

test("an archive that lacks a table of the source is refused, though it is whole", async () => {
  await world.bucket.objects.put(key, whole);
  const extra: SourceTable = { oid: 999_999, schema: "public", table: "forgotten", kind: "r" };
  const lacking = { ...request, expectedTables: [...request.expectedTables, extra] };
  await expect(proveArchive(lacking)).rejects.toMatchObject({
    code: "ARCHIVE_INCOMPLETE",
    message: expect.stringContaining("public.forgotten"),
  });
});

test("an archive with another number of rows than were read is refused", async () => {
  const [[dumpId, rows] = [0, 0]] = request.dumpedRows;
  const miscounted = { ...request, dumpedRows: new Map([...request.dumpedRows, [dumpId, rows + 1]]) };
  await expect(proveArchive(miscounted)).rejects.toMatchObject({ code: "ARCHIVE_INCOMPLETE" });
});
