import {
  ContentFraming,
  largeObjectStart,
  largeObjectsBlockEnd,
  largeObjectsBlockStart,
  tableBlockStart,
} from "../archive/blocks.ts";
import type { CompressionAlgorithm } from "../archive/header.ts";
import { type Piece, deflatePieceSync, storedPiece, zstdPieceSync } from "../archive/pieces.ts";
import { copyTextEnd } from "../archive/rows.ts";
import type { PieceMessage } from "./messages.ts";
import type { Readers } from "./readers.ts";
import type { BlockPlan, ReadTask } from "./tasks.ts";

/** Where one slice's stretch of the archive lies, and what it holds. */
export interface SliceRecord {
  /** Position of the first of its bytes in the archive. */
  offset: number;
  /** With the framing of chunks. */
  archiveBytes: number;
  textBytes: number;
  rows: number;
}

export interface BlockRecord {
  dumpId: number;
  rows: number;
  textBytes: number;
  archiveBytes: number;
  seconds: number;
  slices: SliceRecord[];
}

interface AssembleOptions {
  blocks: readonly BlockPlan[];
  tasks: readonly ReadTask[];
  readers: Readers;
  algorithm: CompressionAlgorithm;
  level: number;
  /** Position at which the first block begins. */
  offset: number;
  write: (bytes: Uint8Array) => Promise<void>;
  onPiece: (piece: PieceMessage) => void;
  /** Everything of it is written. */
  onTask: (task: ReadTask) => void;
}

/** Puts the readers' pieces into blocks, in the order of the contents, and writes the blocks one after another. */
export async function writeBlocks(options: AssembleOptions): Promise<BlockRecord[]> {
  const writer = new BlockWriter(options);
  for (const task of options.tasks) {
    for await (const piece of options.readers.take(task.number)) {
      const item = task.items[piece.item];
      if (item === undefined) throw new RangeError(`task ${task.number} has no item ${piece.item}`);
      await writer.open(item.block, item.slice, item.kind === "large-object" ? item.oid : undefined);
      await writer.add(piece);
      options.onPiece(piece);
    }
    options.onTask(task);
  }
  return await writer.finish();
}

/** Shorter stretches wait for more before they are written. */
const smallBytes = 64 * 1024;

class BlockWriter {
  readonly #options: AssembleOptions;
  readonly #records: BlockRecord[] = [];
  #position: number;
  #framing: ContentFraming | undefined;
  #block = -1;
  #slice: SliceRecord | undefined;
  #openObject: number | undefined;
  #blockStartedAt = 0;
  /** The same behind every table's rows. */
  readonly #endPiece: Piece;
  /** Small stretches that are written together: thousands of tables are mostly framing. */
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  constructor(options: AssembleOptions) {
    this.#options = options;
    this.#position = options.offset;
    this.#endPiece = makePieceSync(copyTextEnd, options);
  }

  /** Moves on to the block, the slice and the large object that the next piece belongs to. */
  async open(block: number, slice: number, oid: number | undefined): Promise<void> {
    while (this.#block < block) await this.#openNextBlock();
    const record = this.#record;
    if (oid !== undefined && this.#openObject === undefined) await this.#startObject(oid);
    if (record.slices.length > slice) return;
    this.#slice = { offset: this.#position, archiveBytes: 0, textBytes: 0, rows: 0 };
    record.slices.push(this.#slice);
  }

  async add(message: PieceMessage): Promise<void> {
    const bytes = Buffer.from(message.bytes.buffer, message.bytes.byteOffset, message.bytes.byteLength);
    await this.#addPiece({ bytes, textBytes: message.textBytes, checksum: message.checksum });
    this.#record.rows += message.rows;
    this.#record.textBytes += message.textBytes;
    if (this.#slice !== undefined) {
      this.#slice.rows += message.rows;
      this.#slice.textBytes += message.textBytes;
      this.#slice.archiveBytes = this.#position - this.#slice.offset;
    }
    if (message.isLast && this.#openObject !== undefined) await this.#endObject();
  }

  async finish(): Promise<BlockRecord[]> {
    while (this.#block < this.#options.blocks.length) await this.#openNextBlock();
    await this.#flush();
    return this.#records;
  }

  get #record(): BlockRecord {
    return this.#records[this.#block] as BlockRecord;
  }

  async #openNextBlock(): Promise<void> {
    if (this.#block >= 0) await this.#closeBlock();
    this.#block += 1;
    const plan = this.#options.blocks[this.#block];
    if (plan === undefined) return;
    this.#blockStartedAt = performance.now();
    this.#records.push({
      dumpId: plan.dumpId,
      rows: 0,
      textBytes: 0,
      archiveBytes: -this.#position,
      seconds: 0,
      slices: [],
    });
    if (plan.kind === "table") {
      await this.#write(tableBlockStart(plan.dumpId));
      await this.#startContent();
    } else {
      await this.#write(largeObjectsBlockStart(plan.dumpId));
    }
  }

  async #closeBlock(): Promise<void> {
    const plan = this.#options.blocks[this.#block];
    if (plan?.kind === "table") {
      await this.#addPiece(this.#endPiece);
      await this.#endContent();
    } else {
      await this.#write(largeObjectsBlockEnd());
    }
    const record = this.#record;
    record.archiveBytes += this.#position;
    record.seconds = (performance.now() - this.#blockStartedAt) / 1000;
  }

  async #startObject(oid: number): Promise<void> {
    this.#openObject = oid;
    await this.#write(largeObjectStart(oid));
    await this.#startContent();
  }

  async #endObject(): Promise<void> {
    await this.#endContent();
    this.#openObject = undefined;
  }

  async #startContent(): Promise<void> {
    this.#framing = new ContentFraming(this.#options.algorithm, this.#options.level);
    await this.#write(this.#framing.start());
  }

  async #addPiece(piece: Piece): Promise<void> {
    for (const bytes of this.#framing?.piece(piece) ?? []) await this.#write(bytes);
  }

  async #endContent(): Promise<void> {
    if (this.#framing !== undefined) await this.#write(this.#framing.end());
    this.#framing = undefined;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.#position += bytes.length;
    if (bytes.length < smallBytes) {
      // A piece's memory goes back to its reader's thread as soon as it is written.
      this.#pending.push(Buffer.from(bytes));
      this.#pendingBytes += bytes.length;
      if (this.#pendingBytes >= smallBytes) await this.#flush();
      return;
    }
    await this.#flush();
    await this.#options.write(bytes);
  }

  async #flush(): Promise<void> {
    if (this.#pendingBytes === 0) return;
    const bytes = Buffer.concat(this.#pending, this.#pendingBytes);
    this.#pending = [];
    this.#pendingBytes = 0;
    await this.#options.write(bytes);
  }
}

function makePieceSync(text: Buffer, { algorithm, level }: AssembleOptions): Piece {
  if (algorithm === "none") return storedPiece(text);
  return algorithm === "zstd" ? zstdPieceSync(text, level) : deflatePieceSync(text, { level });
}
