/** A generator of numbers that gives the same ones for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type Random = () => number;

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)] as T;
}

/** A few changes: bytes turned over, cut out, doubled, cut off, or replaced by what parsers stumble over. */
export function mutate(random: Random, bytes: Buffer, tempting: readonly string[]): Buffer {
  let result = bytes;
  for (let changes = 1 + Math.floor(random() * 4); changes > 0; changes -= 1) {
    const at = Math.floor(random() * (result.length + 1));
    const length = Math.floor(random() * 20);
    const [before, after] = [result.subarray(0, at), result.subarray(at)];
    const inserted = Buffer.from(pick(random, tempting));
    result = pick(random, [
      () => Buffer.concat([before, Buffer.from([Math.floor(random() * 256)]), after.subarray(1)]),
      () => Buffer.concat([before, after.subarray(length)]),
      () => Buffer.concat([before, after.subarray(0, length), after]),
      () => Buffer.concat([before, inserted, after]),
      () => Buffer.concat([before, inserted, after.subarray(length)]),
      () => before,
    ])();
  }
  return result;
}
