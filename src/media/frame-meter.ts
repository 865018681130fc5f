const BIN_MS = 0.5;
const BINS = 2_000;

/** Times each frame's way through the partner: frames come back in the order in which they went. */
export class FrameMeter {
  readonly #pushedMs: number[] = [];
  readonly #bins = new Uint32Array(BINS);
  #count = 0;
  #maxMs = 0;
  pushedCount = 0;

  pushed(nowMs: number): void {
    this.#pushedMs.push(nowMs);
    this.pushedCount++;
  }

  returned(nowMs: number): void {
    const pushedMs = this.#pushedMs.shift();
    if (pushedMs === undefined) return;
    const tookMs = nowMs - pushedMs;
    const bin = Math.min(BINS - 1, Math.floor(tookMs / BIN_MS));
    this.#bins[bin] = (this.#bins[bin] ?? 0) + 1;
    this.#count++;
    this.#maxMs = Math.max(this.#maxMs, tookMs);
  }

  /** Frames that were pushed and will not come back: there is another partner. */
  forget(): void {
    this.#pushedMs.length = 0;
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  /** Upper edge of the quantile's bin, 0.5 ms wide; 0 before the first frame. */
  quantileMs(quantile: number): number {
    let seen = 0;
    for (let bin = 0; bin < BINS; bin++) {
      seen += this.#bins[bin] ?? 0;
      if (seen > 0 && seen >= quantile * this.#count) return Math.min(this.#maxMs, (bin + 1) * BIN_MS);
    }
    return this.#maxMs;
  }
}
