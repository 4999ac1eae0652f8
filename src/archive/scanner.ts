import { blockTypes } from "./blocks.ts";
import { ArchiveFormatError, TruncatedArchiveError } from "./errors.ts";
import { decodeInt, intBytes, intToOid } from "./primitives.ts";

/**
 * What the walk over data blocks meets. A table's block is `block`, its chunks, `content-end`, `block-end`; a block of
 * large objects is `block`, then for each `object`, its chunks, `content-end`, then `block-end`. A chunk's bytes come
 * in views of what was pushed, none across two chunks. Offsets count from the archive's first byte.
 */
export type BlockEvent =
  | ({ kind: "block" } & BlockStart)
  | { kind: "object"; oid: number; offset: number }
  | { kind: "chunk"; length: number; offset: number }
  | { kind: "bytes"; bytes: Buffer; offset: number }
  | { kind: "content-end"; offset: number }
  | { kind: "block-end"; offset: number }
  | { kind: "trailing"; bytes: Buffer; offset: number };

export interface BlockStart {
  type: "table" | "large-objects";
  dumpId: number;
  offset: number;
}

type State = "type" | "dump-id" | "oid" | "length" | "bytes" | "trailing";

interface ScannerOptions {
  /** Offset of the first block: the head's length. */
  offset: number;
  /** Gives what begins with no block's type as `trailing` instead of refusing it. */
  tolerateTrailing?: boolean;
}

/** Walks the framing of data blocks over bytes that arrive in pieces of any size, and inflates nothing. */
export class BlockScanner {
  readonly #tolerateTrailing: boolean;
  readonly #held = Buffer.alloc(intBytes);
  #heldBytes = 0;
  #state: State = "type";
  #type: BlockStart["type"] = "table";
  #blockOffset: number;
  #remainingBytes = 0;
  /** Offset of the next byte to look at. */
  #offset: number;

  constructor(options: ScannerOptions) {
    this.#offset = options.offset;
    this.#blockOffset = options.offset;
    this.#tolerateTrailing = options.tolerateTrailing ?? false;
  }

  get offset(): number {
    return this.#offset;
  }

  /** The events of these bytes; drain it before the next push. */
  *push(bytes: Buffer): Generator<BlockEvent, void, undefined> {
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === "bytes" || this.#state === "trailing") {
        const view = this.#takeView(bytes, at);
        at += view.length;
        yield { kind: this.#state, bytes: view, offset: this.#offset - view.length };
        if (this.#state === "bytes" && this.#remainingBytes === 0) this.#state = "length";
      } else {
        at += this.#hold(bytes, at);
        if (this.#heldBytes === this.#neededBytes) yield* this.#advance();
      }
    }
  }

  /** Throws if the archive ended inside a block. */
  end(): void {
    if (this.#state === "trailing" || (this.#state === "type" && this.#heldBytes === 0)) return;
    throw new TruncatedArchiveError("The archive ends inside a data block", this.#offset, this.#offset + 1);
  }

  get #neededBytes(): number {
    return this.#state === "type" ? 1 : intBytes;
  }

  #takeView(bytes: Buffer, at: number): Buffer {
    const length = this.#state === "trailing" ? bytes.length : this.#remainingBytes;
    const view = bytes.subarray(at, at + length);
    this.#remainingBytes -= view.length;
    this.#offset += view.length;
    return view;
  }

  #hold(bytes: Buffer, at: number): number {
    const length = bytes.copy(this.#held, this.#heldBytes, at, at + this.#neededBytes - this.#heldBytes);
    this.#heldBytes += length;
    this.#offset += length;
    return length;
  }

  #advance(): BlockEvent[] {
    this.#heldBytes = 0;
    switch (this.#state) {
      case "type":
        return this.#startBlock(this.#held[0] as number);
      case "dump-id":
        return this.#nameBlock(this.#heldInt("dump id"));
      case "oid":
        return this.#startObject(this.#heldInt("large object's OID"));
      default:
        return this.#startChunk(this.#heldInt("chunk's length"));
    }
  }

  #startBlock(type: number): BlockEvent[] {
    this.#blockOffset = this.#offset - 1;
    if (type === blockTypes.table || type === blockTypes.largeObjects) {
      this.#type = type === blockTypes.table ? "table" : "large-objects";
      this.#state = "dump-id";
      return [];
    }
    if (!this.#tolerateTrailing) throw new ArchiveFormatError(`A data block of type ${type}`, this.#blockOffset);
    this.#state = "trailing";
    return [{ kind: "trailing", bytes: Buffer.from([type]), offset: this.#blockOffset }];
  }

  #nameBlock(dumpId: number): BlockEvent[] {
    if (dumpId <= 0) throw new ArchiveFormatError(`A data block of dump id ${dumpId}`, this.#blockOffset);
    this.#state = this.#type === "table" ? "length" : "oid";
    return [{ kind: "block", type: this.#type, dumpId, offset: this.#blockOffset }];
  }

  #startObject(oid: number): BlockEvent[] {
    if (oid === 0) return [this.#endBlock()];
    this.#state = "length";
    return [{ kind: "object", oid: intToOid(oid), offset: this.#offset - intBytes }];
  }

  #startChunk(length: number): BlockEvent[] {
    const offset = this.#offset - intBytes;
    if (length < 0) throw new ArchiveFormatError(`A chunk of ${length} bytes`, offset);
    if (length > 0) {
      this.#state = "bytes";
      this.#remainingBytes = length;
      return [{ kind: "chunk", length, offset }];
    }
    const contentEnd: BlockEvent = { kind: "content-end", offset };
    if (this.#type === "table") return [contentEnd, this.#endBlock()];
    this.#state = "oid";
    return [contentEnd];
  }

  #endBlock(): BlockEvent {
    this.#state = "type";
    return { kind: "block-end", offset: this.#offset };
  }

  #heldInt(what: string): number {
    const value = decodeInt(this.#held, 0);
    if (value === undefined) throw new ArchiveFormatError(`A ${what} is not a valid int`, this.#offset - intBytes);
    return value;
  }
}
