import type { TableShape } from "./source-tables.ts";
import { copySql, quoteFor, sliceTable } from "./source-tables.ts";

/** One statement, or some large objects: what a reader turns into pieces of one block's content. */
export type ReadItem =
  | { kind: "copy"; sql: string; oid: number; table: string; block: number; slice: number }
  | { kind: "large-object"; oid: number; block: number; slice: number };

/** Items that one reader reads in a row: one slice of a big table, or many small tables at a time. */
export interface ReadTask {
  number: number;
  items: ReadItem[];
  estimatedBytes: number;
}

/** A data block to be written, in the order of the table of contents. `objectBytes` is what one takes on disk, on average. */
export type BlockPlan =
  | { kind: "table"; dumpId: number; shape: TableShape }
  | { kind: "large-objects"; dumpId: number; oids: number[]; objectBytes: number };

export interface TaskOptions {
  sliceBytes: number;
  /** Reading ranges of pages is worth it from PostgreSQL 14 on. */
  canSlice: boolean;
  /** PostgreSQL's name of the archive's encoding. */
  encoding: string;
}

/** Small tables share a task until they reach this much: a message between threads costs more than their rows. */
const batchBytes = 1024 * 1024;
const batchItems = 200;

/** The tasks in the order in which their output stands in the archive. */
export function planTasks(blocks: readonly BlockPlan[], options: TaskOptions): ReadTask[] {
  const tasks: ReadTask[] = [];
  let batch: ReadTask | undefined;
  const add = (item: ReadItem, bytes: number): void => {
    const fits = batch !== undefined && batch.estimatedBytes + bytes <= batchBytes && batch.items.length < batchItems;
    if (!fits || batch === undefined) {
      batch = { number: tasks.length, items: [], estimatedBytes: 0 };
      tasks.push(batch);
    }
    batch.items.push(item);
    batch.estimatedBytes += bytes;
  };
  blocks.forEach((block, index) => {
    for (const [item, bytes] of listItems(block, index, options)) add(item, bytes);
  });
  return tasks;
}

function listItems(block: BlockPlan, index: number, options: TaskOptions): [item: ReadItem, bytes: number][] {
  if (block.kind === "large-objects") {
    return block.oids.map((oid, slice) => [{ kind: "large-object", oid, block: index, slice }, block.objectBytes]);
  }
  const { shape } = block;
  const quote = quoteFor(options.encoding);
  const ranges = sliceTable(shape, options.sliceBytes, options.canSlice) ?? [undefined];
  const common = { kind: "copy", oid: shape.oid, table: `${shape.schema}.${shape.table}`, block: index } as const;
  return ranges.map((range, slice) => [
    { ...common, sql: copySql(shape, quote, range), slice },
    shape.bytes / ranges.length,
  ]);
}
