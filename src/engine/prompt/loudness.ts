/** Loudness of a voice sample as the published models heard it in training (personaplex.md section 5). */
const targetLufs = -24;
const blockSeconds = 0.4;
const blockStep = 0.25;
const absoluteGateLufs = -70;
const relativeGateLu = -10;

/**
 * The mono `samples` with a gain that brings them to -24 LUFS of integrated loudness (ITU-R BS.1770-4). Nothing is clipped. Throws
 * RangeError where there is no loudness: under 400 ms, or silence.
 */
export function normaliseLoudness(samples: Float32Array, sampleRateHz: number): Float32Array {
  const gain = 10 ** ((targetLufs - integratedLoudness(samples, sampleRateHz)) / 20);
  return samples.map((sample) => sample * gain);
}

/** Integrated loudness in LUFS of mono samples: annex 1 of BS.1770-4, gated twice. Throws RangeError as `normaliseLoudness`. */
export function integratedLoudness(samples: Float32Array, sampleRateHz: number): number {
  const seconds = samples.length / sampleRateHz;
  if (seconds < blockSeconds) throw new RangeError(`it lasts ${seconds.toFixed(2)} s; loudness needs 0.4 s`);
  const weighted = weightK(samples, sampleRateHz);
  // Equation 3's count of blocks is rounded, so the last block may reach past the end: the published code's meter does so too.
  const count = Math.round((seconds - blockSeconds) / (blockSeconds * blockStep)) + 1;
  const powers = Array.from({ length: count }, (_, block) => {
    const from = Math.trunc(blockSeconds * (block * blockStep) * sampleRateHz);
    const to = Math.min(weighted.length, Math.trunc(blockSeconds * (block * blockStep + 1) * sampleRateHz));
    let sum = 0;
    for (let i = from; i < to; i++) sum += (weighted[i] ?? 0) ** 2;
    return sum / (blockSeconds * sampleRateHz);
  });
  const audible = powers.filter((power) => loudnessOf(power) >= absoluteGateLufs);
  if (audible.length === 0) throw new RangeError('it is silent');
  const relativeGateLufs = loudnessOf(mean(audible)) + relativeGateLu;
  return loudnessOf(mean(audible.filter((power) => loudnessOf(power) > relativeGateLufs)));
}

/** Equation 4, one channel of weight 1. */
const loudnessOf = (power: number): number => -0.691 + 10 * Math.log10(power);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** A second-order section, normalised to a0 = 1. */
interface Biquad {
  readonly b: readonly [number, number, number];
  readonly a: readonly [number, number];
}

/**
 * The K filter. BS.1770 gives coefficients for 48 kHz only; at other rates the two stages are made from the analogue prototypes of the
 * Audio EQ Cookbook (R. Bristow-Johnson), with the published code's parameters: shelf +4 dB, Q 1/sqrt(2), 1500 Hz; high pass Q 0.5, 38 Hz.
 */
function weightK(samples: Float32Array, sampleRateHz: number): Float64Array {
  const shelved = filter(Float64Array.from(samples), highShelf(4, Math.SQRT1_2, 1500, sampleRateHz));
  return filter(shelved, highPass(0.5, 38, sampleRateHz));
}

function highShelf(gainDb: number, q: number, frequencyHz: number, sampleRateHz: number): Biquad {
  const amplitude = 10 ** (gainDb / 40);
  const omega = (2 * Math.PI * frequencyHz) / sampleRateHz;
  const cosine = Math.cos(omega);
  const slope = (Math.sin(omega) / q) * Math.sqrt(amplitude); // 2 sqrt(A) alpha
  const a0 = amplitude + 1 - (amplitude - 1) * cosine + slope;
  return {
    b: [
      (amplitude * (amplitude + 1 + (amplitude - 1) * cosine + slope)) / a0,
      (-2 * amplitude * (amplitude - 1 + (amplitude + 1) * cosine)) / a0,
      (amplitude * (amplitude + 1 + (amplitude - 1) * cosine - slope)) / a0,
    ],
    a: [(2 * (amplitude - 1 - (amplitude + 1) * cosine)) / a0, (amplitude + 1 - (amplitude - 1) * cosine - slope) / a0],
  };
}

function highPass(q: number, frequencyHz: number, sampleRateHz: number): Biquad {
  const omega = (2 * Math.PI * frequencyHz) / sampleRateHz;
  const cosine = Math.cos(omega);
  const alpha = Math.sin(omega) / (2 * q);
  const a0 = 1 + alpha;
  const edge = (1 + cosine) / 2 / a0;
  return { b: [edge, -2 * edge, edge], a: [(-2 * cosine) / a0, (1 - alpha) / a0] };
}

/** Direct form II transposed, from rest. */
function filter(samples: Float64Array, { b, a }: Biquad): Float64Array {
  let first = 0;
  let second = 0;
  return samples.map((x) => {
    const y = b[0] * x + first;
    first = b[1] * x - a[0] * y + second;
    second = b[2] * x - a[1] * y;
    return y;
  });
}
