import { createHash, randomBytes } from "node:crypto";
import { constants, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ArchiveFormatError, UnsupportedCompressionError } from "./errors.ts";
import { inPieces } from "./fixtures/fixtures.ts";
import type { CompressionAlgorithm } from "./header.ts";
import { BlockInflater } from "./inflate.ts";
import type { ContentFacts } from "./inflate.ts";
import { ZstdFrames } from "./zstd-frames.ts";

const spec = { name: "TABLE DATA public.t", offset: 77, isCopyText: true, sha256: true };

async function inflate(algorithm: CompressionAlgorithm, chunks: Iterable<Buffer>): Promise<ContentFacts> {
  const inflater = new BlockInflater({ ...spec, algorithm });
  for (const chunk of chunks) {
    inflater.startChunk();
    // As the scanner gives them: a chunk may come in several views.
    for (const view of inPieces(chunk, 3, 50_000)) await inflater.write(view);
  }
  return inflater.end();
}

const checksummed = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };
const small = Buffer.from("1\ta\n2\tb\n\\.\n\n\n");
/** Does not compress, so that the stream is longer than what is inflated at once. */
const noise = randomBytes(600_000).toString("base64");
const large = Buffer.from(`${noise.match(/.{1,100}/gu)?.join("\n")}\n\\.\n\n\n`);
const bomb = Buffer.from(`${"x\n".repeat(20_000_000)}\\.\n\n\n`);

describe.each([
  ["gzip", (text: Buffer) => deflateSync(text)],
  ["zstd", (text: Buffer) => zstdCompressSync(text, checksummed)],
  ["none", (text: Buffer) => text],
] as const)("%s", (algorithm, compress) => {
  test.each([
    ["small", small, 2],
    ["large", large, 8000],
    ["highly compressible", bomb, 20_000_000],
  ])("reads %s text in chunks of any length", async (_what, text, rows) => {
    const sha256 = createHash("sha256").update(text).digest("hex");
    const stream = compress(text);
    for (const chunkBytes of [stream.length, 4096, Math.max(1, stream.length >> 4)]) {
      expect(await inflate(algorithm, inPieces(stream, chunkBytes))).toEqual({ textBytes: text.length, rows, sha256 });
    }
  });

  test("refuses a stream that is cut", async () => {
    for (const text of [small, large]) {
      const stream = compress(text);
      for (const length of [0, 1, stream.length >> 1, stream.length - 1]) {
        await expect(inflate(algorithm, inPieces(stream.subarray(0, length), 70_000))).rejects.toThrow(
          ArchiveFormatError,
        );
      }
    }
  });

  test("refuses anything behind the stream", async () => {
    for (const text of [small, large]) {
      const stream = compress(text);
      for (const behind of [Buffer.from([0]), stream]) {
        await expect(inflate(algorithm, [Buffer.concat([stream, behind])])).rejects.toThrow(ArchiveFormatError);
        const damaged = inflate(algorithm, [stream, behind]);
        await expect(damaged).rejects.toMatchObject({
          offset: 77,
          message: expect.stringContaining("The data of TABLE DATA public.t is damaged"),
        });
      }
    }
  });
});

test.each([
  ["gzip's wrapper", gzipSync(small)],
  ["no wrapper", deflateRawSync(small)],
  ["zstd", zstdCompressSync(small)],
])("refuses %s where zlib's is due", async (_what, stream) => {
  await expect(inflate("gzip", [stream])).rejects.toThrow(ArchiveFormatError);
});

test("refuses a wrong checksum, at any length", async () => {
  for (const text of [small, large]) {
    for (const [algorithm, stream] of [
      ["gzip", deflateSync(text)],
      ["zstd", zstdCompressSync(text, checksummed)],
    ] as const) {
      stream.writeUInt8((stream.at(-1) as number) ^ 1, stream.length - 1);
      await expect(inflate(algorithm, inPieces(stream, 70_000))).rejects.toThrow(/damaged: .*(check|restored data)/iu);
    }
  }
});

test("refuses text that is no COPY text, wherever it turns out", async () => {
  const twice = Buffer.concat([large, large]);
  await expect(inflate("gzip", [deflateSync(twice)])).rejects.toThrow(/text follows its end-of-data mark/);
  await expect(inflate("none", [Buffer.from("1\n")])).rejects.toThrow(/no end-of-data mark/);
});

test("counts no rows in a large object", async () => {
  const inflater = new BlockInflater({ ...spec, algorithm: "none", isCopyText: false, sha256: false });
  await inflater.write(Buffer.from("no rows"));
  expect(await inflater.end()).toEqual({ textBytes: 7, rows: null });
});

test("says what it cannot read", () => {
  expect(() => new BlockInflater({ ...spec, algorithm: "lz4" })).toThrow(UnsupportedCompressionError);
});

describe("zstd frames", () => {
  const frames = [small, Buffer.alloc(0), large, bomb].map((text) => zstdCompressSync(text, checksummed));

  test("may follow each other, each in a chunk of its own", async () => {
    const rowsOnly = small.subarray(0, -5);
    const chunks = [rowsOnly, rowsOnly, large.subarray(0, -5), small].map((text) => zstdCompressSync(text));
    expect(await inflate("zstd", chunks)).toMatchObject({ rows: 8006 });
  });

  test("end where they end, in whatever pieces they come", () => {
    for (const plain of [false, true]) {
      for (const text of [small, Buffer.alloc(0), large, Buffer.alloc(300_000)]) {
        const frame = zstdCompressSync(text, plain ? {} : checksummed);
        for (const pieceBytes of [1, 7, 10_000]) {
          const walk = new ZstdFrames();
          const ends = [...inPieces(frame, pieceBytes)].map((piece) => [
            walk.push(piece) === piece.length,
            walk.isBetween,
          ]);
          expect(ends.slice(0, -1).every(([isTaken, isBetween]) => isTaken && !isBetween)).toBe(true);
          expect(ends.at(-1)).toEqual([true, true]);
        }
      }
    }
  });

  test("are told from what follows them", () => {
    const walk = new ZstdFrames();
    expect(walk.push(Buffer.concat([frames[0] as Buffer, Buffer.from("x")]))).toBe(frames[0]?.length);
    expect(() => walk.push(Buffer.from("not a frame"))).toThrow(/no zstd frame/);
  });
});
