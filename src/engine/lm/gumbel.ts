/**
 * Fills `target` with `scale` times standard Gumbel noise, -log(-log(u)). It depends on seed, frame and row alone (a counter,
 * not a sequence), so a lane draws the same whatever other lanes run beside it.
 */
export function gumbelNoise(target: Float32Array, scale: number, seed: number, frame: number, row: number): void {
  const key = keyOf(seed, frame, row);
  for (let i = 0; i < target.length; i++) target[i] = scale * -Math.log(-Math.log(uniform(key, i)));
}

// The last float32 before 1, where log(u) would be 0.
const lastBelowOne = 1 - 2 ** -24;

/** The u of the same noise, for a graph that makes the noise itself: a tenth of the work. */
export function uniformNoise(target: Float32Array, seed: number, frame: number, row: number): void {
  const key = keyOf(seed, frame, row);
  for (let i = 0; i < target.length; i++) target[i] = Math.min(uniform(key, i), lastBelowOne);
}

function keyOf(seed: number, frame: number, row: number): number {
  const high = Math.trunc(seed / 2 ** 32) | 0;
  return mix(mix(mix(mix(seed | 0) ^ high) ^ frame) ^ row);
}

/** Strictly between 0 and 1, so that both logarithms are finite. */
function uniform(key: number, i: number): number {
  return ((mix(key + Math.imul(i, 0x9e3779b9)) >>> 0) + 0.5) / 2 ** 32;
}

/** Every input bit flips about half of the output bits (C. Wellons, "Prospecting for hash functions": triple32). */
function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 17), 0xed5ad4bb);
  x = Math.imul(x ^ (x >>> 11), 0xac4c1b51);
  x = Math.imul(x ^ (x >>> 15), 0x31848bab);
  return x ^ (x >>> 14);
}
