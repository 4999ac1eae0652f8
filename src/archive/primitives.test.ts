import { describe, expect, test } from "vitest";
import { ArchiveFormatError, TruncatedArchiveError } from "./errors.ts";
import { ByteReader, ByteWriter, decodeInt, encodeInt, intToOid, oidToInt } from "./primitives.ts";

describe("an int", () => {
  test.each([
    [0, "0000000000"],
    [1, "0001000000"],
    [-1, "0101000000"],
    [256, "0000010000"],
    [2 ** 31 - 1, "00ffffff7f"],
    [-(2 ** 31), "0100000080"],
  ])("%i is written as %s and read back", (value, hex) => {
    expect(encodeInt(value).toString("hex")).toBe(hex);
    expect(decodeInt(Buffer.from(hex, "hex"), 0)).toBe(value);
  });

  test.each(["0200000000", "0100000000", "0000000080", "0101000080", "ff01000000"])("%s is none", (hex) => {
    expect(decodeInt(Buffer.from(hex, "hex"), 0)).toBeUndefined();
    expect(() => new ByteReader(Buffer.from(hex, "hex"), 40).int("length")).toThrow(
      /length is not a valid int.*byte 40/,
    );
  });

  test.each([2 ** 31, -(2 ** 31) - 1, 1.5, Number.NaN])("%d cannot be one", (value) => {
    expect(() => encodeInt(value)).toThrow(RangeError);
  });

  test.each([1, 2 ** 31 - 1, 2 ** 31, 4_000_000_001, 2 ** 32 - 1])("holds the OID %i", (oid) => {
    expect(intToOid(decodeInt(encodeInt(oidToInt(oid)), 0) as number)).toBe(oid);
  });
});

describe("a string", () => {
  test("keeps NULL, the empty string and bytes that are no text apart", () => {
    const writer = new ByteWriter();
    const values = [null, Buffer.alloc(0), Buffer.from([0xff, 0x00, 0xfe])];
    for (const value of values) writer.string(value);
    const reader = new ByteReader(writer.finish());
    expect(values.map(() => reader.string("text"))).toEqual(values);
  });

  test("may be longer than the writer's first buffer", () => {
    const writer = new ByteWriter();
    const long = Buffer.alloc(300_000, "x");
    writer.byte(7);
    writer.string(long);
    const reader = new ByteReader(writer.finish());
    expect([reader.byte("byte"), reader.string("text")?.equals(long)]).toEqual([7, true]);
  });

  test.each([-2, 2 ** 31 - 1, 65 * 1024 * 1024])("of %i bytes is refused before anything is allocated", (length) => {
    const reader = new ByteReader(encodeInt(length), 100);
    const error = catchError(() => reader.string("tag"));
    expect(error).toBeInstanceOf(ArchiveFormatError);
    expect(error).toMatchObject({ offset: 100, message: expect.stringContaining(`tag claims a length of ${length}`) });
  });
});

test("what is cut says how much is missing", () => {
  const reader = new ByteReader(Buffer.concat([encodeInt(10), Buffer.from("abc")]), 1000);
  const error = catchError(() => reader.string("owner"));
  expect(error).toBeInstanceOf(TruncatedArchiveError);
  expect(error).toMatchObject({
    offset: 1005,
    neededBytes: 1015,
    message: expect.stringContaining("inside the owner"),
  });
});

function catchError(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
