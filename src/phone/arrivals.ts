/** Two packets of 20 ms: a longer gap empties a small jitter buffer, and is heard. */
const AUDIBLE_GAP_MS = 40;

/** When RTP packets came. */
export class Arrivals {
  #count = 0;
  #firstMs: number | null = null;
  #lastMs = 0;
  #largestGapMs = 0;
  #audibleGaps = 0;

  add(atMs: number): void {
    this.#count++;
    if (this.#firstMs === null) {
      this.#firstMs = atMs;
    } else {
      const gapMs = atMs - this.#lastMs;
      this.#largestGapMs = Math.max(this.#largestGapMs, gapMs);
      if (gapMs > AUDIBLE_GAP_MS) this.#audibleGaps++;
    }
    this.#lastMs = atMs;
  }

  get count(): number {
    return this.#count;
  }

  get firstMs(): number | null {
    return this.#firstMs;
  }

  get largestGapMs(): number {
    return this.#largestGapMs;
  }

  /** Gaps over 40 ms. */
  get audibleGaps(): number {
    return this.#audibleGaps;
  }
}
