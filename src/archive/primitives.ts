import { ArchiveFormatError, TruncatedArchiveError } from "./errors.ts";

/** A sign byte and four magnitude bytes, least significant first. */
export const intBytes = 5;

/** Longer than any object's definition that PostgreSQL would accept back; a length above it is damage. */
const maxStringBytes = 64 * 1024 * 1024;

/** One for all: contents may have millions of empty strings. */
const empty = Buffer.alloc(0);

/** pg_dump negates the smallest int onto itself, so its magnitude is written as 2^31. */
const minInt = -(2 ** 31);

/** What the format's `ReadInt` gives, or undefined for bytes that its `WriteInt` never writes. */
export function decodeInt(bytes: Buffer, position: number): number | undefined {
  const sign = bytes[position];
  const magnitude = bytes.readUInt32LE(position + 1);
  if (sign === 0) return magnitude < 2 ** 31 ? magnitude : undefined;
  if (sign === 1) return magnitude > 0 && magnitude <= 2 ** 31 ? -magnitude : undefined;
  return undefined;
}

export function encodeInt(value: number, into: Buffer = Buffer.allocUnsafe(intBytes), position = 0): Buffer {
  if (!Number.isInteger(value) || value < minInt || value >= 2 ** 31) throw new RangeError(`${value} is not an int`);
  into[position] = value < 0 ? 1 : 0;
  into.writeUInt32LE(Math.abs(value), position + 1);
  return into;
}

/** OIDs are unsigned, the format's ints are not: an OID of 2^31 or more is written as a negative number. */
export function oidToInt(oid: number): number {
  return oid | 0;
}

export function intToOid(value: number): number {
  return value >>> 0;
}

/**
 * Reads the format's primitives from a buffer, checking every length against what is there.
 * A string is a view of the buffer, in whatever encoding the archive has; NULL is null.
 */
export class ByteReader {
  readonly #bytes: Buffer;
  readonly #baseOffset: number;
  position = 0;

  /** `baseOffset` is where the buffer's first byte lies in the archive. */
  constructor(bytes: Buffer, baseOffset = 0) {
    this.#bytes = bytes;
    this.#baseOffset = baseOffset;
  }

  get offset(): number {
    return this.#baseOffset + this.position;
  }

  byte(what: string): number {
    this.#require(1, what);
    return this.#bytes[this.position++] as number;
  }

  int(what: string): number {
    this.#require(intBytes, what);
    const value = decodeInt(this.#bytes, this.position);
    if (value === undefined) this.fail(`The ${what} is not a valid int`);
    this.position += intBytes;
    return value;
  }

  string(what: string): Buffer | null {
    const start = this.position;
    const length = this.int(`length of the ${what}`);
    if (length === -1) return null;
    if (length < 0 || length > maxStringBytes) {
      this.position = start;
      this.fail(`The ${what} claims a length of ${length} bytes`);
    }
    return length === 0 ? empty : this.bytes(length, what);
  }

  bytes(length: number, what: string): Buffer {
    this.#require(length, what);
    this.position += length;
    return this.#bytes.subarray(this.position - length, this.position);
  }

  /** Throws for what lies at the current position. */
  fail(message: string): never {
    throw new ArchiveFormatError(message, this.offset);
  }

  #require(length: number, what: string): void {
    if (this.position + length <= this.#bytes.length) return;
    throw new TruncatedArchiveError(`The archive ends inside the ${what}`, this.offset, this.offset + length);
  }
}

/** Collects the format's primitives in one growing buffer. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(64 * 1024);
  #length = 0;

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  int(value: number): void {
    this.#reserve(intBytes);
    encodeInt(value, this.#bytes, this.#length);
    this.#length += intBytes;
  }

  string(value: Buffer | null): void {
    if (value === null) return this.int(-1);
    this.int(value.length);
    this.bytes(value);
  }

  bytes(value: Buffer): void {
    this.#reserve(value.length);
    value.copy(this.#bytes, this.#length);
    this.#length += value.length;
  }

  /** What was written so far, as a view. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(length: number): void {
    if (this.#length + length <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
