/** What can be held: 2 s or more. */
const SECONDS = 2;

export const MISSING = 0;
export const AUDIO = 1;
/** The sender sent nothing here on purpose (RFC 3551 section 4.1, silence suppression). */
export const SILENCE = 2;
export type SampleKind = typeof MISSING | typeof AUDIO | typeof SILENCE;

/** The sound that has come, sample by sample, from `start` on; positions are media time and never wrap. */
export class Timeline {
  readonly #samples: Float32Array;
  readonly #kinds: Uint8Array;
  /** A power of two less one. */
  readonly #mask: number;
  #start = 0;

  constructor(sampleRateHz = 8_000) {
    const capacity = 2 ** Math.ceil(Math.log2(SECONDS * sampleRateHz));
    this.#samples = new Float32Array(capacity);
    this.#kinds = new Uint8Array(capacity);
    this.#mask = capacity - 1;
  }

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
    return end <= this.#start + this.#mask + 1;
  }

  write(position: number, samples: Float32Array): void {
    for (let i = Math.max(0, this.#start - position); i < samples.length; i++) {
      const at = (position + i) & this.#mask;
      this.#samples[at] = samples[i] ?? 0;
      this.#kinds[at] = AUDIO;
    }
  }

  /** Marks a range whose sound will be written before it is taken. */
  reserve(from: number, to: number): void {
    for (let position = Math.max(from, this.#start); position < to; position++) {
      this.#kinds[position & this.#mask] = AUDIO;
    }
  }

  isMissing(position: number): boolean {
    return position >= this.#start && this.#kinds[position & this.#mask] === MISSING;
  }

  markSilence(from: number, to: number): void {
    for (let position = Math.max(from, this.#start); position < to && this.reaches(position + 1); position++) {
      const at = position & this.#mask;
      if (this.#kinds[at] === MISSING) this.#kinds[at] = SILENCE;
    }
  }

  /** Last missing position of [start, start + length); -1 when nothing is missing. */
  lastMissing(length: number): number {
    for (let position = this.#start + length - 1; position >= this.#start; position--) {
      if (this.#kinds[position & this.#mask] === MISSING) return position;
    }
    return -1;
  }

  /** Takes [start, start + out.length) run by run of one kind and forgets it; audio is copied to `out`. */
  take(out: Float32Array, run: (kind: SampleKind, from: number, to: number) => void): void {
    let from = 0;
    while (from < out.length) {
      const kind = (this.#kinds[(this.#start + from) & this.#mask] ?? MISSING) as SampleKind;
      let to = from;
      for (; to < out.length; to++) {
        const at = (this.#start + to) & this.#mask;
        if (this.#kinds[at] !== kind) break;
        if (kind === AUDIO) out[to] = this.#samples[at] ?? 0;
      }
      run(kind, from, to);
      from = to;
    }
    for (let i = 0; i < out.length; i++) this.#kinds[(this.#start + i) & this.#mask] = MISSING;
    this.#start += out.length;
  }
}
