const RATE_HZ = 24_000;
/** 240 ms. */
const SEGMENT = 5_760;
/** Another delay must leave so much less of an error than the one before. */
const CLEARLY_BETTER = 0.8;
const BLOCK = 480;
const FFT = 1_024;
/** Below are no voices, and G.711 adds its own noise. */
const ACTIVE_DB = -50;
/** Bins of the telephone's band, 200 to 3,400 Hz. */
const [FIRST_BIN, LAST_BIN] = [Math.ceil((200 * FFT) / RATE_HZ), Math.floor((3_400 * FFT) / RATE_HZ)];

export interface SpeechDistance {
  /** Root mean square of the difference of the spectra in dB, 200 to 3,400 Hz, mean of the active blocks of 20 ms. */
  readonly lsdDb: number;
  /** Mean of the blocks' SNR, each between -10 and 35 dB. */
  readonly snrDb: number;
}

/** How far `heard` is from `reference`, both at 24 kHz, each quarter of a second laid where it fits best (a slip is not a distortion). */
export function compareSpeech(reference: Float32Array, heard: Float32Array): SpeechDistance {
  const lsd: number[] = [];
  const snr: number[] = [];
  let delay = bestDelay(reference, heard, 0, Math.min(reference.length, 4 * RATE_HZ), 0, RATE_HZ);
  for (let start = 0; start + SEGMENT <= reference.length - RATE_HZ; start += SEGMENT) {
    const moved = bestDelay(reference, heard, start, SEGMENT, delay - 2_400, delay + 2_400);
    const fit = (at: number) => errorAt(reference, heard, start, SEGMENT, at);
    if (fit(moved) < CLEARLY_BETTER * fit(delay)) delay = moved;
    for (let at = start; at < start + SEGMENT; at += BLOCK) {
      const wanted = reference.subarray(at, at + BLOCK);
      const got = heard.subarray(at + delay, at + delay + BLOCK);
      const power = meanSquare(wanted);
      if (10 * Math.log10(power + 1e-12) < ACTIVE_DB || got.length < BLOCK) continue;
      let error = 0;
      for (let i = 0; i < BLOCK; i++) error += ((got[i] ?? 0) - (wanted[i] ?? 0)) ** 2;
      snr.push(Math.max(-10, Math.min(35, 10 * Math.log10(power / (error / BLOCK + 1e-12)))));
      lsd.push(spectralDistance(wanted, got));
    }
  }
  return { lsdDb: mean(lsd), snrDb: mean(snr) };
}

/** The delay within [from, to] at which `heard` differs least: every eighth sample first, then refined. */
function bestDelay(ref: Float32Array, heard: Float32Array, start: number, length: number, from: number, to: number) {
  const search = (first: number, last: number, step: number) => {
    let best = first;
    let least = Number.POSITIVE_INFINITY;
    for (let delay = first; delay <= last; delay += step) {
      const error = errorAt(ref, heard, start, length, delay);
      if (error < least) {
        least = error;
        best = delay;
      }
    }
    return best;
  };
  const coarse = search(from, to, 8);
  return search(coarse - 8, coarse + 8, 1);
}

function errorAt(ref: Float32Array, heard: Float32Array, start: number, length: number, delay: number): number {
  let sum = 0;
  for (let i = start; i < start + length; i += 5) sum += ((ref[i] ?? 0) - (heard[i + delay] ?? 0)) ** 2;
  return sum;
}

function spectralDistance(one: Float32Array, other: Float32Array): number {
  const [first, second] = [powerSpectrum(one), powerSpectrum(other)];
  // 40 dB below the block's strongest bin nothing is heard beside it.
  const floor = Math.max(...first) * 1e-4 + 1e-12;
  let sum = 0;
  for (let bin = FIRST_BIN; bin <= LAST_BIN; bin++) {
    sum += (10 * Math.log10(((first[bin] ?? 0) + floor) / ((second[bin] ?? 0) + floor))) ** 2;
  }
  return Math.sqrt(sum / (LAST_BIN - FIRST_BIN + 1));
}

/** Hann window, radix-2 FFT, bins 0 to half. */
function powerSpectrum(samples: Float32Array): Float64Array {
  const real = new Float64Array(FFT);
  const imaginary = new Float64Array(FFT);
  for (let i = 0; i < samples.length; i++) {
    real[reverse(i)] = (samples[i] ?? 0) * (0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / samples.length));
  }
  for (let size = 2; size <= FFT; size *= 2) {
    for (let k = 0; k < size / 2; k++) {
      const [cosine, sine] = [Math.cos((2 * Math.PI * k) / size), -Math.sin((2 * Math.PI * k) / size)];
      for (let a = k; a < FFT; a += size) {
        const b = a + size / 2;
        const re = (real[b] ?? 0) * cosine - (imaginary[b] ?? 0) * sine;
        const im = (real[b] ?? 0) * sine + (imaginary[b] ?? 0) * cosine;
        real[b] = (real[a] ?? 0) - re;
        imaginary[b] = (imaginary[a] ?? 0) - im;
        real[a] = (real[a] ?? 0) + re;
        imaginary[a] = (imaginary[a] ?? 0) + im;
      }
    }
  }
  return Float64Array.from({ length: FFT / 2 }, (_, bin) => (real[bin] ?? 0) ** 2 + (imaginary[bin] ?? 0) ** 2);
}

function reverse(index: number): number {
  let out = 0;
  for (let bit = 1; bit < FFT; bit *= 2) out = out * 2 + ((index & bit) === 0 ? 0 : 1);
  return out;
}

function meanSquare(samples: Float32Array): number {
  return samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
