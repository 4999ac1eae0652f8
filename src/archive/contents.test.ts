import { describe, expect, test } from "vitest";
import { ContentsReader, encodingOf, parseHead, serializeHead, textOf, withoutOffsets } from "./contents.ts";
import type { ArchiveHead } from "./contents.ts";
import { ArchiveFormatError, TruncatedArchiveError, UnsupportedArchiveVersionError } from "./errors.ts";
import { fixtureNames, inPieces, readFixture } from "./fixtures/fixtures.ts";
import { withCompression } from "./header.ts";
import { encodeInt } from "./primitives.ts";

describe.each(fixtureNames)("%s", (name) => {
  const archive = readFixture(name);
  const { head, headBytes, headerBytes } = parseHead(archive);

  test("comes back byte for byte", () => {
    expect(serializeHead(head).equals(archive.subarray(0, headBytes))).toBe(true);
  });

  test.each([[1], [7], [headerBytes, 3, 50], [headBytes, 1], [headBytes - 1, 1]])(
    "arrives in pieces of %i",
    (...lengths) => {
      const reader = new ContentsReader();
      let pushedBytes = 0;
      for (const piece of inPieces(archive, ...lengths)) {
        const isComplete = reader.push(piece);
        pushedBytes += piece.length;
        expect(isComplete).toBe(pushedBytes >= headBytes);
        if (isComplete) break;
      }
      const { rest, ...parsed } = reader.finish();
      expect(parsed).toMatchObject({ headBytes, headerBytes });
      expect(serializeHead(parsed.head).equals(serializeHead(head))).toBe(true);
      expect(rest.equals(archive.subarray(headBytes, pushedBytes))).toBe(true);
    },
  );

  test("cut anywhere inside the contents, says that it is cut", () => {
    for (let length = 0; length < headBytes; length += 61) {
      expect(() => parseHead(archive.subarray(0, length))).toThrow(TruncatedArchiveError);
    }
  });

  test("has the table with the awkward name", () => {
    const text = textOf(head);
    const table = head.entries.find((entry) => entry.desc === "TABLE" && text(entry.tag).startsWith("two"));
    expect(text(table?.tag ?? null)).toBe("two\nlines");
    expect(text(table?.namespace ?? null)).toBe('Größe "m"');
    expect(table?.relkind).toBe(head.header.version === "1.16" ? "r".codePointAt(0) : 0);
  });
});

test("a header and an entry, byte by byte", () => {
  const int = (value: number): string => encodeInt(value).toString("hex");
  const string = (value: string): string => int(value.length) + Buffer.from(value).toString("hex");
  const nothing = int(-1);
  const bytes = Buffer.from(
    [
      "5047444d50", // PGDMP
      "010f0004080103", // 1.15-0, widths, custom format, zstd
      [59, 58, 23, 31, 11, 126, 0].map(int).join(""),
      string("app") + string("16.4") + string("16.4"),
      int(1),
      int(12) + int(1) + string("0") + string("16384") + string("t") + string("TABLE DATA") + int(3),
      nothing + nothing + string("COPY public.t (a) FROM stdin;\n") + string("public") + nothing + nothing,
      string("owner") + string("false") + string("11") + nothing,
      "020001000000000000", // known, at 256
    ].join(""),
    "hex",
  );
  const { head, headBytes } = parseHead(bytes);
  expect(headBytes).toBe(bytes.length);
  expect(serializeHead(head).toString("hex")).toBe(bytes.toString("hex"));
  expect(head.header).toMatchObject({
    version: "1.15",
    compression: { algorithm: "zstd" },
    createdAt: { second: 59, minute: 58, hour: 23, day: 31, month: 11, year: 126, isDst: 0 },
    databaseName: Buffer.from("app"),
  });
  expect(head.entries).toEqual([
    {
      dumpId: 12,
      hasData: true,
      catalogOid: 0,
      oid: 16384,
      tag: Buffer.from("t"),
      desc: "TABLE DATA",
      section: "data",
      definition: null,
      dropStatement: null,
      copyStatement: Buffer.from("COPY public.t (a) FROM stdin;\n"),
      namespace: Buffer.from("public"),
      tablespace: null,
      tableAccessMethod: null,
      relkind: 0,
      owner: Buffer.from("owner"),
      withOids: Buffer.from("false"),
      dependencies: [11],
      offset: { state: "known", position: 256 },
    },
  ]);
});

describe("a header", () => {
  const archive = readFixture("pg_dump-18-file");

  test.each([
    [5, 2, "2.16"],
    [6, 17, "1.17"],
    [6, 13, "1.13"],
  ])("with byte %i set to %i is of unknown version %s", (at, value, version) => {
    const error = catchError(() => parseHead(withByte(archive, at, value)));
    expect(error).toBeInstanceOf(UnsupportedArchiveVersionError);
    expect(error).toMatchObject({ version });
  });

  test.each([
    [0, "does not begin with PGDMP"],
    [8, "ints are not 4 bytes"],
    [9, "offsets are not 8 bytes"],
    [10, "not in the custom format"],
    [11, "compression algorithm"],
  ])("with byte %i wrong: %s", (at, message) => {
    expect(() => parseHead(withByte(archive, at, 99))).toThrow(message);
  });

  test("takes another compression, as far as its version has it", () => {
    const old = parseHead(readFixture("pg_dump-15-none")).head;
    const relabelled = withCompression(old.header, { algorithm: "gzip", level: 3 });
    expect(parseHead(serializeHead({ ...old, header: relabelled })).head.header.compression).toEqual({
      algorithm: "gzip",
      level: 3,
    });
    expect(() => withCompression(old.header, { algorithm: "zstd" })).toThrow("archive version 1.14 has only gzip");
    const { header } = parseHead(archive).head;
    expect(withCompression(header, { algorithm: "zstd", level: 3 }).compression).toEqual({ algorithm: "zstd" });
  });
});

describe("contents", () => {
  const archive = readFixture("pg_dump-15-pipe");
  const { head, headerBytes } = parseHead(archive);

  test.each([2 ** 31 - 1, -1])("of %i entries are refused at once", (count) => {
    const claimed = Buffer.concat([archive.subarray(0, headerBytes), encodeInt(count), Buffer.alloc(1000)]);
    const error = catchError(() => parseHead(claimed));
    expect(error).toMatchObject({ name: "ArchiveFormatError", offset: headerBytes + 5 });
  });

  test("longer than the limit are refused while they arrive", () => {
    const reader = new ContentsReader(headerBytes + 6000);
    expect(() => {
      for (const piece of inPieces(archive, 100)) reader.push(piece);
    }).toThrow(/contents are longer than/);
  });

  test.each([
    ["two entries of one dump id", { dumpId: head.entries[0]?.dumpId ?? 0 }],
    ["a dump id that would exhaust pg_restore's memory", { dumpId: 2 ** 31 - 1 }],
    ["data without a place for it", { hasData: true }],
    ["a kind in small letters", { desc: "table" }],
    ["an OID beyond 32 bits", { oid: 2 ** 32 }],
  ])("with %s are refused", (_what, change) => {
    const entries = head.entries.map((entry, index) => (index === 3 ? { ...entry, ...change } : entry));
    expect(() => parseHead(serializeHead({ ...head, entries }))).toThrow(ArchiveFormatError);
  });

  test("lose their offsets and nothing else", () => {
    const { head: withOffsets } = parseHead(readFixture("pg_dump-15-file"));
    expect(withOffsets.entries.filter(({ offset }) => offset.state === "known")).toHaveLength(8);
    const without = withoutOffsets(withOffsets);
    expect(serializeHead(without)).toHaveLength(serializeHead(withOffsets).length);
    expect(without.entries.filter(({ offset }) => offset.state === "unknown")).toHaveLength(8);
    expect(without.entries.every(({ offset }) => offset.position === 0)).toBe(true);
  });
});

describe("text", () => {
  const { head } = parseHead(readFixture("pg_dump-15-pipe"));
  const withEncoding = (encoding: string): ArchiveHead => ({
    ...head,
    entries: head.entries.map((entry) =>
      entry.desc === "ENCODING"
        ? { ...entry, definition: Buffer.from(`SET client_encoding = '${encoding}';\n`) }
        : entry,
    ),
  });

  test.each([
    ["UTF8", "c3a9", "é"],
    ["LATIN1", "e980", "é\u0080"],
    ["LATIN9", "a4", "€"],
    ["WIN1252", "80", "€"],
    ["KOI8R", "c1", "а"],
    ["EUC_JP", "c6fc", "日"],
    ["SJIS", "93fa", "日"],
    ["GBK", "c8d5", "日"],
    ["UHC", "b0a1", "가"],
    ["SQL_ASCII", "c3a9", "é"],
    ["SQL_ASCII", "e9", "é"],
    ["EUC_TW", "41e9", "Aé"],
  ])("of %s: %s reads as %s", (encoding, hex, expected) => {
    expect(encodingOf(withEncoding(encoding))).toBe(encoding);
    expect(textOf(withEncoding(encoding))(Buffer.from(hex, "hex"))).toBe(expected);
  });

  test("of contents that do not name their encoding is still read", () => {
    expect(encodingOf({ ...head, entries: [] })).toBe("SQL_ASCII");
    expect(textOf(head)(null)).toBe("");
  });
});

function withByte(archive: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(archive);
  changed[at] = value;
  return changed;
}

function catchError(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
