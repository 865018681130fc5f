const WORD_BITS = 32;
const WORDS = 4;
export const REPLAY_WINDOW_PACKETS = WORD_BITS * WORDS;

/** Which of the last 128 packet indices have come (RFC 3711 section 3.3.2). Indices are exact up to 2^53. */
export class ReplayWindow {
  #newest = -1;
  /** Bit n of the whole: index `newest - n` has come. */
  readonly #words = new Uint32Array(WORDS);

  /** True for an index that has come, or is too old to tell. */
  isReplay(index: number): boolean {
    const age = this.#newest - index;
    if (age < 0) return false;
    if (age >= REPLAY_WINDOW_PACKETS) return true;
    return (((this.#words[age >>> 5] ?? 0) >>> (age & 31)) & 1) === 1;
  }

  /** A packet of this index was authentic. */
  accept(index: number): void {
    const step = index - this.#newest;
    if (step > 0) {
      this.#shift(step);
      this.#newest = index;
    }
    const age = this.#newest - index;
    this.#words[age >>> 5] = (this.#words[age >>> 5] ?? 0) | (1 << (age & 31));
  }

  #shift(by: number): void {
    if (by >= REPLAY_WINDOW_PACKETS) {
      this.#words.fill(0);
      return;
    }
    const whole = by >>> 5;
    const bits = by & 31;
    for (let word = WORDS - 1; word >= 0; word--) {
      const high = this.#words[word - whole] ?? 0;
      const low = this.#words[word - whole - 1] ?? 0;
      this.#words[word] = bits === 0 ? high : (high << bits) | (low >>> (WORD_BITS - bits));
    }
  }
}
