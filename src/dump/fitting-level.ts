import { deflateRawSync } from "node:zlib";

/** What pg_dump and everybody else compresses with. */
const usualLevel = 6;

/** Quickest first. 2 and 3 take nearly the time of 4, for a larger result (docs/performance.md). */
const quickerLevels = [1, 4, 5] as const;

/** The archive may be so much larger than with the usual level: it is stored for hours, and read once. */
const tolerance = 1.07;

const sampleBytes = 128 * 1024;

/** Too little to be worth a choice. */
const leastSampleBytes = 32 * 1024;

/** So many pieces of a table, then it is looked at again: rows change along a table. */
const piecesPerChoice = 64;

/** The quickest level that does nearly as well as the usual one on a sample from the middle of this text. */
export function findFittingLevel(text: Buffer): number {
  if (text.length < leastSampleBytes) return 4;
  const from = Math.max(0, (text.length - sampleBytes) >> 1);
  const sample = text.subarray(from, from + sampleBytes);
  const bytesAt = (level: number): number => deflateRawSync(sample, { level }).length;
  const mostBytes = bytesAt(usualLevel) * tolerance;
  return quickerLevels.find((level) => bytesAt(level) <= mostBytes) ?? usualLevel;
}

/**
 * Chooses a level for each table by what its rows are: identifiers, hashes and images gain nothing from trying harder,
 * prose and documents do.
 */
export class FittingLevels {
  readonly #choices = new Map<number, { level: number; piecesLeft: number }>();

  levelFor(block: number, text: Buffer): number {
    const choice = this.#choices.get(block);
    if (choice !== undefined && choice.piecesLeft > 0) {
      choice.piecesLeft -= 1;
      return choice.level;
    }
    const level = findFittingLevel(text);
    if (text.length >= leastSampleBytes) this.#choices.set(block, { level, piecesLeft: piecesPerChoice });
    return level;
  }
}
