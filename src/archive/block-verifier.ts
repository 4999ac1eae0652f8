import { textOf } from "./contents.ts";
import type { ParsedHead } from "./contents.ts";
import type { ArchiveEntry } from "./entry.ts";
import { ArchiveFormatError } from "./errors.ts";
import { BlockInflater } from "./inflate.ts";
import type { ContentFacts, ContentReader } from "./inflate.ts";
import { listLargeObjects } from "./large-objects.ts";
import { listEntry, nameEntry } from "./list.ts";
import { BlockScanner } from "./scanner.ts";
import type { BlockEvent, BlockStart } from "./scanner.ts";
import type { ReadText } from "./text.ts";
import { TrailingContents } from "./trailing-contents.ts";
import type { VerifiedArchive, VerifiedBlock, VerifyOptions } from "./verify.ts";

/** Entries of these kinds alone have data, each in a block of its type. */
const blockTypeOf: Readonly<Record<string, BlockStart["type"]>> = { "TABLE DATA": "table", BLOBS: "large-objects" };

/** The part of `verifyArchive` that comes behind the head. */
export class BlockVerifier {
  readonly #parsed: ParsedHead;
  readonly #options: VerifyOptions;
  readonly #text: ReadText;
  readonly #scanner: BlockScanner;
  readonly #trailing: TrailingContents;
  readonly #entriesWithData: ArchiveEntry[];
  /** One for each block begun. */
  readonly #blocks: VerifiedBlock[] = [];
  #content: ContentReader | undefined;
  #largeObjectOid = 0;
  /** Ends in the order of the archive, whoever inflates and however long it takes. */
  #lastEnd: Promise<void> = Promise.resolve();
  readonly #endsInFlight: Promise<void>[] = [];

  constructor(parsed: ParsedHead, options: VerifyOptions) {
    this.#parsed = parsed;
    this.#options = options;
    this.#text = textOf(parsed.head);
    this.#trailing = new TrailingContents(parsed);
    this.#entriesWithData = parsed.head.entries.filter(({ hasData }) => hasData);
    const tolerateTrailing = options.tolerateTrailingContents ?? false;
    this.#scanner = new BlockScanner({ offset: parsed.headBytes, tolerateTrailing });
  }

  async write(bytes: Buffer): Promise<void> {
    for (const event of this.#scanner.push(bytes)) {
      const pending = this.#take(event);
      if (pending) await pending;
    }
  }

  async end(): Promise<VerifiedArchive> {
    this.#scanner.end();
    await this.#lastEnd;
    this.#requireAllBlocks();
    this.#requireLargeObjects();
    this.#trailing.requireSame();
    return {
      head: this.#parsed.head,
      headBytes: this.#parsed.headBytes,
      archiveBytes: this.#scanner.offset,
      blocks: this.#blocks,
      trailingBytes: this.#trailing.length,
    };
  }

  destroy(): void {
    this.#content?.destroy();
  }

  #take(event: BlockEvent): Promise<void> | undefined {
    switch (event.kind) {
      case "bytes":
        return this.#content?.write(event.bytes);
      case "chunk":
        return this.#startChunk(event.length);
      case "block":
        return this.#startBlock(event);
      case "object":
        return this.#startLargeObject(event.oid, event.offset);
      case "content-end":
        return this.#endContent();
      case "block-end":
        return this.#endBlock();
      default:
        return this.#trailing.push(event.bytes, event.offset);
    }
  }

  #startBlock(start: BlockStart): undefined {
    const entry = this.#nextEntry(start);
    const listed = listEntry(entry, this.#text);
    this.#blocks.push({
      dumpId: entry.dumpId,
      desc: entry.desc,
      schema: listed.schema,
      table: listed.tag,
      oid: entry.oid,
      rows: null,
      textBytes: 0,
      compressedBytes: 0,
      offset: start.offset,
      largeObjects: [],
    });
    const isCopyText = (entry.copyStatement?.length ?? 0) > 0;
    if (start.type === "table") this.#openContent(nameEntry(listed), start.offset, isCopyText);
  }

  /** The entry whose turn it is. pg_restore reading from a pipe cannot go back, so the order must be the contents'. */
  #nextEntry({ type, dumpId, offset }: BlockStart): ArchiveEntry {
    const entry = this.#entriesWithData[this.#blocks.length];
    if (entry?.dumpId !== dumpId) {
      const expected = entry ? `where that of entry ${entry.dumpId} should be` : "behind the last one";
      throw new ArchiveFormatError(`The data block of entry ${dumpId} lies ${expected}`, offset);
    }
    if (blockTypeOf[entry.desc] !== type) {
      throw new ArchiveFormatError(`The data block of entry ${dumpId} is not of the kind for ${entry.desc}`, offset);
    }
    if (entry.offset.state === "known" && entry.offset.position !== offset) {
      throw new ArchiveFormatError(`The contents put the data of entry ${dumpId} at ${entry.offset.position}`, offset);
    }
    return entry;
  }

  #startLargeObject(oid: number, offset: number): undefined {
    this.#largeObjectOid = oid;
    this.#openContent(`large object ${oid}`, offset, false);
  }

  #openContent(name: string, offset: number, isCopyText: boolean): void {
    const { algorithm } = this.#parsed.head.header.compression;
    const spec = { name, offset, algorithm, isCopyText, sha256: this.#options.sha256 ?? false };
    this.#content = this.#options.openContent?.(spec) ?? new BlockInflater(spec);
  }

  #startChunk(length: number): undefined {
    this.#content?.startChunk();
    const block = this.#blocks.at(-1);
    if (block) block.compressedBytes += length;
  }

  #endContent(): Promise<void> | undefined {
    const facts = this.#content?.end();
    const block = this.#blocks.at(-1);
    this.#content = undefined;
    if (!facts || !block) return undefined;
    const oid = this.#largeObjectOid;
    this.#afterLastEnd(facts, (found) => recordContent(block, oid, found));
    this.#endsInFlight.push(this.#lastEnd);
    const limit = this.#options.contentsInFlight ?? 1;
    return this.#endsInFlight.length < limit ? undefined : this.#endsInFlight.shift();
  }

  #endBlock(): undefined {
    const block = this.#blocks.at(-1) as VerifiedBlock;
    this.#afterLastEnd(Promise.resolve(), () => this.#options.onBlock?.(block));
  }

  #afterLastEnd<Result>(result: Promise<Result>, take: (result: Result) => void): void {
    const next = Promise.all([this.#lastEnd, result]).then(([, value]) => take(value));
    // Whoever waits for it next gets the error; nobody may be waiting yet.
    next.catch(() => undefined);
    this.#lastEnd = next;
  }

  #requireAllBlocks(): void {
    const missing = this.#entriesWithData[this.#blocks.length];
    if (!missing) return;
    const name = nameEntry(listEntry(missing, this.#text));
    throw new ArchiveFormatError(`The archive ends without the data of ${name}`, this.#scanner.offset);
  }

  /** Large objects have no checksum over their OIDs, but the contents name them all. */
  #requireLargeObjects(): void {
    const declared = listLargeObjects(this.#parsed.head);
    const found = this.#blocks.flatMap(({ largeObjects }) => largeObjects.map(({ oid }) => oid)).sort((a, b) => a - b);
    const hasBlobs = this.#blocks.some(({ desc }) => desc === "BLOBS");
    const index = declared.findIndex((oid, at) => oid !== found[at]);
    if (!hasBlobs || declared.length === 0 || (index === -1 && declared.length === found.length)) return;
    const what = `${found.length} large objects have data, and the contents create ${declared.length}`;
    throw new ArchiveFormatError(
      `${what}; they differ from ${declared[index] ?? found.at(-1)} on`,
      this.#scanner.offset,
    );
  }
}

function recordContent(block: VerifiedBlock, largeObjectOid: number, facts: ContentFacts): void {
  const sha256 = facts.sha256 === undefined ? {} : { sha256: facts.sha256 };
  block.textBytes += facts.textBytes;
  if (block.desc === "BLOBS") block.largeObjects.push({ oid: largeObjectOid, bytes: facts.textBytes, ...sha256 });
  else Object.assign(block, { rows: facts.rows }, sha256);
}
