/**
 * One frequency in windows of sound (G. Goertzel, 1958): its power, and from the phase between two windows how far off it is, which
 * the width of so short a window alone would not tell.
 */
export class Goertzel {
  readonly frequencyHz: number;
  readonly #sampleRateHz: number;
  readonly #hop: number;
  readonly #cosine: number;
  readonly #sine: number;
  #phase = 0;
  #length = 0;
  /** Its share of the window's sum of squares; less than there is where the sine is off. */
  energy = 0;
  /** Of what was heard against `frequencyHz`, Hz; meaningful within half the rate of the windows. */
  offsetHz = 0;

  /** Windows follow each other every `hop` samples. */
  constructor(frequencyHz: number, sampleRateHz: number, hop: number) {
    this.frequencyHz = frequencyHz;
    this.#sampleRateHz = sampleRateHz;
    this.#hop = hop;
    const turn = (2 * Math.PI * frequencyHz) / sampleRateHz;
    this.#cosine = Math.cos(turn);
    this.#sine = Math.sin(turn);
  }

  measure(window: Float32Array): void {
    const coefficient = 2 * this.#cosine;
    let one = 0;
    let two = 0;
    for (let i = 0; i < window.length; i++) {
      const next = (window[i] ?? 0) + coefficient * one - two;
      two = one;
      one = next;
    }
    const real = one - two * this.#cosine;
    const imaginary = two * this.#sine;
    // The phase is that at the window's end; a sine of this very frequency turns by this much from window to window.
    const phase = Math.atan2(imaginary, real);
    const expected = (2 * Math.PI * this.frequencyHz * this.#hop) / this.#sampleRateHz;
    const turned = phase - this.#phase - expected;
    const off = turned - 2 * Math.PI * Math.round(turned / (2 * Math.PI));
    this.#phase = phase;
    this.offsetHz = (off * this.#sampleRateHz) / (2 * Math.PI * this.#hop);
    this.energy = (2 * (real * real + imaginary * imaginary)) / window.length;
    this.#length = window.length;
  }

  /** `energy` of a sine that is off by `offsetHz`, without what a rectangular window takes of it; ten times as much at most. */
  get correctedEnergy(): number {
    const x = (Math.PI * this.offsetHz * this.#length) / this.#sampleRateHz;
    const left = Math.abs(x) < 1e-6 ? 1 : (Math.sin(x) / x) ** 2;
    return this.energy / Math.max(0.1, left);
  }
}
