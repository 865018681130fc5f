/** About ten seconds of four lanes. */
const mostSamples = 512;
/** What is older says nothing about now. */
const forgetAfterMs = 10_000;

/** How long frames took lately. */
export class RecentLatency {
  readonly #ms = new Float64Array(mostSamples);
  readonly #atMs = new Float64Array(mostSamples).fill(Number.NEGATIVE_INFINITY);
  #next = 0;

  measured(ms: number, atMs: number): void {
    this.#ms[this.#next] = ms;
    this.#atMs[this.#next] = atMs;
    this.#next = (this.#next + 1) % mostSamples;
  }

  /** null: nothing was measured in the last ten seconds. */
  p99Ms(nowMs: number): number | null {
    const fresh = this.#ms.filter((_, i) => nowMs - (this.#atMs[i] ?? 0) < forgetAfterMs).sort();
    return fresh[Math.ceil(0.99 * fresh.length) - 1] ?? null;
  }
}
