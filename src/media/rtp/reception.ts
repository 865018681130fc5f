/** RFC 3550 appendix A.1. */
const MAX_DROPOUT = 3_000;
const MAX_MISORDER = 100;

/** Reception statistics of one source, by RFC 3550 appendices A.1, A.3 and A.8. */
export class Reception {
  readonly ssrc: number;
  readonly clockRateHz: number;
  #cycles = 0;
  #firstSequence: number;
  #highest: number;
  #received = 0;
  #jitter = 0;
  #transit: number | null = null;
  #expectedBefore = 0;
  #receivedBefore = 0;

  constructor(ssrc: number, firstSequence: number, clockRateHz: number) {
    this.ssrc = ssrc;
    this.clockRateHz = clockRateHz;
    this.#firstSequence = firstSequence;
    this.#highest = firstSequence;
  }

  receive(sequence: number, timestamp: number, arrivalMs: number): void {
    const step = (sequence - this.#highest) & 0xffff;
    if (this.#received > 0 && step >= MAX_DROPOUT && step <= 65_536 - MAX_MISORDER) {
      // The source starts again; what was expected before is done with.
      this.#restart(sequence);
    } else if (step < MAX_DROPOUT) {
      if (sequence < this.#highest) this.#cycles += 65_536;
      this.#highest = sequence;
    }
    this.#received++;
    const transit = Math.trunc((arrivalMs * this.clockRateHz) / 1_000) - timestamp;
    if (this.#transit !== null) {
      // Differences are taken modulo 2^32, as the timestamp wraps.
      const difference = Math.abs((transit - this.#transit) | 0);
      this.#jitter += (difference - this.#jitter) / 16;
    }
    this.#transit = transit;
  }

  get jitterMs(): number {
    return (this.#jitter * 1_000) / this.clockRateHz;
  }

  /** Timestamp units, as a report carries it. */
  get jitter(): number {
    return Math.floor(this.#jitter);
  }

  get extendedHighest(): number {
    return this.#cycles + this.#highest;
  }

  /** Expected less received; negative when duplicates came (A.3). */
  get cumulativeLost(): number {
    return this.#expected - this.#received;
  }

  /** Fraction lost since the last call, in 1/256. */
  takeFractionLost(): number {
    const expected = this.#expected - this.#expectedBefore;
    const lost = expected - (this.#received - this.#receivedBefore);
    this.#expectedBefore = this.#expected;
    this.#receivedBefore = this.#received;
    return expected === 0 || lost <= 0 ? 0 : Math.min(255, Math.floor((lost * 256) / expected));
  }

  get #expected(): number {
    return this.extendedHighest - this.#firstSequence + 1;
  }

  #restart(sequence: number): void {
    this.#cycles = 0;
    this.#firstSequence = sequence;
    this.#highest = sequence;
    this.#received = 0;
    this.#expectedBefore = 0;
    this.#receivedBefore = 0;
    this.#transit = null;
  }
}
