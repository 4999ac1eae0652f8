import { once } from "node:events";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { RestoreFaults } from "./faults.ts";

export type FeedEnd = "complete" | "brokenPipe" | "failed" | "stuck" | "canceled";

/**
 * Gives the archive to pg_restore as fast as it reads, and counts. Ends with the archive, with pg_restore, or where a
 * switch says so; the pipe is closed by the caller.
 */
export async function feed(
  chunks: AsyncIterable<Buffer>,
  sink: Writable,
  faults: RestoreFaults,
  count: (bytes: number) => void,
): Promise<FeedEnd> {
  const limits = stops(faults);
  let fedBytes = 0;
  for await (const piece of cut(chunks, pieceBytesFor(faults))) {
    if (!(await write(sink, piece))) return "brokenPipe";
    fedBytes += piece.length;
    count(piece.length);
    const reached = limits.find(([bytes]) => fedBytes >= bytes);
    if (reached !== undefined) return reached[1];
    if (faults.bytesPerSecond !== undefined) await sleep((piece.length / faults.bytesPerSecond) * 1000);
  }
  return "complete";
}

function stops(faults: RestoreFaults): [bytes: number, end: FeedEnd][] {
  const all: [number | undefined, FeedEnd][] = [
    [faults.stuckAfterBytes, "stuck"],
    [faults.failsAfterBytes, "failed"],
    [faults.canceledAfterBytes, "canceled"],
  ];
  return all.filter((stop): stop is [number, FeedEnd] => stop[0] !== undefined);
}

/** The worker copies in chunks of 512 KiB; smaller pieces only where a switch needs them. */
function pieceBytesFor(faults: RestoreFaults): number {
  if (stops(faults).length > 0) return 1024;
  const perTenth = Math.ceil((faults.bytesPerSecond ?? Number.POSITIVE_INFINITY) / 10);
  return Math.min(512 * 1024, perTenth);
}

async function* cut(chunks: AsyncIterable<Buffer>, pieceBytes: number): AsyncGenerator<Buffer, void> {
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += pieceBytes) yield chunk.subarray(from, from + pieceBytes);
  }
}

/** False when the program has gone. */
async function write(sink: Writable, piece: Buffer): Promise<boolean> {
  if (sink.destroyed || !sink.writable) return false;
  if (sink.write(piece)) return true;
  const decided = new AbortController();
  const { signal } = decided;
  await Promise.race([once(sink, "drain", { signal }), once(sink, "close", { signal })]).catch(() => undefined);
  // The one that did not come would leave its listeners behind, for every time that the pipe was full.
  decided.abort();
  return !sink.destroyed;
}
