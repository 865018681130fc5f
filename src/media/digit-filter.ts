/** A device may send a key as an event and let its tone through: the second of the two within this is the same key. */
const SAME_KEY_MS = 500;

type Way = 'event' | 'tone';

/** Makes one key of one that came both ways. */
export class DigitFilter {
  #last: { readonly digit: string; readonly way: Way; readonly atMs: number } | null = null;

  /** True for a key that is new. */
  accepts(digit: string, way: Way, nowMs: number): boolean {
    const last = this.#last;
    const isSame = last !== null && last.digit === digit && last.way !== way && nowMs - last.atMs < SAME_KEY_MS;
    if (!isSame) this.#last = { digit, way, atMs: nowMs };
    return !isSame;
  }
}
