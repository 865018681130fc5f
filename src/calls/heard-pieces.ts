import type { TimedPiece } from '../orders/contract.ts';
import type { Clock, Timer } from '../runtime/clock.ts';

export interface HeardPiecesOptions {
  readonly clock: Clock;
  /** Milliseconds since the start of the call's media, the clock of `TimedPiece.atMs`. */
  readonly nowMs: () => number;
  readonly heard: (piece: TimedPiece) => void;
  readonly cut: (atMs: number) => void;
}

/**
 * Holds the agent's pieces until their sound goes out. The model's text comes before its sound, so what is announced may
 * never be heard: a cut drops it here, and no order is made of words that the guest did not hear.
 *
 *     announced  ▁two ▁large ▁cokes ▁and ▁a ▁pie
 *     sent       ──────────────────┤ cut            "▁two ▁large ▁cokes" is read
 */
export class HeardPieces {
  readonly #options: HeardPiecesOptions;
  readonly #waiting: TimedPiece[] = [];
  #timer: Timer | null = null;

  constructor(options: HeardPiecesOptions) {
    this.#options = options;
  }

  announce(piece: TimedPiece): void {
    this.#waiting.push(piece);
    this.#release();
  }

  /** What was announced for `atMs` and later is not heard. */
  cut(atMs: number): void {
    this.#release();
    const from = this.#waiting.findIndex((piece) => piece.atMs >= atMs);
    const dropped = from < 0 ? [] : this.#waiting.splice(from);
    // Silence that is not heard cuts nothing off.
    if (!dropped.some(({ piece }) => piece !== null && piece !== '')) return;
    this.flush();
    this.#options.cut(atMs);
  }

  /** All that is left is taken as heard: at the end of a call an order is worth more than its last words' sound. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = null;
    for (const piece of this.#waiting.splice(0)) this.#options.heard(piece);
  }

  #release(): void {
    const nowMs = this.#options.nowMs();
    while (this.#waiting[0] !== undefined && this.#waiting[0].atMs <= nowMs) {
      const piece = this.#waiting.shift();
      if (piece !== undefined) this.#options.heard(piece);
    }
    this.#timer?.cancel();
    this.#timer = null;
    const next = this.#waiting[0];
    if (next === undefined) return;
    this.#timer = this.#options.clock.after(next.atMs - nowMs, () => {
      this.#timer = null;
      this.#release();
    });
  }
}
