import type { SampleRateHz } from '../codecs/audio-codec.ts';
import { designLowpass } from './fir-design.ts';
import { createScalarKernel, createSimdKernel, type FirKernel } from './fir-kernel.ts';

/**
 * 8 <-> 24 kHz by one low-pass of 102 taps at 24 kHz: flat to 3.4 kHz, -87 dB from 4.6 kHz, 2.1 ms delay.
 * 16 <-> 24 kHz by one of 120 taps at 48 kHz: flat to 7 kHz, -76 dB from 9 kHz, 1.2 ms delay.
 */
const NARROW = { taps: 102, cutoff: 4_000 / 24_000, beta: 7.8 };
const WIDE = { taps: 120, cutoff: 8_000 / 48_000, beta: 7 };

/** Streaming: the result does not depend on how the stream is cut into chunks. */
export interface Resampler {
  /**
   * Converts `samples`; the result is the caller's, or `samples` itself where both rates are the same. Down, their number must be a
   * multiple of 3. At most 2,720 samples up, 2,048 out: 80 ms frames fit.
   */
  process(samples: Float32Array): Float32Array;
  /** The same without a copy: the result is valid until the next call of any resampler of the thread. */
  lend(samples: Float32Array): Float32Array;
}

/** What a thread shares: the kernel and the filters in its memory. */
export class ResamplerFactory {
  readonly #kernel: FirKernel;
  readonly #filters: Readonly<Record<'up8' | 'down8' | 'up16' | 'down16', PolyphaseFilter>>;

  constructor(kernel: FirKernel = createSimdKernel() ?? createScalarKernel()) {
    this.#kernel = kernel;
    const narrow = designLowpass(NARROW.taps, NARROW.cutoff, NARROW.beta);
    const wide = designLowpass(WIDE.taps, WIDE.cutoff, WIDE.beta);
    this.#filters = {
      up8: placeFilter(kernel, narrow, 3, 1),
      down8: placeFilter(kernel, narrow, 1, 3),
      up16: placeFilter(kernel, wide, 3, 2),
      down16: placeFilter(kernel, wide, 2, 3),
    };
  }

  /** From a codec's rate to 24 kHz. */
  up(fromHz: SampleRateHz = 8_000): Resampler {
    if (fromHz === 24_000) return straight;
    return new PolyphaseResampler(this.#kernel, fromHz === 8_000 ? this.#filters.up8 : this.#filters.up16);
  }

  /** From 24 kHz to a codec's rate. */
  down(toHz: SampleRateHz = 8_000): Resampler {
    if (toHz === 24_000) return straight;
    return new PolyphaseResampler(this.#kernel, toHz === 8_000 ? this.#filters.down8 : this.#filters.down16);
  }
}

const straight: Resampler = { process: (samples) => samples, lend: (samples) => samples };

interface PolyphaseFilter {
  readonly place: number;
  readonly taps: number;
  readonly phases: number;
  /** Input samples a step. */
  readonly advance: number;
}

/**
 * A low-pass at `up` times the input's rate, of which every `down`-th output is kept: a step takes `down` inputs and gives `up`
 * outputs. Rows end at the step's newest input, are reversed (the kernel multiplies oldest first) and padded to a multiple of 4.
 */
function placeFilter(kernel: FirKernel, lowpass: Float64Array, up: number, down: number): PolyphaseFilter {
  const rows = Array.from({ length: up }, (_, row) => {
    // The latest place at which the step's last output needs no input of the next step.
    const at = row * down + down - 1;
    const behindNewest = down - 1 - Math.floor(at / up);
    // Zeros between the input samples take energy: the gain makes up for it.
    const taps = lowpass.filter((_, index) => index % up === at % up).map((tap) => tap * up);
    return { taps, behindNewest };
  });
  const length = Math.ceil(Math.max(...rows.map((row) => row.taps.length + row.behindNewest)) / 4) * 4;
  const coefficients = new Float32Array(length * up);
  rows.forEach(({ taps, behindNewest }, row) => {
    taps.forEach((tap, index) => {
      coefficients[(row + 1) * length - 1 - behindNewest - index] = tap;
    });
  });
  return { place: kernel.place(coefficients), taps: length, phases: up, advance: down };
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
    return this.lend(samples).slice();
  }

  lend(samples: Float32Array): Float32Array {
    const { place, taps, phases, advance } = this.#filter;
    const { input, output } = this.#kernel;
    const history = this.#history;
    const steps = samples.length / advance;
    if (!Number.isInteger(steps) || samples.length + history.length > input.length || steps * phases > output.length) {
      throw new RangeError(`A chunk of ${samples.length} samples cannot be resampled`);
    }
    input.set(history);
    input.set(samples, history.length);
    this.#kernel.run(place, taps, phases, advance, steps);
    history.set(input.subarray(samples.length, samples.length + history.length));
    return output.subarray(0, steps * phases);
  }
}
