/** 2 s at 8 kHz, a power of two. */
const CAPACITY = 16_384;

export const MISSING = 0;
export const AUDIO = 1;
/** The sender sent nothing here on purpose (RFC 3551 section 4.1, silence suppression). */
export const SILENCE = 2;
export type SampleKind = typeof MISSING | typeof AUDIO | typeof SILENCE;

/** The sound that has come, sample by sample, from `start` on; positions are media time and never wrap. */
export class Timeline {
  readonly #samples = new Float32Array(CAPACITY);
  readonly #kinds = new Uint8Array(CAPACITY);
  #start = 0;

  get start(): number {
    return this.#start;
  }

  /** Everything before is forgotten, everything after is missing. */
  restart(start: number): void {
    this.#start = start;
    this.#kinds.fill(MISSING);
  }

  /** True when the range lies in what can be held. */
  reaches(end: number): boolean {
    return end <= this.#start + CAPACITY;
  }

  write(position: number, samples: Float32Array): void {
    for (let i = Math.max(0, this.#start - position); i < samples.length; i++) {
      const at = (position + i) & (CAPACITY - 1);
      this.#samples[at] = samples[i] ?? 0;
      this.#kinds[at] = AUDIO;
    }
  }

  markSilence(from: number, to: number): void {
    for (let position = Math.max(from, this.#start); position < to && this.reaches(position + 1); position++) {
      const at = position & (CAPACITY - 1);
      if (this.#kinds[at] === MISSING) this.#kinds[at] = SILENCE;
    }
  }

  /** Last missing position of [start, start + length); -1 when nothing is missing. */
  lastMissing(length: number): number {
    for (let position = this.#start + length - 1; position >= this.#start; position--) {
      if (this.#kinds[position & (CAPACITY - 1)] === MISSING) return position;
    }
    return -1;
  }

  /** Takes [start, start + out.length) run by run of one kind and forgets it; audio is copied to `out`. */
  take(out: Float32Array, run: (kind: SampleKind, from: number, to: number) => void): void {
    let from = 0;
    while (from < out.length) {
      const kind = (this.#kinds[(this.#start + from) & (CAPACITY - 1)] ?? MISSING) as SampleKind;
      let to = from;
      for (; to < out.length; to++) {
        const at = (this.#start + to) & (CAPACITY - 1);
        if (this.#kinds[at] !== kind) break;
        if (kind === AUDIO) out[to] = this.#samples[at] ?? 0;
      }
      run(kind, from, to);
      from = to;
    }
    for (let i = 0; i < out.length; i++) this.#kinds[(this.#start + i) & (CAPACITY - 1)] = MISSING;
    this.#start += out.length;
  }
}
