import type { Inputs } from "../inputs/inputs.ts";
import type { DumpTuning } from "./engine.ts";

/** pg_dump's own stream at gzip 3 takes half the time of its default, for a tenth more. zstd 3 is zstd's own default. */
export function chooseLevel(inputs: Pick<Inputs, "compression" | "compressionLevel">): number {
  return inputs.compressionLevel === "auto" ? 3 : inputs.compressionLevel;
}

/** Ours tries on each table what it gains from a higher level (docs/performance.md has the measurements). */
export function choosesLevels(inputs: Pick<Inputs, "compression" | "compressionLevel">): boolean {
  return inputs.compression === "gzip" && inputs.compressionLevel === "auto";
}

/**
 * Slices small enough to share a table among readers and large enough that a statement costs nothing. A piece's deflate
 * starts with an empty window and travels between threads: at a quarter of this length that cost 4 % of the time; longer ones
 * only take more memory. Somebody
 * who gives up on a lock by himself, as careful schema changes do, costs the dump no more than the patience.
 */
export const defaultTuning: DumpTuning = {
  sliceBytes: 32 * 1024 * 1024,
  pieceBytes: 4 * 1024 * 1024,
  windowBytes: 24 * 1024 * 1024,
  lockTimeoutMs: 5_000,
  lockPatienceMs: 60_000,
  lockTableShare: 0.25,
};
