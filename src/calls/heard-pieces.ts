import type { TimedPiece } from '../orders/contract.ts';
import type { Clock, Timer } from '../runtime/clock.ts';

/** Less than a frame that is left out leaves its words to be understood. */
const FRAME_MS = 80;

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

  /**
   * What was announced for `atMs` and later is not heard, up to `untilMs` where that is given: then what is behind it sounds so much earlier.
   */
  cut(atMs: number, untilMs: number | null = null): void {
    this.#release();
    const goneMs = untilMs === null ? Number.POSITIVE_INFINITY : untilMs - atMs;
    const isGone = (piece: TimedPiece) => piece.atMs >= atMs && piece.atMs < atMs + goneMs && goneMs >= FRAME_MS;
    const all = this.#waiting.splice(0);
    // Silence that is not heard cuts nothing off.
    const isWordGone = all.some((piece) => isGone(piece) && piece.piece !== null && piece.piece !== '');
    const before = all.filter((piece) => piece.atMs < atMs);
    if (isWordGone) {
      for (const piece of before) this.#options.heard(piece);
      this.#options.cut(atMs);
    } else this.#waiting.push(...before);
    const behind = all.filter((piece) => piece.atMs >= atMs && !isGone(piece));
    this.#waiting.push(...behind.map((piece) => ({ ...piece, atMs: Math.max(atMs, piece.atMs - goneMs) })));
    this.#release();
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
