import { readFileSync } from 'node:fs';

const STEPS_A_SECOND = 100;
/** Correlation of two loudness curves at which they are taken for the same second of sound. */
const SAME = 0.85;

/**
 * The share of a clip's seconds that are found in what was heard, by the shape of their loudness (10 ms steps, best correlation over all
 * shifts). Codecs, levels and rates do not matter to it, nor a packet lost here and there.
 */
export function shareHeard(
  heard: { readonly samples: Float32Array; readonly sampleRateHz: number },
  clip: { readonly samples: Float32Array; readonly sampleRateHz: number },
): number {
  const where = curve(heard.samples, heard.sampleRateHz);
  const whole = curve(clip.samples, clip.sampleRateHz);
  let [found, all] = [0, 0];
  for (let at = 0; at + STEPS_A_SECOND <= whole.length; at += STEPS_A_SECOND / 2) {
    const second = whole.slice(at, at + STEPS_A_SECOND);
    // A second of near silence has no shape.
    if (Math.max(...second) < -4) continue;
    all++;
    for (let shift = 0; shift + STEPS_A_SECOND <= where.length; shift++) {
      if (correlation(where.slice(shift, shift + STEPS_A_SECOND), second) < SAME) continue;
      found++;
      break;
    }
  }
  return all === 0 ? 0 : found / all;
}

function curve(samples: Float32Array, sampleRateHz: number): number[] {
  const step = sampleRateHz / STEPS_A_SECOND;
  return Array.from({ length: Math.floor(samples.length / step) }, (_, i) => {
    let sum = 0;
    for (let at = i * step; at < (i + 1) * step; at++) sum += (samples[at] ?? 0) ** 2;
    return Math.log10(1e-6 + sum / step);
  });
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (const [i, value] of a.entries()) {
    const [x, y] = [value - meanA, (b[i] ?? 0) - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb || 1);
}

/** What the phone heard, from its stereo file. */
export function rightChannel(file: string): { samples: Float32Array; sampleRateHz: number } {
  const bytes = readFileSync(file);
  const data = new Int16Array(bytes.buffer, bytes.byteOffset + 44, Math.floor((bytes.length - 44) / 2));
  const samples = Float32Array.from({ length: Math.floor(data.length / 2) }, (_, i) => (data[2 * i + 1] ?? 0) / 32_768);
  return { samples, sampleRateHz: 24_000 };
}
