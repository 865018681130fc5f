import { createHash } from 'node:crypto';

/** A stream of numbers that a seed and a name fix, whatever else is drawn. */
export interface RandomNumbers {
  /** Fills with numbers in (-most, most). */
  uniform(target: Float32Array, most: number): void;
  integers(limit: number, count: number): Int32Array;
}

/** xorshift32 (Marsaglia 2003): a billion numbers in a few seconds, good enough for weights that mean nothing. */
export function randomNumbers(seed: number, name: string): RandomNumbers {
  let state = createHash('sha256').update(`${seed} ${name}`).digest().readInt32LE(0) || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
  return {
    uniform(target, most) {
      const scale = most / 2 ** 31;
      for (let i = 0; i < target.length; i++) target[i] = next() * scale;
    },
    integers: (limit, count) => Int32Array.from({ length: count }, () => (next() >>> 0) % limit),
  };
}
