import { Goertzel } from './goertzel.ts';

const LOW_HZ = [697, 770, 852, 941] as const;
const HIGH_HZ = [1_209, 1_336, 1_477, 1_633] as const;
const KEYS = ['123A', '456B', '789C', '*0#D'] as const;

const WINDOW_MS = 16;
const HOP_MS = 8;
/** Tones of 40 ms count, those of 20 do not (ITU-T Q.24); three windows are 32 ms. */
const WINDOWS_ON = 3;
/** A gap of 40 ms parts two keys, one of 10 ms does not. */
const WINDOWS_OFF = 3;
/** -40 dBFS each. */
const MIN_AMPLITUDE = 0.01;
/** Q.24, North America: the high tone may be 4 dB stronger or 8 dB weaker; and what measuring costs. */
const MAX_HIGH_OVER_LOW = 10 ** (4.5 / 10);
const MAX_LOW_OVER_HIGH = 10 ** (9 / 10);
/** Of the window's energy in the two tones; less where the key begins or ends. */
const MIN_SHARE = 0.62;
/** So much of three windows: a voice has other harmonics, too. */
const SOLID_SHARE = 0.9;
const SOLID_WINDOWS = 3;
/** Over the second tone of the same group. */
const MIN_DOMINANCE = 6;
/** Q.24: 1.5 % off is a key's tone, 3.5 % is not. */
const MAX_OFFSET = 0.025;

/** Hears keys in the sound of one call. Whatever the packets were, the sound comes in its order. */
export class ToneDigits {
  readonly #low: readonly Goertzel[];
  readonly #high: readonly Goertzel[];
  readonly #window: Float32Array;
  readonly #hop: number;
  #filled = 0;
  #candidate = '';
  #seen = 0;
  #solid = 0;
  #share = 0;
  #absent = 0;
  /** The key that sounds now; empty: none. */
  #sounding = '';

  constructor(sampleRateHz: number) {
    this.#hop = (HOP_MS * sampleRateHz) / 1_000;
    this.#window = new Float32Array((WINDOW_MS * sampleRateHz) / 1_000);
    const bank = (frequencies: readonly number[]) => frequencies.map((hz) => new Goertzel(hz, sampleRateHz, this.#hop));
    this.#low = bank(LOW_HZ);
    this.#high = bank(HIGH_HZ);
  }

  /** True while a key sounds, and where one is about to be told. */
  get isSounding(): boolean {
    return this.#sounding !== '' || this.#seen > 0;
  }

  /** Takes the sound's next samples; returns the keys that began in it, each once. */
  hear(samples: Float32Array): string {
    let keys = '';
    for (let at = 0; at < samples.length; ) {
      const part = samples.subarray(at, at + this.#window.length - this.#filled);
      this.#window.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled < this.#window.length) break;
      keys += this.#judge(this.#keyOfWindow());
      this.#window.copyWithin(0, this.#hop);
      this.#filled -= this.#hop;
    }
    return keys;
  }

  #judge(key: string): string {
    if (key === this.#sounding) {
      this.#absent = 0;
      this.#seen = 0;
      return '';
    }
    if (this.#sounding !== '' && ++this.#absent >= WINDOWS_OFF) this.#sounding = '';
    if (key === '' || key !== this.#candidate) {
      this.#seen = 0;
      this.#solid = 0;
    }
    this.#candidate = key;
    if (key === '') return '';
    this.#seen++;
    if (this.#share >= SOLID_SHARE) this.#solid++;
    if (this.#seen < WINDOWS_ON || this.#solid < SOLID_WINDOWS) return '';
    this.#sounding = key;
    this.#absent = 0;
    this.#seen = 0;
    return key;
  }

  /** The key whose two tones are nearly all of the window; empty: none. */
  #keyOfWindow(): string {
    const window = this.#window;
    let total = 0;
    for (let i = 0; i < window.length; i++) total += (window[i] ?? 0) ** 2;
    const quietest = (window.length * MIN_AMPLITUDE ** 2) / 2;
    const row = strongest(this.#low, window);
    const column = strongest(this.#high, window);
    if (row < 0 || column < 0) return '';
    const low = this.#low[row]?.correctedEnergy ?? 0;
    const high = this.#high[column]?.correctedEnergy ?? 0;
    if (Math.min(low, high) < quietest || low + high < MIN_SHARE * total) return '';
    this.#share = (low + high) / total;
    if (high > low * MAX_HIGH_OVER_LOW || low > high * MAX_LOW_OVER_HIGH) return '';
    return KEYS[row]?.[column] ?? '';
  }
}

/** Index of the one tone of the group that is there, on its frequency; -1: none is. */
function strongest(group: readonly Goertzel[], window: Float32Array): number {
  let best = -1;
  let first = 0;
  let second = 0;
  for (const [index, tone] of group.entries()) {
    tone.measure(window);
    if (tone.energy > first) {
      second = first;
      first = tone.energy;
      best = index;
    } else {
      second = Math.max(second, tone.energy);
    }
  }
  const tone = group[best];
  const isOn = tone !== undefined && Math.abs(tone.offsetHz) <= MAX_OFFSET * tone.frequencyHz;
  return isOn && first > MIN_DOMINANCE * second ? best : -1;
}
