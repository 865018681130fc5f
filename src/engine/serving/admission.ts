/** Frames of one number of lanes before their p99 is believed: ten seconds of one lane. */
const leastSamples = 125;
const mostSamples = 512;
/** What is older says nothing about now: a number of lanes that was too many once is tried again. */
const forgetAfterMs = 60_000;

interface Sample {
  readonly ms: number;
  readonly atMs: number;
}

/**
 * Knows from measurement what a frame takes, from its arrival to its answer, while n lanes are open, and so whether one more
 * lane would still be in time.
 */
export class Admission {
  readonly #budgetMs: number | null;
  readonly #byLanes = new Map<number, Sample[]>();

  /** @param budgetMs null: everything is admitted */
  constructor(budgetMs: number | null) {
    this.#budgetMs = budgetMs;
  }

  /** A frame was answered `ms` after it came, with `lanes` open. */
  measured(lanes: number, ms: number, atMs: number): void {
    if (this.#budgetMs === null) return;
    const samples = this.#byLanes.get(lanes) ?? [];
    this.#byLanes.set(lanes, samples);
    samples.push({ ms, atMs });
    // Twice the window, so that not every frame moves it.
    if (samples.length >= 2 * mostSamples) samples.splice(0, samples.length - mostSamples);
  }

  /** Why a lane beside the `lanes` open ones is refused; null: it is welcome. */
  refusal(lanes: number, nowMs: number): string | null {
    if (this.#budgetMs === null || lanes === 0) return null;
    const expectedMs = this.#expectedMs(lanes, nowMs);
    if (expectedMs === null || expectedMs <= this.#budgetMs) return null;
    return `with ${lanes + 1} lanes 1 % of the frames would take over ${expectedMs.toFixed(0)} ms; the limit is ${this.#budgetMs} ms`;
  }

  /** p99 with one lane more: as measured lately, else along the line through what was measured with fewer. */
  #expectedMs(lanes: number, nowMs: number): number | null {
    const more = this.#p99Ms(lanes + 1, nowMs);
    if (more !== null) return more;
    const now = this.#p99Ms(lanes, nowMs);
    if (now === null) return null;
    for (let fewer = lanes - 1; fewer > 0; fewer--) {
      const before = this.#p99Ms(fewer, nowMs);
      if (before !== null) return now + Math.max(0, now - before) / (lanes - fewer);
    }
    return now;
  }

  #p99Ms(lanes: number, nowMs: number): number | null {
    const samples = this.#byLanes.get(lanes) ?? [];
    const fresh = samples.filter(({ atMs }) => nowMs - atMs < forgetAfterMs).slice(-mostSamples);
    if (fresh.length < leastSamples) return null;
    const sorted = fresh.map(({ ms }) => ms).sort((a, b) => a - b);
    return sorted[Math.ceil(0.99 * sorted.length) - 1] ?? null;
  }
}
