/** White noise of a given RMS, from a small generator of its own so that runs can be repeated. */
export class NoiseSource {
  #state = 0x9e3779b9;

  next(rms: number): number {
    // xorshift32 (Marsaglia 2003). Uniform noise of amplitude a has RMS a / sqrt(3).
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state / 2 ** 31) * Math.sqrt(3) * rms;
  }
}

const BLOCK_MS = 20;
/** A floor louder than -50 dBFS is speech that never paused, not noise. */
const MAX_FLOOR = 10 ** (-50 / 20);
/** 2 dB a second up; down at once. */
const RISE_PER_BLOCK = 1.0046;
/** Below -80 dBFS, of the order of G.711's smallest step: no noise is told from it. */
const RISE_FROM = 1e-4;

/** The caller's background noise: the smallest RMS of 20 ms blocks, allowed to rise slowly. */
export class NoiseFloor {
  readonly #block: number;
  #known = false;
  #floor = 0;

  constructor(sampleRateHz: number) {
    this.#block = (BLOCK_MS * sampleRateHz) / 1_000;
  }

  /** RMS; 0 until sound has come. */
  get rms(): number {
    return Math.min(this.#floor, MAX_FLOOR);
  }

  learn(samples: Float32Array, from: number, to: number): void {
    const block = this.#block;
    for (let start = from; start + block <= to; start += block) {
      let sum = 0;
      for (let i = start; i < start + block; i++) sum += (samples[i] ?? 0) ** 2;
      const rms = Math.sqrt(sum / block);
      const raised = Math.max(this.#floor, RISE_FROM) * RISE_PER_BLOCK;
      this.#floor = this.#known ? Math.min(rms, raised) : rms;
      this.#known = true;
    }
  }
}
