/** Before the first frame: as much as may lack because the send clock is a packet behind. */
const LEAD_MS = 20;
/** More is never kept: an echo cannot have come back from what is said only now. */
const MAX_MS = 200;

/** What was sent, in its order, until what was heard in the meantime is looked at. */
export class ReferenceLine {
  readonly #samples: Float32Array;
  #length: number;
  /** Samples that lacked or were too many: each moves the echo against what was sent. */
  slips = 0;

  constructor(sampleRateHz: number) {
    this.#samples = new Float32Array((MAX_MS * sampleRateHz) / 1_000);
    this.#length = (LEAD_MS * sampleRateHz) / 1_000;
  }

  /** At most 60 ms. */
  put(sent: Float32Array): void {
    this.#drop(this.#length + sent.length - this.#samples.length);
    this.#samples.set(sent, this.#length);
    this.#length += sent.length;
  }

  /** Fills `out` with the oldest samples, silence where there are none. */
  take(out: Float32Array): void {
    const length = Math.min(out.length, this.#length);
    out.set(this.#samples.subarray(0, length));
    out.fill(0, length);
    this.slips += out.length - length;
    this.#samples.copyWithin(0, length, this.#length);
    this.#length -= length;
  }

  #drop(count: number): void {
    if (count <= 0) return;
    this.slips += count;
    this.#samples.copyWithin(0, count, this.#length);
    this.#length -= count;
  }
}
