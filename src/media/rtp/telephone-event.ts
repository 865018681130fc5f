/**
 * Telephone events (RFC 4733 section 2.3), the payload of one packet:
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |     event     |E|R| volume    |          duration             |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
const DIGITS = '0123456789*#ABCD';
export const EVENT_PAYLOAD_BYTES = 4;
const VOLUME_DBM0 = 10;
/** Without an end packet for so long the event is over (all three may be lost). */
const END_AFTER_MS = 100;

export function isDigit(text: string): boolean {
  return text.length === 1 && DIGITS.includes(text);
}

export function writeEvent(bytes: Uint8Array, at: number, digit: string, end: boolean, duration: number): void {
  bytes[at] = DIGITS.indexOf(digit);
  bytes[at + 1] = (end ? 0x80 : 0) | VOLUME_DBM0;
  bytes[at + 2] = (duration >> 8) & 0xff;
  bytes[at + 3] = duration & 0xff;
}

/** Makes one event of the packets that carry it: they share a timestamp, are repeated, and any of them may be lost. */
export class EventReceiver {
  #timestamp: number | null = null;
  #lastMs = Number.NEGATIVE_INFINITY;
  #ended = true;

  /** The digit when this packet is the first of a new event; null for the rest and for events that are no digit. */
  receive(bytes: Uint8Array, from: number, to: number, timestamp: number, nowMs: number): string | null {
    if (to - from < EVENT_PAYLOAD_BYTES) return null;
    const digit = DIGITS[bytes[from] ?? 255];
    if (digit === undefined) return null;
    const end = ((bytes[from + 1] ?? 0) & 0x80) !== 0;
    const isOld = this.#timestamp !== null && ((timestamp - this.#timestamp) | 0) <= 0;
    if (isOld) {
      if (timestamp === this.#timestamp) {
        this.#lastMs = nowMs;
        this.#ended ||= end;
      }
      return null;
    }
    this.#timestamp = timestamp;
    this.#lastMs = nowMs;
    this.#ended = end;
    return digit;
  }

  /** True while an event sounds: its tone, if the device sends it as audio too, is kept from the model. */
  isActive(nowMs: number): boolean {
    return !this.#ended && nowMs - this.#lastMs < END_AFTER_MS;
  }

  /** A new stream has new timestamps. */
  reset(): void {
    this.#timestamp = null;
    this.#ended = true;
  }
}
