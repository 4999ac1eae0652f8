const frameMagic = 0xfd2fb528;
const blockTypeRle = 1;
const blockTypeReserved = 3;

/** By the two low bits of the frame header's descriptor (RFC 8878, 3.1.1.1.1). */
const dictionaryIdBytes = [0, 1, 2, 4] as const;
const contentSizeBytes = [0, 2, 4, 8] as const;

type Expected = "frame-header" | "block-header" | "last-content" | "content" | "checksum";

/** Finds where zstd frames end (RFC 8878) without decompressing, in bytes that arrive in pieces of any size. */
export class ZstdFrames {
  readonly #held = Buffer.alloc(5);
  #heldBytes = 0;
  #expected: Expected = "frame-header";
  #skipBytes = 0;
  #hasChecksum = false;

  /** No frame is open. */
  get isBetween(): boolean {
    return this.#expected === "frame-header" && this.#heldBytes === 0 && this.#skipBytes === 0;
  }

  /** Takes bytes up to the end of a frame at most, and says how many it took. */
  push(bytes: Buffer): number {
    let at = 0;
    while (at < bytes.length) {
      at += this.#skipBytes > 0 ? this.#skip(bytes.length - at) : this.#hold(bytes, at);
      if (this.isBetween) return at;
    }
    return at;
  }

  #skip(available: number): number {
    const skipped = Math.min(available, this.#skipBytes);
    this.#skipBytes -= skipped;
    if (this.#skipBytes === 0) this.#afterSkip();
    return skipped;
  }

  #afterSkip(): void {
    if (this.#expected === "content") this.#expected = "block-header";
    else if (this.#expected === "last-content" && this.#hasChecksum) this.#skipChecksum();
    else if (this.#expected !== "block-header") this.#expected = "frame-header";
  }

  #skipChecksum(): void {
    this.#expected = "checksum";
    this.#skipBytes = 4;
  }

  #hold(bytes: Buffer, at: number): number {
    const neededBytes = this.#expected === "frame-header" ? 5 : 3;
    const length = bytes.copy(this.#held, this.#heldBytes, at, at + neededBytes - this.#heldBytes);
    this.#heldBytes += length;
    if (this.#heldBytes < neededBytes) return length;
    this.#heldBytes = 0;
    if (this.#expected === "frame-header") this.#readFrameHeader();
    else this.#readBlockHeader();
    return length;
  }

  #readFrameHeader(): void {
    if (this.#held.readUInt32LE(0) !== frameMagic) throw new Error("its bytes are no zstd frame");
    const descriptor = this.#held[4] as number;
    const isSingleSegment = (descriptor & 0x20) !== 0;
    const contentSize = contentSizeBytes[(descriptor >>> 6) as 0 | 1 | 2 | 3];
    const dictionaryId = dictionaryIdBytes[(descriptor & 3) as 0 | 1 | 2 | 3];
    this.#hasChecksum = (descriptor & 4) !== 0;
    this.#expected = "block-header";
    // A single segment has no window byte, but at least one byte of content size.
    this.#skipBytes = dictionaryId + (isSingleSegment ? Math.max(1, contentSize) : contentSize + 1);
  }

  #readBlockHeader(): void {
    const header = this.#held.readUIntLE(0, 3);
    const type = (header >>> 1) & 3;
    if (type === blockTypeReserved) throw new Error("its zstd frame has a block of an unknown type");
    this.#expected = (header & 1) === 1 ? "last-content" : "content";
    this.#skipBytes = type === blockTypeRle ? 1 : header >>> 3;
    if (this.#skipBytes === 0) this.#afterSkip();
  }
}
