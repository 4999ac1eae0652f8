import { parseHead, serializeHead, withoutOffsets } from "./contents.ts";
import type { ArchiveHead, ParsedHead } from "./contents.ts";
import { ArchiveFormatError } from "./errors.ts";
import { intBytes } from "./primitives.ts";

/** The table of contents a second time, behind the data; see `VerifyOptions.tolerateTrailingContents`. */
export class TrailingContents {
  readonly #parsed: ParsedHead;
  readonly #bytes: Buffer[] = [];
  #offset = 0;
  length = 0;

  constructor(parsed: ParsedHead) {
    this.#parsed = parsed;
  }

  push(bytes: Buffer, offset: number): undefined {
    if (this.length === 0) this.#offset = offset;
    this.#bytes.push(bytes);
    this.length += bytes.length;
    if (this.length > this.#parsed.headBytes - this.#parsed.headerBytes) this.#fail();
  }

  /** Throws unless there is nothing, or the archive's own contents, which may have their offsets filled in. */
  requireSame(): void {
    if (this.length === 0) return;
    const { header } = this.#parsed.head;
    const emptyHead = serializeHead({ header, entries: [] });
    const headerAlone = emptyHead.subarray(0, emptyHead.length - intBytes);
    if (!isSame(this.#parsed.head, Buffer.concat([headerAlone, ...this.#bytes]))) this.#fail();
  }

  #fail(): never {
    throw new ArchiveFormatError("What follows the last data block is not the archive's contents", this.#offset);
  }
}

function isSame(head: ArchiveHead, second: Buffer): boolean {
  try {
    const parsed = parseHead(second);
    const isWhole = parsed.headBytes === second.length;
    return isWhole && serializeHead(withoutOffsets(parsed.head)).equals(serializeHead(withoutOffsets(head)));
  } catch (error) {
    if (error instanceof ArchiveFormatError) return false;
    throw error;
  }
}
