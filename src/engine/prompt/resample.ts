/** Zero crossings of the sinc on each side, and its Kaiser window: about 90 dB of stop band. */
const zeroCrossings = 32;
const kaiserBeta = 9;
/** The pass band ends here, as a share of the lower rate's half: the rest is the filter's slope. */
const passBand = 0.92;

/**
 * Whole-file resampling by a windowed sinc, one filter a phase (J. O. Smith, "Digital Audio Resampling"). Offline only: a voice sample is
 * read once; the call's own sound has its streaming resampler in the media room.
 */
export function resample(samples: Float32Array, fromHz: number, toHz: number): Float32Array {
  if (fromHz === toHz) return samples;
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const phases = toHz / divisor;
  const step = fromHz / divisor;
  const cutoff = Math.min(1, toHz / fromHz) * passBand;
  const reach = Math.ceil(zeroCrossings / cutoff);
  const filters: Float64Array[] = [];
  const filterOf = (phase: number): Float64Array => {
    const known = filters[phase];
    if (known !== undefined) return known;
    const made = Float64Array.from({ length: 2 * reach }, (_, tap) => {
      const distance = tap - reach + 1 - phase / phases;
      return cutoff * sinc(cutoff * distance) * kaiser(distance / reach);
    });
    filters[phase] = made;
    return made;
  };
  return Float32Array.from({ length: Math.floor((samples.length * toHz) / fromHz) }, (_, index) => {
    const position = index * step;
    const whole = Math.floor(position / phases);
    const taps = filterOf(position % phases);
    let sum = 0;
    for (let tap = 0; tap < taps.length; tap++) sum += (taps[tap] ?? 0) * (samples[whole + tap - reach + 1] ?? 0);
    return sum;
  });
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

function kaiser(x: number): number {
  return Math.abs(x) >= 1 ? 0 : besselI0(kaiserBeta * Math.sqrt(1 - x * x)) / besselI0(kaiserBeta);
}

/** Modified Bessel function of order 0, by its power series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
