/** A packet's place in its stream, on scales that do not wrap. */
export interface Place {
  readonly sequence: number;
  /** Start of its sound, samples. */
  readonly start: number;
}

interface Slot {
  sequence: number;
  start: number;
  end: number;
}

const SLOTS = 256;
const MAX_FORWARD = 100;
const MAX_BACKWARD = 64;

/**
 * Extends 16-bit sequence numbers and 32-bit timestamps, remembers the last packets, and tells a jump from disorder: a new
 * SSRC, or a number more than 100 ahead or 64 behind, is believed when two packets in a row say so.
 */
export class Numbering {
  #ssrc: number | null = null;
  #newest: Place = { sequence: 0, start: 0 };
  #newestTimestamp = 0;
  readonly #samplesPerTick: number;
  #candidate: { ssrc: number; sequence: number } | null = null;
  readonly #slots: Slot[] = Array.from({ length: SLOTS }, () => ({ sequence: -1, start: 0, end: 0 }));

  /** `samplesPerTick`: samples of sound for one step of the timestamp. */
  constructor(samplesPerTick = 1) {
    this.#samplesPerTick = samplesPerTick;
  }

  get newest(): Place {
    return this.#newest;
  }

  /** Begins a numbering with this packet; its place is far enough from 0 for packets that come before it. */
  begin(ssrc: number, sequence: number, timestamp: number): Place {
    this.#ssrc = ssrc;
    this.#candidate = null;
    this.#newest = { sequence: sequence + 65_536, start: timestamp + 2 ** 32 };
    this.#newestTimestamp = timestamp;
    for (const slot of this.#slots) slot.sequence = -1;
    return this.#newest;
  }

  /** The packet's place, or null when it does not belong to the present numbering. */
  locate(ssrc: number, sequence: number, timestamp: number): Place | null {
    if (ssrc !== this.#ssrc) return null;
    const step = ((sequence - this.#newest.sequence) << 16) >> 16;
    if (step > MAX_FORWARD || step < -MAX_BACKWARD) return null;
    return {
      sequence: this.#newest.sequence + step,
      start: this.#newest.start + Math.round(((timestamp - this.#newestTimestamp) | 0) * this.#samplesPerTick),
    };
  }

  /** Of a packet that does not fit: true when the one before it did not fit either and led to this one. */
  confirmsJump(ssrc: number, sequence: number): boolean {
    const before = this.#candidate;
    this.#candidate = { ssrc, sequence };
    return before !== null && before.ssrc === ssrc && ((sequence - before.sequence) & 0xffff) === 1;
  }

  /** Takes note of a packet that is used. Returns false for a duplicate. */
  accept(place: Place, samples: number, timestamp: number): boolean {
    this.#candidate = null;
    const slot = this.#slot(place.sequence);
    if (slot.sequence === place.sequence) return false;
    slot.sequence = place.sequence;
    slot.start = place.start;
    slot.end = place.start + samples;
    if (place.sequence >= this.#newest.sequence) {
      this.#newest = place;
      this.#newestTimestamp = timestamp;
    }
    return true;
  }

  /** End of the packet before this one; null when it has not come. */
  endBefore(sequence: number): number | null {
    const slot = this.#slot(sequence - 1);
    return slot.sequence === sequence - 1 ? slot.end : null;
  }

  /** Start of the packet after this one; null when it has not come. */
  startAfter(sequence: number): number | null {
    const slot = this.#slot(sequence + 1);
    return slot.sequence === sequence + 1 ? slot.start : null;
  }

  #slot(sequence: number): Slot {
    const slot = this.#slots[sequence & (SLOTS - 1)];
    if (slot === undefined) throw new RangeError(`Sequence number ${sequence}`);
    return slot;
  }
}
