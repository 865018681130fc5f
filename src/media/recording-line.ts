import type { RecordingTap } from './contract.ts';

/** 20 ms at 24 kHz. */
const BLOCK = 480;
/** What was heard comes 80 ms at a time and leaves 20 ms at a time: it waits a little, and never more than this. */
const HEARD_DELAY = 2 * BLOCK;
const MAX_HEARD = 12 * BLOCK;

/** Puts what was heard beside what was said, on the send clock, for the recording. Nothing is allocated for a packet. */
export class RecordingLine {
  readonly #tap: RecordingTap;
  /** `[0, #heardLength)` waits to be written. */
  readonly #heard = new Float32Array(MAX_HEARD);
  #heardLength = HEARD_DELAY;
  readonly #heardBlock = new Float32Array(BLOCK);
  readonly #saidBlock = new Float32Array(BLOCK);
  #saidLength = 0;

  constructor(tap: RecordingTap) {
    this.#tap = tap;
  }

  /** Samples that went to the partner, 24 kHz, at most 240 ms. */
  heard(samples: Float32Array): void {
    this.#drop(this.#heardLength + samples.length - MAX_HEARD);
    this.#heard.set(samples, this.#heardLength);
    this.#heardLength += samples.length;
  }

  /** Samples that were sent now, 24 kHz. */
  said(samples: Float32Array): void {
    for (let at = 0; at < samples.length; ) {
      const part = samples.subarray(at, at + BLOCK - this.#saidLength);
      this.#saidBlock.set(part, this.#saidLength);
      this.#saidLength += part.length;
      at += part.length;
      if (this.#saidLength === BLOCK) this.#write();
    }
  }

  #write(): void {
    const length = Math.min(BLOCK, this.#heardLength);
    this.#heardBlock.set(this.#heard.subarray(0, length));
    this.#heardBlock.fill(0, length);
    this.#drop(length);
    this.#saidLength = 0;
    this.#tap.write(this.#heardBlock, this.#saidBlock);
  }

  /** Forgets the oldest samples. */
  #drop(count: number): void {
    if (count <= 0) return;
    this.#heard.copyWithin(0, count, this.#heardLength);
    this.#heardLength -= count;
  }
}
