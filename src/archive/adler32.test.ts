import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { adler32, adler32Combine } from "./adler32.ts";

/** zlib's own, from the end of its stream. */
function zlibChecksum(bytes: Uint8Array): number {
  return deflateSync(bytes, { level: 0 }).readUInt32BE(deflateSync(bytes, { level: 0 }).length - 4);
}

test("agrees with zlib, wherever the bytes begin in memory", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.nat(7), (bytes, shift) => {
      const view = bytes.subarray(Math.min(shift, bytes.length));
      expect(adler32(view)).toBe(zlibChecksum(view));
    }),
    { numRuns: 300 },
  );
});

test.each([0, 1, 3, 4, 63, 64, 65, 5551, 5552, 5553, 100_003, 1_000_000])(
  "agrees with zlib on %i bytes of 255",
  (length) => {
    const bytes = Buffer.alloc(length, 0xff);
    expect(adler32(bytes)).toBe(zlibChecksum(bytes));
    expect(adler32(bytes.subarray(1), adler32(bytes.subarray(0, 1)))).toBe(zlibChecksum(bytes));
  },
);

test("combines what was cut anywhere", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), fc.nat(500), (bytes, cut) => {
      const [first, second] = [bytes.subarray(0, cut), bytes.subarray(cut)];
      expect(adler32Combine(adler32(first), adler32(second), second.length)).toBe(adler32(bytes));
    }),
    { numRuns: 300 },
  );
});

/** Zeros leave the low half alone and add it to the high half once a byte. */
function continueWithZeros(checksum: number, length: bigint): number {
  const low = BigInt(checksum & 0xffff);
  const high = (BigInt(checksum >>> 16) + length * low) % 65521n;
  return Number((high << 16n) | low);
}

test.each([2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 40 + 12_345, Number.MAX_SAFE_INTEGER])(
  "combines with %i further bytes",
  (length) => {
    for (const first of [1, 0xfff0fff0, adler32(Buffer.from("some rows")), 0x00010000]) {
      const zeros = continueWithZeros(1, BigInt(length));
      expect(adler32Combine(first, zeros, length)).toBe(continueWithZeros(first, BigInt(length)));
    }
  },
);
