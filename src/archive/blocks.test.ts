import { randomBytes } from "node:crypto";
import { constants, inflateSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ContentFraming,
  chunkStart,
  largeObjectStart,
  largeObjectsBlockEnd,
  largeObjectsBlockStart,
  tableBlockStart,
} from "./blocks.ts";
import { UnsupportedCompressionError } from "./errors.ts";
import type { CompressionAlgorithm } from "./header.ts";
import { BlockInflater } from "./inflate.ts";
import type { ContentFacts } from "./inflate.ts";
import { deflatePiece, deflatePieceSync, storedPiece, zstdPieceSync } from "./pieces.ts";
import type { Piece } from "./pieces.ts";
import { BlockScanner } from "./scanner.ts";

/** A table's block of these pieces. */
function frameTable(pieces: readonly Piece[], algorithm: CompressionAlgorithm, level = 6): Buffer {
  const framing = new ContentFraming(algorithm, level);
  const content = pieces.flatMap((piece) => framing.piece(piece));
  return Buffer.concat([tableBlockStart(7), framing.start(), ...content, framing.end()]);
}

/** The chunks of a table's block joined: the one stream that pg_restore inflates. */
function joinChunks(block: Buffer): Buffer {
  const events = [...new BlockScanner({ offset: 0 }).push(block)];
  return Buffer.concat(events.flatMap((event) => (event.kind === "bytes" ? [event.bytes] : [])));
}

async function inflateBlock(block: Buffer, algorithm: CompressionAlgorithm): Promise<{ text: string } & ContentFacts> {
  const spec = { name: "TABLE DATA public.t", offset: 0, algorithm, isCopyText: false, sha256: false };
  let text = "";
  const inflater = new BlockInflater(spec, (bytes) => (text += bytes.toString("latin1")));
  for (const event of new BlockScanner({ offset: 0 }).push(block)) {
    if (event.kind === "chunk") inflater.startChunk();
    if (event.kind === "bytes") await inflater.write(event.bytes);
  }
  const facts = await inflater.end();
  return { text, ...facts };
}

const rows = Buffer.from(Array.from({ length: 5000 }, (_, n) => `${n}\tword ${n % 77}\t\\N\n`).join(""));
const noise = randomBytes(100_000);
const texts = [rows.subarray(0, 1), rows.subarray(1, 40_000), Buffer.alloc(0), noise, rows.subarray(40_000)];
const whole = Buffer.concat(texts);

describe("a zlib stream of several pieces", () => {
  test.each([-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9])(
    "of level %i inflates whole, however the pieces were made",
    async (level) => {
      const pieces = await Promise.all(texts.map((text) => deflatePiece(text, level)));
      const stream = joinChunks(frameTable(pieces, "gzip", level));
      expect(inflateSync(stream).equals(whole)).toBe(true);
      const sync = texts.map((text) => deflatePieceSync(text, { level }));
      expect(inflateSync(joinChunks(frameTable(sync, "gzip", level))).equals(whole)).toBe(true);
      expect(sync.map(({ checksum }) => checksum)).toEqual(pieces.map(({ checksum }) => checksum));
    },
  );

  test("inflates whole where each piece was tried for differently", () => {
    const ways = [{ level: 1, strategy: constants.Z_HUFFMAN_ONLY }, { level: 9 }, { level: 1 }];
    const pieces = texts.map((text, index) => deflatePieceSync(text, ways[index % ways.length] ?? { level: 6 }));
    expect(inflateSync(joinChunks(frameTable(pieces, "gzip", 3))).equals(whole)).toBe(true);
  });

  test("begins as zlib's own of that level does", () => {
    const begins = [0, 1, 2, 5, 6, 9].map((level) =>
      joinChunks(frameTable([], "gzip", level))
        .subarray(0, 2)
        .toString("hex"),
    );
    expect(begins).toEqual(["7801", "7801", "785e", "785e", "789c", "78da"]);
  });

  test("of no piece is the empty stream, which pg_restore needs", () => {
    const block = frameTable([], "gzip");
    expect(inflateSync(joinChunks(block))).toHaveLength(0);
    expect(block.subarray(-5).toString("hex")).toBe("0000000000");
  });

  test("of any pieces inflates whole", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 12 }),
        fc.integer({ min: 0, max: 9 }),
        (parts, level) => {
          const pieces = parts.map((part) => deflatePieceSync(Buffer.from(part), { level }));
          const text = inflateSync(joinChunks(frameTable(pieces, "gzip", level)));
          expect(text.equals(Buffer.concat(parts))).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("the reader takes", () => {
  test.each([
    ["gzip", (text: Buffer) => deflatePieceSync(text, { level: 3 })],
    ["zstd", (text: Buffer) => zstdPieceSync(text, 3)],
    ["none", storedPiece],
  ] as const)("%s pieces", async (algorithm, pieceOf) => {
    const { text, textBytes } = await inflateBlock(frameTable(texts.map(pieceOf), algorithm), algorithm);
    expect(text === whole.toString("latin1")).toBe(true);
    expect(textBytes).toBe(whole.length);
    expect(await inflateBlock(frameTable([], algorithm), algorithm)).toMatchObject({ text: "", textBytes: 0 });
  });
});

test("a zstd piece has a checksum, and no text is no piece", () => {
  expect((zstdPieceSync(rows, 3).bytes[4] as number) & 4).toBe(4);
  expect((zstdCompressSync(rows)[4] as number) & 4).toBe(0);
  expect(new ContentFraming("zstd").piece(zstdPieceSync(Buffer.alloc(0), 3))).toEqual([]);
});

test("a block of large objects, byte by byte", () => {
  const framing = new ContentFraming("none");
  const object = [framing.start(), ...framing.piece(storedPiece(Buffer.from("ab"))), framing.end()];
  const block = Buffer.concat([
    largeObjectsBlockStart(9),
    largeObjectStart(4_294_967_295),
    ...object,
    largeObjectsBlockEnd(),
  ]);
  const expected = ["030009000000", "0101000000", "00020000006162", "0000000000", "0000000000"];
  expect(block.toString("hex")).toBe(expected.join(""));
});

test("what would break the framing is refused", () => {
  expect(() => chunkStart(0)).toThrow(/would end the content/);
  expect(() => largeObjectStart(0)).toThrow(/OID 0/);
  expect(() => new ContentFraming("lz4")).toThrow(UnsupportedCompressionError);
});
