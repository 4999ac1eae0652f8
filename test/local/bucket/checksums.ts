import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

export const CHECKSUM_ALGORITHMS = ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"] as const;

/** S3's additional checksums, by the name that ends `x-amz-checksum-…`. */
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

export interface RunningChecksum {
  update(chunk: Buffer): void;
  /** Big-endian, as S3 encodes it in base64. */
  digest(): Buffer;
}

export function isChecksumAlgorithm(name: string): name is ChecksumAlgorithm {
  return CHECKSUM_ALGORITHMS.some((algorithm) => algorithm === name);
}

export function createChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  switch (algorithm) {
    case "crc32":
      return createCrc32((chunk, value) => crc32(chunk, value));
    case "crc32c":
      return createCrc32(crc32c);
    case "crc64nvme":
      return createCrc64();
    default:
      return createHash(algorithm);
  }
}

function createCrc32(next: (chunk: Buffer, value: number) => number): RunningChecksum {
  let value = 0;
  return {
    update(chunk) {
      value = next(chunk, value);
    },
    digest() {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value >>> 0);
      return bytes;
    },
  };
}

/** The reflected polynomial of CRC-32C (RFC 3720). */
const CRC32C_POLYNOMIAL = 0x82f63b78;
/** The reflected polynomial of CRC-64/NVME (NVM Express base specification). */
const CRC64_POLYNOMIAL = 0x9a6c9329ac4bc9b5n;
const ALL_ONES = 0xffff_ffff;

const CRC32C_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? CRC32C_POLYNOMIAL ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

const CRC64_TABLE = Array.from({ length: 256 }, (_, byte) => {
  let value = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) value = value & 1n ? CRC64_POLYNOMIAL ^ (value >> 1n) : value >> 1n;
  return value;
});
const CRC64_HIGH = Uint32Array.from(CRC64_TABLE, (value) => Number(value >> 32n));
const CRC64_LOW = Uint32Array.from(CRC64_TABLE, (value) => Number(value & 0xffff_ffffn));

function crc32c(chunk: Buffer, value: number): number {
  let crc = ~value;
  for (const byte of chunk) crc = (crc >>> 8) ^ (CRC32C_TABLE[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}

/** Kept as two halves of 32 bits: BigInt arithmetic per byte would be some fifty times slower. */
function createCrc64(): RunningChecksum {
  let high = ALL_ONES;
  let low = ALL_ONES;
  return {
    update(chunk) {
      for (const byte of chunk) {
        const index = (low ^ byte) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ (CRC64_LOW[index] ?? 0);
        high = (high >>> 8) ^ (CRC64_HIGH[index] ?? 0);
      }
    },
    digest() {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt32BE((high ^ ALL_ONES) >>> 0, 0);
      bytes.writeUInt32BE((low ^ ALL_ONES) >>> 0, 4);
      return bytes;
    },
  };
}
