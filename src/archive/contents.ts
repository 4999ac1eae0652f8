import { readEntry, writeEntry } from "./entry.ts";
import type { ArchiveEntry, DataOffset } from "./entry.ts";
import { ArchiveFormatError, TruncatedArchiveError } from "./errors.ts";
import { readHeader, writeHeader } from "./header.ts";
import type { ArchiveHeader } from "./header.ts";
import { ByteReader, ByteWriter } from "./primitives.ts";
import { textReader } from "./text.ts";
import type { ReadText } from "./text.ts";

/** All that stands before the first data block. */
export interface ArchiveHead {
  readonly header: ArchiveHeader;
  /** In the archive's order, which is the order of restore. */
  readonly entries: readonly ArchiveEntry[];
}

/** Where the parts of a head end, as it was read. */
export interface ParsedHead {
  head: ArchiveHead;
  headerBytes: number;
  /** Header and contents: the offset of the first data block. */
  headBytes: number;
}

/** Room for about a million large objects; a head that is larger is damage or needs another tool. */
const defaultMaxHeadBytes = 512 * 1024 * 1024;

/** 4 ints, 12 lengths, the NULL after the dependencies and the offset: no entry is shorter. */
const minEntryBytes = 92;

/**
 * Reads header and contents from bytes that arrive in pieces of any size.
 * Feed it until `push` says true; then `finish` gives the head and the bytes after it.
 */
export class ContentsReader {
  readonly #maxHeadBytes: number;
  readonly #entries: ArchiveEntry[] = [];
  readonly #dumpIds = new Set<number>();
  #header: ArchiveHeader | undefined;
  #headerBytes = 0;
  #entryCount: number | undefined;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** Offset in the archive of the first pending byte. */
  #offset = 0;
  /** No use in trying again before the archive is this long. */
  #neededBytes = 1;
  #missing: TruncatedArchiveError | undefined;

  constructor(maxHeadBytes = defaultMaxHeadBytes) {
    this.#maxHeadBytes = maxHeadBytes;
  }

  get isComplete(): boolean {
    return this.#entries.length === this.#entryCount;
  }

  /** Takes the next bytes and keeps views of them; true as soon as header and contents are complete. */
  push(bytes: Buffer): boolean {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    const isWorthTrying = this.#offset + this.#pendingBytes >= this.#neededBytes;
    if (!this.isComplete && isWorthTrying) this.#readPending();
    return this.isComplete;
  }

  /** Throws if the archive ended before its contents did. */
  finish(): ParsedHead & { rest: Buffer } {
    if (!this.isComplete || !this.#header) {
      throw this.#missing ?? new TruncatedArchiveError("The archive is empty", 0, 1);
    }
    return {
      head: { header: this.#header, entries: this.#entries },
      headerBytes: this.#headerBytes,
      headBytes: this.#offset,
      rest: this.#joinPending(),
    };
  }

  /** What was read stays read: only an entry that was cut is read again. */
  #readPending(): void {
    const bytes = this.#joinPending();
    const reader = new ByteReader(bytes, this.#offset);
    let readBytes = 0;
    try {
      while (!this.isComplete) {
        this.#readNext(reader);
        readBytes = reader.position;
      }
    } catch (error) {
      this.#waitForMore(error);
    }
    this.#offset += readBytes;
    this.#pendingBytes -= readBytes;
    this.#pending = [bytes.subarray(readBytes)];
  }

  #readNext(reader: ByteReader): void {
    if (!this.#header) {
      this.#header = readHeader(reader);
      this.#headerBytes = reader.offset;
    } else if (this.#entryCount === undefined) {
      this.#entryCount = this.#readEntryCount(reader);
    } else {
      this.#addEntry(readEntry(reader, this.#header.version), reader);
    }
    if (reader.offset > this.#maxHeadBytes) throw this.#tooLong(reader.offset);
  }

  #readEntryCount(reader: ByteReader): number {
    const count = reader.int("number of entries");
    if (count < 0 || count > this.#maxHeadBytes / minEntryBytes) reader.fail(`The number of entries is ${count}`);
    return count;
  }

  #addEntry(entry: ArchiveEntry, reader: ByteReader): void {
    if (this.#dumpIds.has(entry.dumpId)) reader.fail(`Two entries have the dump id ${entry.dumpId}`);
    if (entry.hasData !== (entry.offset.state !== "none")) {
      reader.fail(`Entry ${entry.dumpId} contradicts itself about having data`);
    }
    this.#dumpIds.add(entry.dumpId);
    this.#entries.push(entry);
  }

  #waitForMore(error: unknown): void {
    if (!(error instanceof TruncatedArchiveError)) throw error;
    if (error.neededBytes > this.#maxHeadBytes) throw this.#tooLong(error.offset);
    this.#neededBytes = error.neededBytes;
    this.#missing = error;
  }

  #tooLong(offset: number): ArchiveFormatError {
    return new ArchiveFormatError(`The contents are longer than ${this.#maxHeadBytes} bytes`, offset);
  }

  #joinPending(): Buffer {
    const joined = this.#pending.length === 1 ? (this.#pending[0] as Buffer) : Buffer.concat(this.#pending);
    this.#pending = [joined];
    return joined;
  }
}

/** Header and contents of an archive that is whole in memory. */
export function parseHead(archive: Buffer): ParsedHead {
  const reader = new ContentsReader();
  reader.push(archive);
  const { head, headerBytes, headBytes } = reader.finish();
  return { head, headerBytes, headBytes };
}

/** The very bytes that the head was parsed from, if nothing in it was changed. */
export function serializeHead(head: ArchiveHead): Buffer {
  const writer = new ByteWriter();
  writeHeader(head.header, writer);
  writer.int(head.entries.length);
  for (const entry of head.entries) writeEntry(entry, head.header.version, writer);
  return writer.finish();
}

/**
 * The head with no data block's place written down, as pg_dump writes to a pipe. Whatever changes the length of the
 * contents or of a block must do this, as wrong places are worse than none.
 */
export function withoutOffsets(head: ArchiveHead): ArchiveHead {
  const unknown: DataOffset = { state: "unknown", position: 0 };
  const entries = head.entries.map((entry) => (entry.offset.state === "known" ? { ...entry, offset: unknown } : entry));
  return { ...head, entries };
}

/** PostgreSQL's name of the encoding that the archive's text and data are in, from its ENCODING entry. */
export function encodingOf(head: ArchiveHead): string {
  const entry = head.entries.find(({ desc }) => desc === "ENCODING");
  return /'([^']*)'/u.exec(entry?.definition?.toString("latin1") ?? "")?.[1] ?? "SQL_ASCII";
}

export function textOf(head: ArchiveHead): ReadText {
  return textReader(encodingOf(head));
}
