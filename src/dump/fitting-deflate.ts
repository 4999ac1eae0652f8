import { constants, deflateRawSync } from "node:zlib";
import type { DeflateSettings } from "../archive/pieces.ts";

/** What pg_dump and everybody else compresses with. */
const usual: DeflateSettings = { level: 6 };

/**
 * Quickest first. Without any search for repetitions, hexadecimal digits of what cannot be compressed come out smaller
 * than with one; level 3 takes the time of 4, for a larger result (docs/performance.md).
 */
const quicker: readonly DeflateSettings[] = [
  { level: 1, strategy: constants.Z_HUFFMAN_ONLY },
  { level: 1 },
  { level: 2 },
  { level: 4 },
  { level: 5 },
];

/** A table may be so much larger in the archive than with the usual level: it is stored for hours, and read once. */
const tolerance = 1.125;

const sampleBytes = 128 * 1024;

/** Too little to be worth a choice. */
const leastSampleBytes = 32 * 1024;

const settingsForLittle: DeflateSettings = { level: 4 };

/** So many pieces of a table, then it is looked at again: rows change along a table. */
const piecesPerChoice = 16;

/** The quickest settings that do nearly as well as the usual ones on a sample from the middle of this text. */
export function findFittingSettings(text: Buffer): DeflateSettings {
  if (text.length < leastSampleBytes) return settingsForLittle;
  const from = Math.max(0, (text.length - sampleBytes) >> 1);
  const sample = text.subarray(from, from + sampleBytes);
  const bytesWith = (settings: DeflateSettings): number => deflateRawSync(sample, settings).length;
  const mostBytes = bytesWith(usual) * tolerance;
  return quicker.find((settings) => bytesWith(settings) <= mostBytes) ?? usual;
}

/**
 * Chooses for each table by what its rows are: identifiers, hashes and images gain nothing from trying harder, prose and
 * documents do.
 */
export class FittingDeflate {
  readonly #choices = new Map<number, { settings: DeflateSettings; piecesLeft: number }>();

  settingsFor(block: number, text: Buffer): DeflateSettings {
    const choice = this.#choices.get(block);
    if (choice !== undefined && choice.piecesLeft > 0) {
      choice.piecesLeft -= 1;
      return choice.settings;
    }
    const settings = findFittingSettings(text);
    if (text.length >= leastSampleBytes) this.#choices.set(block, { settings, piecesLeft: piecesPerChoice });
    return settings;
  }
}
