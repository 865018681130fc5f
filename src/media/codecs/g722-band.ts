/**
 * One sub-band of G.722 (ITU-T, 09/2012, section 3 and 4): an adaptive quantizer's step and a predictor of two poles and six zeros,
 * in the Recommendation's 16-bit arithmetic. Names of blocks in comments are those of its clause 6.2.
 */
export class G722Band {
  /** Step of the quantizer (DET). */
  step: number;
  /** What the predictor expects next (S). */
  predicted = 0;
  readonly #stepRange: StepRange;
  /** Logarithm of the step (NB). */
  #logStep = 0;
  #zeros = 0;
  #pole1 = 0;
  #pole2 = 0;
  /** Last two reconstructed signals (RLT), and partially reconstructed ones (PLT). */
  #signal1 = 0;
  #partial1 = 0;
  #partial2 = 0;
  readonly #zeroWeights = new Int32Array(6);
  readonly #differences = new Int32Array(6);

  constructor(stepRange: StepRange) {
    this.#stepRange = stepRange;
    this.step = stepRange.initial;
  }

  /** Takes in one quantized difference and the multiplier that its code stands for. */
  adapt(difference: number, logMultiplier: number): void {
    const { maxLog, shift } = this.#stepRange;
    const log = ((this.#logStep * 127) >> 7) + logMultiplier;
    this.#logStep = log < 0 ? 0 : Math.min(log, maxLog);
    this.step = stepOf(this.#logStep, shift);
    this.#predict(difference);
  }

  #predict(difference: number): void {
    const partial = saturate(this.#zeros + difference);
    const signal = saturate(this.predicted + difference);
    this.#movePoles(partial);
    // UPZERO, DELAYA and FILTEZ in one pass over the six zeros, oldest first.
    const weights = this.#zeroWeights;
    const differences = this.#differences;
    const gain = difference === 0 ? 0 : 128;
    let zeros = 0;
    for (let i = 5; i >= 0; i--) {
      const old = differences[i] ?? 0;
      const weight = saturate(((old ^ difference) < 0 ? -gain : gain) + (((weights[i] ?? 0) * 32_640) >> 15));
      weights[i] = weight;
      const newer = i === 0 ? difference : (differences[i - 1] ?? 0);
      differences[i] = newer;
      zeros += (weight * saturate(newer + newer)) >> 15;
    }
    this.#zeros = saturate(zeros);
    // FILTEP: the older signal is the one before this.
    const poles =
      ((this.#pole1 * saturate(signal + signal)) >> 15) +
      ((this.#pole2 * saturate(this.#signal1 + this.#signal1)) >> 15);
    this.#signal1 = signal;
    this.predicted = saturate(saturate(poles) + this.#zeros);
  }

  /** UPPOL2 and UPPOL1. */
  #movePoles(partial: number): void {
    const sameAsLast = (partial ^ this.#partial1) >= 0;
    const sameAsOlder = (partial ^ this.#partial2) >= 0;
    const four = saturate(this.#pole1 * 4);
    const turned = sameAsLast ? saturate(-four) : four;
    const pole2 = (turned >> 7) + (sameAsOlder ? 128 : -128) + ((this.#pole2 * 32_512) >> 15);
    this.#pole2 = pole2 > 12_288 ? 12_288 : Math.max(pole2, -12_288);
    const pole1 = saturate((sameAsLast ? 192 : -192) + ((this.#pole1 * 32_640) >> 15));
    const limit = saturate(15_360 - this.#pole2);
    this.#pole1 = pole1 > limit ? limit : Math.max(pole1, -limit);
    this.#partial2 = this.#partial1;
    this.#partial1 = partial;
  }
}

export interface StepRange {
  readonly initial: number;
  readonly maxLog: number;
  readonly shift: number;
}

export const LOW_STEPS: StepRange = { initial: 32, maxLog: 18_432, shift: 8 };
export const HIGH_STEPS: StepRange = { initial: 8, maxLog: 22_528, shift: 10 };

/** 2048 * 2^(i/32), as the Recommendation rounds it (table of ILB). */
const POWERS = Int32Array.from([
  2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896, 2960, 3025,
  3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
]);

/** SCALEL and SCALEH. */
function stepOf(logStep: number, shift: number): number {
  const power = POWERS[(logStep >> 6) & 31] ?? 0;
  const right = shift - (logStep >> 11);
  return (right < 0 ? power << -right : power >> right) << 2;
}

export function saturate(value: number): number {
  return value > 32_767 ? 32_767 : Math.max(value, -32_768);
}
