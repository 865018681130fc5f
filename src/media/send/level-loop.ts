const WINDOW_MS = 10_000;
const TARGET_SLACK_MS = 7;
const MAX_CORRECTION = 0.005;
const SURPLUS_WINDOW_MS = 2_000;
const SURPLUS_MS = 40;

/**
 * Keeps the cushion at the output small: slack is how long before its turn a frame came back. Every 10 s the send interval is set
 * so that the smallest slack returns to 7 ms. As frames follow the caller's packets, this slaves our send clock to the caller's
 * crystal: nothing is stretched, dropped or inserted, and the buffer at the far end does not drift either.
 */
export class LevelLoop {
  #windowEndMs: number | null = null;
  #minimumMs = Number.POSITIVE_INFINITY;
  #surplusEndMs: number | null = null;
  #surplusMinimumMs = Number.POSITIVE_INFINITY;
  #surplusMs = 0;
  #correction = 0;

  /** A frame came back this long before its first sample was needed. */
  observe(slackMs: number, nowMs: number): void {
    this.#windowEndMs ??= nowMs + WINDOW_MS;
    this.#surplusEndMs ??= nowMs + SURPLUS_WINDOW_MS;
    this.#minimumMs = Math.min(this.#minimumMs, slackMs);
    this.#surplusMinimumMs = Math.min(this.#surplusMinimumMs, slackMs);
    if (nowMs >= this.#windowEndMs) {
      const wanted = (this.#minimumMs - TARGET_SLACK_MS) / WINDOW_MS;
      this.#correction = Math.max(-MAX_CORRECTION, Math.min(MAX_CORRECTION, wanted));
      this.#minimumMs = Number.POSITIVE_INFINITY;
      this.#windowEndMs = nowMs + WINDOW_MS;
    }
    if (nowMs >= this.#surplusEndMs) {
      this.#surplusMs = this.#surplusMinimumMs - TARGET_SLACK_MS;
      this.#surplusMinimumMs = Number.POSITIVE_INFINITY;
      this.#surplusEndMs = nowMs + SURPLUS_WINDOW_MS;
    }
  }

  /** Time from one packet to the next. */
  intervalMs(ptimeMs: number): number {
    return ptimeMs * (1 - this.#correction);
  }

  /** True when so much is buffered that the clock alone would take too long: drop from silence. */
  get hasSurplus(): boolean {
    return this.#surplusMs > SURPLUS_MS;
  }

  /** `ms` were dropped. */
  dropped(ms: number): void {
    this.#surplusMs -= ms;
    this.#minimumMs -= ms;
    this.#surplusMinimumMs -= ms;
  }
}
