import { describe, expect, test } from "vitest";
import {
  ContentFraming,
  largeObjectStart,
  largeObjectsBlockEnd,
  largeObjectsBlockStart,
  tableBlockStart,
} from "./blocks.ts";
import { parseHead } from "./contents.ts";
import { ArchiveFormatError, TruncatedArchiveError } from "./errors.ts";
import { inPieces, readFixture } from "./fixtures/fixtures.ts";
import { storedPiece } from "./pieces.ts";
import { encodeInt } from "./primitives.ts";
import { BlockScanner } from "./scanner.ts";
import type { BlockEvent } from "./scanner.ts";

function content(...texts: string[]): Buffer {
  const framing = new ContentFraming("none");
  const pieces = texts.flatMap((text) => framing.piece(storedPiece(Buffer.from(text))));
  return Buffer.concat([framing.start(), ...pieces, framing.end()]);
}

const blocks = Buffer.concat([
  tableBlockStart(3),
  content("abc", "defgh"),
  largeObjectsBlockStart(4),
  largeObjectStart(2 ** 31),
  content("x"),
  largeObjectStart(5),
  content(),
  largeObjectsBlockEnd(),
  tableBlockStart(5),
  content(),
]);

/** Events with the bytes of each chunk joined. */
function scan(pieces: Iterable<Buffer>, tolerateTrailing = false): BlockEvent[] {
  const scanner = new BlockScanner({ offset: 1000, tolerateTrailing });
  const events: BlockEvent[] = [];
  for (const piece of pieces) {
    for (const event of scanner.push(piece)) {
      const last = events.at(-1);
      const isSame = last?.kind === event.kind && (last.kind === "bytes" || last.kind === "trailing");
      if (isSame && "bytes" in event) last.bytes = Buffer.concat([last.bytes, event.bytes]);
      else events.push(event);
    }
  }
  scanner.end();
  return events;
}

const expected = [
  { kind: "block", type: "table", dumpId: 3, offset: 1000 },
  { kind: "chunk", length: 3, offset: 1006 },
  { kind: "bytes", bytes: Buffer.from("abc"), offset: 1011 },
  { kind: "chunk", length: 5, offset: 1014 },
  { kind: "bytes", bytes: Buffer.from("defgh"), offset: 1019 },
  { kind: "content-end", offset: 1024 },
  { kind: "block-end", offset: 1029 },
  { kind: "block", type: "large-objects", dumpId: 4, offset: 1029 },
  { kind: "object", oid: 2 ** 31, offset: 1035 },
  { kind: "chunk", length: 1, offset: 1040 },
  { kind: "bytes", bytes: Buffer.from("x"), offset: 1045 },
  { kind: "content-end", offset: 1046 },
  { kind: "object", oid: 5, offset: 1051 },
  { kind: "content-end", offset: 1056 },
  { kind: "block-end", offset: 1066 },
  { kind: "block", type: "table", dumpId: 5, offset: 1066 },
  { kind: "content-end", offset: 1072 },
  { kind: "block-end", offset: 1077 },
];

test.each([1, 2, 4, 5, 6, 11, 1000])("walks the blocks in pieces of %i", (pieceBytes) => {
  expect(scan(inPieces(blocks, pieceBytes))).toEqual(expected);
});

test("finds the blocks where pg_dump put them", () => {
  const archive = readFixture("pg_dump-18-file");
  const { head, headBytes } = parseHead(archive);
  const events = [...new BlockScanner({ offset: headBytes }).push(archive.subarray(headBytes))];
  const found = events.flatMap((event) => (event.kind === "block" ? [[event.dumpId, event.offset]] : []));
  const known = head.entries.filter(({ hasData }) => hasData).map(({ dumpId, offset }) => [dumpId, offset.position]);
  expect(found).toEqual(known);
});

test("an end inside a block is no end", () => {
  const ends = expected.filter(({ kind }) => kind === "block-end").map(({ offset }) => offset - 1000);
  for (let length = 0; length <= blocks.length; length += 1) {
    const cut = (): unknown => scan([blocks.subarray(0, length)]);
    if (length === 0 || ends.includes(length)) expect(cut).not.toThrow();
    else expect(cut, `${length} bytes`).toThrow(TruncatedArchiveError);
  }
});

describe("refuses", () => {
  test.each([
    ["a block of unknown type", Buffer.from([2]), /data block of type 2 \(at byte 1077/],
    ["a block of dump id 0", tableBlockStart(0), /dump id 0 \(at byte 1077/],
    [
      "a chunk of negative length",
      Buffer.concat([tableBlockStart(6), encodeInt(-1)]),
      /chunk of -1 bytes \(at byte 1083/,
    ],
    ["an int that pg_dump never writes", Buffer.concat([tableBlockStart(6), Buffer.alloc(5, 9)]), /not a valid int/],
  ])("%s", (_what, bytes, message) => {
    expect(() => scan([blocks, bytes])).toThrow(message);
    expect(() => scan([blocks, bytes])).toThrow(ArchiveFormatError);
  });
});

test("a chunk that claims two gigabytes costs no memory", () => {
  const scanner = new BlockScanner({ offset: 0 });
  const start = Buffer.concat([tableBlockStart(6), encodeInt(2 ** 31 - 1)]);
  const bytes = Buffer.alloc(1000);
  expect([...scanner.push(Buffer.concat([start, bytes]))].at(-1)).toEqual({ kind: "bytes", bytes, offset: 11 });
  expect(() => scanner.end()).toThrow(TruncatedArchiveError);
});

test("gives what follows the blocks only when asked", () => {
  const trailing = Buffer.from("\0and more");
  expect(() => scan([blocks, trailing])).toThrow(/data block of type 0/);
  expect(scan(inPieces(Buffer.concat([blocks, trailing]), 4), true).at(-1)).toEqual({
    kind: "trailing",
    bytes: trailing,
    offset: 1077,
  });
});
