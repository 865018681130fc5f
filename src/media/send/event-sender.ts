const TONE_MS = 100;
const GAP_MS = 50;
const END_PACKETS = 3;

/** What goes out in place of one audio packet. */
export interface EventPacket {
  readonly digit: string;
  readonly end: boolean;
  /** Since the event's start. */
  readonly durationMs: number;
  /** The first packet of its event. */
  readonly marker: boolean;
}

/** Sends digits as RFC 4733 events, one packet a tick, audio paused; the end packet three times, then a gap of 50 ms. */
export class EventSender {
  readonly #digits: string[] = [];
  #elapsedMs = 0;
  #endsSent = 0;
  #gapMs = 0;

  add(digits: Iterable<string>): void {
    this.#digits.push(...digits);
  }

  /** The packet of this tick; `pause` in the gap between digits; null when there is nothing to send. */
  next(ptimeMs: number): EventPacket | 'pause' | null {
    if (this.#gapMs > 0) {
      this.#gapMs -= ptimeMs;
      return 'pause';
    }
    const digit = this.#digits[0];
    if (digit === undefined) return null;
    const marker = this.#elapsedMs === 0;
    this.#elapsedMs += ptimeMs;
    const end = this.#elapsedMs >= TONE_MS;
    // Repeated ends carry the duration of the first.
    const toneMs = Math.ceil(TONE_MS / ptimeMs) * ptimeMs;
    const durationMs = Math.min(this.#elapsedMs, toneMs);
    if (end) this.#endsSent++;
    if (this.#endsSent === END_PACKETS) {
      this.#digits.shift();
      this.#elapsedMs = 0;
      this.#endsSent = 0;
      this.#gapMs = GAP_MS;
    }
    return { digit, end, durationMs, marker };
  }
}
