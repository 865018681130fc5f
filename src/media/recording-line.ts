import type { RecordingTap } from './contract.ts';

/** 20 ms at 24 kHz. */
const BLOCK = 480;
/** What was heard comes 80 ms at a time and leaves 20 ms at a time: it waits a little, and never more than this. */
const HEARD_DELAY = 2 * BLOCK;
const MAX_HEARD = 12 * BLOCK;
/** 200 ms of 1 kHz at -20 dBFS. */
const MARK = 10 * BLOCK;
const MARK_PERIOD = 24;
const MARK_AMPLITUDE = 0.1;

/** Puts what was heard beside what was said, on the send clock, for the recording. Nothing is allocated for a packet. */
export class RecordingLine {
  readonly #tap: RecordingTap;
  /** `[0, #heardLength)` waits to be written. */
  readonly #heard = new Float32Array(MAX_HEARD);
  #heardLength = HEARD_DELAY;
  readonly #heardBlock = new Float32Array(BLOCK);
  readonly #saidBlock = new Float32Array(BLOCK);
  #saidLength = 0;

  #isPaused = false;
  /** Samples of the mark that are still to be written. */
  #markLeft = 0;

  constructor(tap: RecordingTap) {
    this.#tap = tap;
  }

  /** While it is paused the time goes on in silence; a tone says where the gap begins and where it ends. */
  pause(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    this.#markLeft = MARK;
    // What waits was heard before the pause was asked for: a key's tone, perhaps.
    if (isPaused) this.#heard.fill(0);
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
    this.#mark();
    this.#tap.write(this.#heardBlock, this.#saidBlock);
  }

  /** Silence in the gap, and the tone at its ends. */
  #mark(): void {
    if (this.#isPaused) {
      this.#heardBlock.fill(0);
      this.#saidBlock.fill(0);
    }
    if (this.#markLeft === 0) return;
    for (let i = 0; i < BLOCK; i++) {
      const tone = MARK_AMPLITUDE * Math.sin((2 * Math.PI * i) / MARK_PERIOD);
      this.#heardBlock[i] = tone;
      this.#saidBlock[i] = tone;
    }
    this.#markLeft -= BLOCK;
  }

  /** Forgets the oldest samples. */
  #drop(count: number): void {
    if (count <= 0) return;
    this.#heard.copyWithin(0, count, this.#heardLength);
    this.#heardLength -= count;
  }
}
