import { FRAME_MS, MODEL_SAMPLE_RATE_HZ } from '../contract.ts';
import { NoiseSource } from '../jitter/noise.ts';

const SAMPLES_PER_MS = MODEL_SAMPLE_RATE_HZ / 1_000;
/** -70 dBFS: a line that is alive. */
const FILLER_RMS = 10 ** (-70 / 20);
const FADE = 2 * SAMPLES_PER_MS;
/** The cushion before the first frame: one packet. */
const FIRST_CUSHION_MS = 20;
/** As far as the cushion may grow: 60 ms of jitter need some 70 ms, a packet of 60 ms the same. */
export const MAX_CUSHION_MS = 100;
const MAX_LEVEL = (FRAME_MS + MAX_CUSHION_MS) * SAMPLES_PER_MS;
const DROP = 10 * SAMPLES_PER_MS;
const DROP_FADE = 5 * SAMPLES_PER_MS;
/** -50 dBFS: nothing is said. */
const QUIET_PEAK = 10 ** (-50 / 20);

/** Sound to be sent, 24 kHz: frames of any length go in when they are ready, packets come out on the send clock. */
export class PlayoutQueue {
  #blocks: Float32Array[] = [];
  /** Samples of the first block that are gone. */
  #offset = 0;
  #level = 0;
  #started = false;
  #wasFiller = true;
  #last = 0;
  readonly #noise = new NoiseSource();

  get levelMs(): number {
    return this.#level / SAMPLES_PER_MS;
  }

  /**
   * The first frame goes behind a cushion of filler. Never more than one frame and the cushion is held, as a guest who barges in must not
   * hear what was thought of before: returns how many of the oldest samples were dropped for that.
   */
  push(samples: Float32Array): number {
    if (!this.#started) {
      this.#started = true;
      this.#append(this.#filler(new Float32Array(FIRST_CUSHION_MS * SAMPLES_PER_MS)));
    }
    this.#append(samples);
    const excess = Math.max(0, this.#level - MAX_LEVEL);
    if (excess > 0) {
      this.#skip(excess);
      this.#wasFiller = true;
    }
    return excess;
  }

  /** Fills `out`. Returns false when there was not enough, and filler was used, though frames had begun to come. */
  take(out: Float32Array): boolean {
    const isUnderrun = this.#level < out.length;
    if (isUnderrun) {
      // What is left of a frame waits for the rest: the cut is then between frames, where it is blended.
      this.#filler(out);
      return !this.#started;
    }
    this.#copy(out);
    if (this.#wasFiller) {
      for (let i = 0; i < FADE; i++) out[i] = ((out[i] ?? 0) * i + this.#last * (FADE - 1 - i)) / FADE;
    }
    this.#wasFiller = false;
    this.#last = out[out.length - 1] ?? 0;
    return true;
  }

  /** Empties it: something else is sent from now on. Returns how many samples there were. */
  discard(): number {
    const dropped = this.#level;
    this.#skip(dropped);
    this.#wasFiller = true;
    this.#last = 0;
    return dropped;
  }

  /** Takes 10 ms out where the next 20 ms are quiet, blended over 5 ms; false where somebody speaks. */
  dropQuiet(): boolean {
    const length = 2 * DROP;
    if (this.#level < length) return false;
    const ahead = new Float32Array(length);
    this.#peek(ahead);
    for (const sample of ahead) if (Math.abs(sample) > QUIET_PEAK) return false;
    this.#skip(length);
    const kept = ahead.slice(DROP);
    for (let i = 0; i < DROP_FADE; i++) {
      const share = i / DROP_FADE;
      kept[i] = (ahead[i] ?? 0) * (1 - share) + (kept[i] ?? 0) * share;
    }
    this.#blocks[0] = this.#blocks[0]?.subarray(this.#offset) ?? new Float32Array(0);
    this.#offset = 0;
    this.#blocks.unshift(kept);
    this.#level += kept.length;
    return true;
  }

  #append(samples: Float32Array): void {
    this.#blocks.push(samples);
    this.#level += samples.length;
  }

  #filler(out: Float32Array): Float32Array {
    for (let i = 0; i < out.length; i++) {
      const decay = Math.max(0, 1 - (i + 1) / FADE);
      out[i] = this.#noise.next(FILLER_RMS) + this.#last * decay;
    }
    this.#last = 0;
    this.#wasFiller = true;
    return out;
  }

  #copy(out: Float32Array): void {
    this.#peek(out);
    this.#skip(out.length);
  }

  #peek(out: Float32Array): void {
    let filled = 0;
    let offset = this.#offset;
    for (const block of this.#blocks) {
      const part = block.subarray(offset, offset + out.length - filled);
      out.set(part, filled);
      filled += part.length;
      offset = 0;
      if (filled === out.length) return;
    }
  }

  #skip(count: number): void {
    this.#level -= count;
    this.#offset += count;
    for (let first = this.#blocks[0]; first !== undefined && this.#offset >= first.length; first = this.#blocks[0]) {
      this.#offset -= first.length;
      this.#blocks.shift();
    }
  }
}
