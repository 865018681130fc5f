import { designLowpass } from './fir-design.ts';
import { createScalarKernel, createSimdKernel, type FirKernel } from './fir-kernel.ts';

/**
 * 8 <-> 24 kHz by one low-pass of 102 taps at 24 kHz: flat to 3.4 kHz, -87 dB from 4.6 kHz, 2.1 ms delay. Up, it is split into 3
 * phases of 34 taps; down, every third output is computed.
 */
const TAPS = 102;
const RATIO = 3;
const CUTOFF = 4_000 / 24_000;
const KAISER_BETA = 7.8;

/** Streaming: the result does not depend on how the stream is cut into chunks. */
export interface Resampler {
  /**
   * Converts `samples`; the result is the caller's. Down, their number must be a multiple of 3. At most 4,096 samples up,
   * 2,048 out: 80 ms frames fit.
   */
  process(samples: Float32Array): Float32Array;
}

/** What a thread shares: the kernel and the filters in its memory. */
export class ResamplerFactory {
  readonly #kernel: FirKernel;
  readonly #up: PolyphaseFilter;
  readonly #down: PolyphaseFilter;

  constructor(kernel: FirKernel = createSimdKernel() ?? createScalarKernel()) {
    this.#kernel = kernel;
    const lowpass = designLowpass(TAPS, CUTOFF, KAISER_BETA);
    // Zeros between the input samples take two thirds of the energy: gain 3.
    const phases = [2, 1, 0].map((phase) => everyThird(lowpass, phase).map((tap) => tap * RATIO));
    this.#up = placeFilter(kernel, phases.reverse(), 1);
    this.#down = placeFilter(kernel, [lowpass], RATIO);
  }

  /** 8 to 24 kHz. */
  up(): Resampler {
    return new PolyphaseResampler(this.#kernel, this.#up);
  }

  /** 24 to 8 kHz. */
  down(): Resampler {
    return new PolyphaseResampler(this.#kernel, this.#down);
  }
}

interface PolyphaseFilter {
  readonly place: number;
  readonly taps: number;
  readonly phases: number;
  /** Input samples a step. */
  readonly advance: number;
}

/** Rows are reversed (the kernel multiplies oldest first) and padded in front to a multiple of 4. */
function placeFilter(kernel: FirKernel, rows: readonly Float64Array[], advance: number): PolyphaseFilter {
  const length = rows[0]?.length ?? 0;
  const taps = Math.ceil(length / 4) * 4;
  const coefficients = new Float32Array(taps * rows.length);
  rows.forEach((row, index) => {
    coefficients.set(Float32Array.from(row).reverse(), index * taps + taps - length);
  });
  return { place: kernel.place(coefficients), taps, phases: rows.length, advance };
}

function everyThird(taps: Float64Array, phase: number): Float64Array {
  return taps.filter((_, index) => index % RATIO === phase);
}

class PolyphaseResampler implements Resampler {
  readonly #kernel: FirKernel;
  readonly #filter: PolyphaseFilter;
  /** The last inputs, as many as the next step reaches back. */
  readonly #history: Float32Array;

  constructor(kernel: FirKernel, filter: PolyphaseFilter) {
    this.#kernel = kernel;
    this.#filter = filter;
    this.#history = new Float32Array(filter.taps - filter.advance);
  }

  process(samples: Float32Array): Float32Array {
    const { place, taps, phases, advance } = this.#filter;
    const { input, output } = this.#kernel;
    const history = this.#history;
    const steps = samples.length / advance;
    if (!Number.isInteger(steps) || samples.length + history.length > input.length || steps * phases > output.length) {
      throw new RangeError(`A chunk of ${samples.length} samples cannot be resampled`);
    }
    if (steps === 0) return new Float32Array(0);
    input.set(history);
    input.set(samples, history.length);
    this.#kernel.run(place, taps, phases, advance, steps);
    history.set(input.subarray(samples.length, samples.length + history.length));
    return output.slice(0, steps * phases);
  }
}
