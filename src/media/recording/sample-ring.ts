/** 20 ms at 24 kHz. */
export const SLOT_SAMPLES = 480;
const CHANNELS = 2;
const WRITTEN = 0;
const READ = 1;
const COUNTERS = 2;
const COUNTER_BYTES = 4 * COUNTERS;
const SLOT_VALUES = SLOT_SAMPLES * CHANNELS;

/**
 * Stereo sound on its way from the media thread to the recording thread: one writer, one reader, no locks, nothing allocated for a
 * packet. Slots hold 16-bit samples, left and right in turn; the counters only grow.
 */
export class SampleRing {
  readonly memory: SharedArrayBuffer;
  readonly #counters: Int32Array;
  readonly #slots: Int16Array;
  readonly #capacity: number;

  private constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#counters = new Int32Array(memory, 0, COUNTERS);
    this.#slots = new Int16Array(memory, COUNTER_BYTES);
    this.#capacity = this.#slots.length / SLOT_VALUES;
  }

  static create(slots: number): SampleRing {
    return new SampleRing(new SharedArrayBuffer(COUNTER_BYTES + 2 * slots * SLOT_VALUES));
  }

  /** The other thread's view of the same memory. */
  static attach(memory: SharedArrayBuffer): SampleRing {
    return new SampleRing(memory);
  }

  /** False when the ring is full: nothing was written. */
  write(left: Float32Array, right: Float32Array): boolean {
    const written = Atomics.load(this.#counters, WRITTEN);
    if (written - Atomics.load(this.#counters, READ) >= this.#capacity) return false;
    let at = (written % this.#capacity) * SLOT_VALUES;
    for (let i = 0; i < SLOT_SAMPLES; i++) {
      this.#slots[at++] = toInt16(left[i] ?? 0);
      this.#slots[at++] = toInt16(right[i] ?? 0);
    }
    Atomics.store(this.#counters, WRITTEN, written + 1);
    return true;
  }

  /** Lends the oldest slot to `use` and frees it; false when there is none. */
  read(use: (interleaved: Int16Array) => void): boolean {
    const read = Atomics.load(this.#counters, READ);
    if (read === Atomics.load(this.#counters, WRITTEN)) return false;
    const at = (read % this.#capacity) * SLOT_VALUES;
    use(this.#slots.subarray(at, at + SLOT_VALUES));
    Atomics.store(this.#counters, READ, read + 1);
    return true;
  }
}

function toInt16(sample: number): number {
  return Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
}
