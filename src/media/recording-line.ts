import type { RecordingTap } from './contract.ts';

/** 20 ms at 24 kHz. */
const BLOCK = 480;
/** What was heard comes 80 ms at a time and leaves 20 ms at a time: it waits a little, and never more than this. */
const HEARD_DELAY = 2 * BLOCK;
const MAX_HEARD = 12 * BLOCK;

/** Puts what was heard beside what was said, on the send clock, for the recording. */
export class RecordingLine {
  readonly #tap: RecordingTap;
  #heard = new Float32Array(HEARD_DELAY);
  #said = new Float32Array(0);

  constructor(tap: RecordingTap) {
    this.#tap = tap;
  }

  /** Samples that went to the partner, 24 kHz. */
  heard(samples: Float32Array): void {
    this.#heard = joined(this.#heard, samples);
    if (this.#heard.length > MAX_HEARD) this.#heard = this.#heard.slice(this.#heard.length - MAX_HEARD);
  }

  /** Samples that were sent now, 24 kHz. */
  said(samples: Float32Array): void {
    this.#said = joined(this.#said, samples);
    while (this.#said.length >= BLOCK) {
      const heard = new Float32Array(BLOCK);
      heard.set(this.#heard.slice(0, BLOCK));
      this.#heard = this.#heard.slice(BLOCK);
      this.#tap.write(heard, this.#said.slice(0, BLOCK));
      this.#said = this.#said.slice(BLOCK);
    }
  }
}

function joined(one: Float32Array, other: Float32Array): Float32Array<ArrayBuffer> {
  const both = new Float32Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
