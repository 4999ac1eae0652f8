import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chunkStart, largeObjectStart, tableBlockStart } from "./blocks.ts";
import { parseHead, serializeHead, withoutOffsets } from "./contents.ts";
import type { ArchiveHead } from "./contents.ts";
import type { ArchiveEntry } from "./entry.ts";
import { ArchiveFormatError, TruncatedArchiveError } from "./errors.ts";
import { fixtureNames, inPieces, readFixture } from "./fixtures/fixtures.ts";
import type { FixtureName } from "./fixtures/fixtures.ts";
import { BlockInflater } from "./inflate.ts";
import { encodeInt } from "./primitives.ts";
import { BlockScanner } from "./scanner.ts";
import { verifyArchive } from "./verify.ts";
import type { VerifiedArchive, VerifiedBlock, VerifyOptions } from "./verify.ts";

const tolerant = { tolerateTrailingContents: true };

function verify(archive: Buffer, options: VerifyOptions = {}): Promise<VerifiedArchive> {
  return verifyArchive([archive], options);
}

/** What the fixtures' source has, whoever dumped it. */
const expectedTables = [
  ['Größe "m".two\nlines', 200, 4093],
  ["agent.state", 2, 9],
  ["public.attributes", 1, 14],
  ["public.empty", 0, 5],
  ["public.marks", 5, 25],
  ["public.no_columns", 2, 7],
  ["public.watched", 0, 5],
];
const expectedLargeObjects = [
  [70_000, 16],
  [70_001, 0],
  [2_147_483_648, 4],
  [4_294_967_295, 4],
];

function tablesOf(blocks: readonly VerifiedBlock[]): unknown[] {
  const tables = blocks.filter(({ desc }) => desc === "TABLE DATA");
  return tables.map(({ schema, table, rows, textBytes }) => [`${schema}.${table}`, rows, textBytes]);
}

describe.each(fixtureNames)("%s", (name) => {
  const archive = readFixture(name);

  test.each([1, 4096, archive.length])("is sound, read in pieces of %i", async (pieceBytes) => {
    const verified = await verifyArchive(inPieces(archive, pieceBytes), tolerant);
    expect(tablesOf(verified.blocks)).toEqual(expectedTables);
    const objects = verified.blocks.flatMap(({ largeObjects }) => largeObjects);
    expect(objects.map(({ oid, bytes }) => [oid, bytes])).toEqual(expectedLargeObjects);
    expect(verified.archiveBytes).toBe(archive.length);
    expect(verified.blocks.map(({ desc }) => desc)).toEqual([...expectedTables.map(() => "TABLE DATA"), "BLOBS"]);
  });

  test("has a table's OID, place and length for each block", async () => {
    const { blocks, head } = await verify(archive, tolerant);
    for (const [index, block] of blocks.entries()) {
      const entry = head.entries.find(({ dumpId }) => dumpId === block.dumpId);
      expect(block.oid).toBe(entry?.oid);
      expect(archive[block.offset]).toBe(block.desc === "BLOBS" ? 3 : 1);
      const next = blocks[index + 1]?.offset ?? archive.length;
      expect(block.compressedBytes).toBeLessThan(next - block.offset);
    }
  });

  test("cut anywhere, is refused", async () => {
    const { archiveBytes, trailingBytes } = await verify(archive, tolerant);
    for (let length = 0; length < archiveBytes - trailingBytes; length += 37) {
      await expect(verify(archive.subarray(0, length)), `${length} bytes`).rejects.toThrow(ArchiveFormatError);
    }
  });
});

test("every dump of the same rows has the same text", async () => {
  const hashes = await Promise.all(
    fixtureNames.map(async (name) => {
      const { blocks } = await verify(readFixture(name), { ...tolerant, sha256: true });
      return blocks.flatMap(({ sha256, largeObjects }) => [sha256, ...largeObjects.map((object) => object.sha256)]);
    }),
  );
  for (const found of hashes) expect(found).toEqual(hashes[0]);
  expect(hashes[0]?.[1]).toBe(createHash("sha256").update("1\n2\n\\.\n\n\n").digest("hex"));
  expect(hashes[0]?.[8]).toBe(createHash("sha256").update("seventy thousand").digest("hex"));
});

/** A fixture cut into its head and its data blocks. */
function takeApart(name: FixtureName): { head: ArchiveHead; blocks: Buffer[] } {
  const archive = readFixture(name);
  const { head, headBytes } = parseHead(archive);
  const events = [...new BlockScanner({ offset: headBytes }).push(archive.subarray(headBytes))];
  const starts = events.flatMap((event) => (event.kind === "block" ? [event.offset] : []));
  return { head, blocks: starts.map((start, index) => archive.subarray(start, starts[index + 1])) };
}

describe("an archive", () => {
  const { head, blocks } = takeApart("pg_dump-15-pipe");
  const join = (newHead: ArchiveHead, newBlocks: readonly Buffer[]): Buffer =>
    Buffer.concat([serializeHead(newHead), ...newBlocks]);
  const change = (wanted: (entry: ArchiveEntry) => boolean, changes: Partial<ArchiveEntry>): ArchiveHead => ({
    ...head,
    entries: head.entries.map((entry) => (wanted(entry) ? { ...entry, ...changes } : entry)),
  });
  const [first, second] = blocks as [Buffer, Buffer];
  const rest = blocks.slice(2);

  test("put together again is sound", async () => {
    await expect(verify(join(head, blocks))).resolves.toMatchObject({ trailingBytes: 0 });
  });

  test.each([
    ["without a block in the middle", [first, ...rest], /where that of entry \d+ should be/],
    ["without its last block", blocks.slice(0, -1), /ends without the data of BLOBS/],
    ["without any block", [], /ends without the data of TABLE DATA Größe/],
    ["with a block twice", [first, first, second, ...rest], /where that of entry \d+ should be/],
    ["with a block more", [...blocks, first], /behind the last one/],
    ["in another order than its contents", [second, first, ...rest], /where that of entry \d+ should be/],
    ["with its contents again", [...blocks, serializeHead(head).subarray(112)], /data block of type 0/],
  ])("%s is refused", async (_what, changed, message) => {
    await expect(verify(join(head, changed))).rejects.toThrow(message);
  });

  test.each([
    ["a table's data as large objects", (entry: ArchiveEntry) => entry.desc === "TABLE DATA", { desc: "BLOBS" }],
    ["data of an unknown kind", (entry: ArchiveEntry) => entry.desc === "TABLE DATA", { desc: "TABLE DATE" }],
    [
      "a table that the contents give no data",
      (entry: ArchiveEntry) => entry.desc === "TABLE DATA",
      {
        hasData: false,
        offset: { state: "none", position: 0 } as const,
      },
    ],
    [
      "a place where the data is not",
      (entry: ArchiveEntry) => entry.hasData,
      {
        offset: { state: "known", position: 10_000 } as const,
      },
    ],
    ["a large object that the contents do not create", (entry: ArchiveEntry) => entry.oid === 70_001, { oid: 70_002 }],
  ])("with %s is refused", async (_what, wanted, changes) => {
    await expect(verify(join(change(wanted, changes), blocks))).rejects.toThrow(ArchiveFormatError);
  });

  test("with another large object's OID is refused", async () => {
    const archive = join(head, blocks);
    const at = archive.lastIndexOf(largeObjectStart(70_000));
    largeObjectStart(70_002).copy(archive, at);
    await expect(verify(archive)).rejects.toThrow(/4 large objects have data.*differ from 70000 on/);
  });

  test("with INSERT commands has no rows to count", async () => {
    const inserts = change(({ desc }) => desc === "TABLE DATA", { copyStatement: null });
    const { blocks: verified } = await verify(join(inserts, blocks));
    expect(verified.map(({ rows }) => rows)).toEqual(verified.map(() => null));
  });
});

describe("contents behind the data", () => {
  const archive = readFixture("pg_dump-18-appended");

  test("are an error unless tolerated", async () => {
    await expect(verify(archive)).rejects.toThrow(/data block of type 0/);
    const { trailingBytes, archiveBytes } = await verify(archive, tolerant);
    expect(trailingBytes).toBeGreaterThan(9000);
    expect(archiveBytes).toBe(archive.length);
  });

  test("must be the archive's own and whole", async () => {
    const changed = Buffer.from(archive);
    changed.write("Z", changed.lastIndexOf("two\nlines"));
    await expect(verify(changed, tolerant)).rejects.toThrow(/not the archive's contents/);
    await expect(verify(archive.subarray(0, -1), tolerant)).rejects.toThrow(/not the archive's contents/);
    await expect(verify(Buffer.concat([archive, Buffer.from("x")]), tolerant)).rejects.toThrow(
      /not the archive's contents/,
    );
  });

  test("are no excuse for endless garbage", async () => {
    const endless = function* (): Generator<Buffer> {
      yield archive;
      for (;;) yield Buffer.alloc(4096);
    };
    await expect(verifyArchive(endless(), tolerant)).rejects.toThrow(/not the archive's contents/);
  });
});

describe("damage in data blocks", () => {
  test.each([["pg_dump-15-pipe"], ["pg_dump-17-pipe"], ["pg_dump-18-file"]] as const)(
    "of %s: every changed byte is found, or changes nothing that is restored",
    async (name) => {
      const archive = readFixture(name);
      const { headBytes } = parseHead(archive);
      const sound = await verify(archive, { sha256: true });
      const undetected: number[] = [];
      for (let at = headBytes; at < archive.length; at += 1) {
        const damaged = Buffer.from(archive);
        damaged[at] = (archive[at] as number) ^ (1 << (at % 8));
        try {
          expect((await verify(damaged, { sha256: true })).blocks).toEqual(sound.blocks);
          undetected.push(at);
        } catch (error) {
          if (!(error instanceof ArchiveFormatError)) throw error;
        }
      }
      // Deflate ends on a bit: what is left of its last byte means nothing. One such byte a stream, before the checksum.
      expect(undetected.length).toBeLessThanOrEqual(expectedTables.length + expectedLargeObjects.length);
    },
  );
});

test("a chunk of 256 MB is read in little memory", async () => {
  const { head } = takeApart("pg_dump-15-none");
  const data = head.entries.find(({ desc }) => desc === "TABLE DATA") as ArchiveEntry;
  const rows = Buffer.alloc(1024 * 1024, `${"x".repeat(127)}\n`);
  const end = Buffer.from("\\.\n\n\n");
  let mostBytes = 0;
  const source = function* (): Generator<Buffer> {
    yield serializeHead({ ...head, entries: [data] });
    yield tableBlockStart(data.dumpId);
    yield chunkStart(256 * rows.length + end.length);
    for (let count = 0; count < 256; count += 1) {
      mostBytes = Math.max(mostBytes, process.memoryUsage().rss);
      yield rows;
    }
    yield Buffer.concat([end, encodeInt(0)]);
  };
  const before = process.memoryUsage().rss;
  const { blocks } = await verifyArchive(source());
  expect(blocks).toMatchObject([{ rows: 2 * 1024 * 1024, compressedBytes: 256 * 1024 ** 2 + 5 }]);
  expect(mostBytes - before).toBeLessThan(100 * 1024 * 1024);
});

test("says where it ends when it is cut in the contents", async () => {
  const archive = readFixture("pg_dump-15-pipe");
  await expect(verify(Buffer.alloc(0))).rejects.toThrow(/archive is empty/);
  await expect(verify(archive.subarray(0, 3000))).rejects.toThrow(TruncatedArchiveError);
});

test("tells what it finds as it finds it", async () => {
  const archive = readFixture("pg_dump-15-pipe");
  const told: unknown[] = [];
  const { blocks, headBytes } = await verifyArchive(inPieces(archive, 500), {
    onHead: (parsed) => told.push(parsed.headBytes),
    onBlock: (block) => told.push(block.dumpId),
  });
  expect(told).toEqual([headBytes, ...blocks.map(({ dumpId }) => dumpId)]);
});

test("others may inflate, several at a time and in any order", async () => {
  let running = 0;
  let mostRunning = 0;
  let opened = 0;
  const openContent: VerifyOptions["openContent"] = (spec) => {
    const inflater = new BlockInflater(spec);
    const turn = (opened += 1);
    const end = async (): Promise<Awaited<ReturnType<BlockInflater["end"]>>> => {
      mostRunning = Math.max(mostRunning, (running += 1));
      await new Promise((resolve) => setTimeout(resolve, turn % 2 === 0 ? 1 : 15));
      running -= 1;
      return inflater.end();
    };
    return {
      startChunk: () => undefined,
      write: (bytes) => inflater.write(bytes),
      end,
      destroy: () => inflater.destroy(),
    };
  };
  const told: number[] = [];
  const archive = readFixture("pg_dump-15-pipe");
  const options = { openContent, contentsInFlight: 4, onBlock: ({ dumpId }: VerifiedBlock) => told.push(dumpId) };
  const { blocks } = await verifyArchive(inPieces(archive, 100), options);
  expect(tablesOf(blocks)).toEqual(expectedTables);
  expect(blocks.at(-1)?.largeObjects.map(({ oid, bytes }) => [oid, bytes])).toEqual(expectedLargeObjects);
  expect(told).toEqual(blocks.map(({ dumpId }) => dumpId));
  expect([opened, mostRunning]).toEqual([11, 4]);
});

test("stops when it is told to, and closes its source", async () => {
  const archive = readFixture("pg_dump-15-pipe");
  const controller = new AbortController();
  let isClosed = false;
  const source = async function* (): AsyncGenerator<Buffer> {
    try {
      for (const piece of inPieces(archive, 4000)) {
        yield piece;
        controller.abort(new Error("enough"));
      }
    } finally {
      isClosed = true;
    }
  };
  await expect(verifyArchive(source(), { signal: controller.signal })).rejects.toThrow("enough");
  expect(isClosed).toBe(true);
});

test("200 random changes and cuts are refused, or read as the same data", async () => {
  const archive = readFixture("pg_dump-15-file");
  const sound = await verify(archive, { sha256: true });
  const change = fc.record({
    at: fc.nat(archive.length - 1),
    mask: fc.integer({ min: 1, max: 255 }),
    isCut: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(change, async ({ at, mask, isCut }) => {
      const damaged = isCut ? archive.subarray(0, at) : Buffer.from(archive);
      if (!isCut) damaged[at] = (archive[at] as number) ^ mask;
      const found = await verify(damaged, { sha256: true }).catch((error: unknown) => error);
      if (found instanceof Error) return;
      // The format has no checksum over its contents: a changed name is found by the checksum of the whole archive only.
      const facts = ({ blocks }: VerifiedArchive): unknown =>
        blocks.map(({ rows, sha256, offset, textBytes }) => [rows, sha256, offset, textBytes]);
      expect(isCut).toBe(false);
      expect(at < sound.headBytes || facts(found as VerifiedArchive)).toEqual(at < sound.headBytes || facts(sound));
    }),
    { numRuns: 200, seed: 5 },
  );
});

test("reads a head without offsets as one with them", async () => {
  const { head, blocks } = takeApart("pg_dump-18-file");
  const { blocks: verified } = await verify(Buffer.concat([serializeHead(withoutOffsets(head)), ...blocks]));
  expect(tablesOf(verified)).toEqual(expectedTables);
});
