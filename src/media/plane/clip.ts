import { readFile } from 'node:fs/promises';
import { messageOf, SpeakerpostError } from '../../runtime/errors.ts';
import { parseWav } from '../../runtime/wav.ts';
import { MODEL_SAMPLE_RATE_HZ } from '../contract.ts';

/** Zero crossings of the sinc on each side. */
const LOBES = 16;

/** A WAV file as mono samples at 24 kHz. @throws SpeakerpostError WAV_INVALID */
export async function readClip(file: string): Promise<Float32Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new SpeakerpostError('WAV_INVALID', { file, reason: messageOf(error) });
  }
  const { samples, sampleRateHz } = parseWav(bytes, file);
  return resampleClip(samples, sampleRateHz, MODEL_SAMPLE_RATE_HZ);
}

/** A whole clip from one rate to another: polyphase windowed sinc, no delay, ends padded with silence. */
export function resampleClip(samples: Float32Array, fromHz: number, toHz: number): Float32Array {
  if (fromHz === toHz) return samples;
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const up = toHz / divisor;
  const down = fromHz / divisor;
  const phases = Array.from({ length: up }, (_, phase) => sincPhase(phase / up, Math.min(1, toHz / fromHz)));
  const out = new Float32Array(Math.floor((samples.length * up) / down));
  for (let n = 0; n < out.length; n++) {
    const position = n * down;
    const taps = phases[position % up] ?? [];
    const first = Math.floor(position / up) - (taps.length / 2 - 1);
    let sum = 0;
    for (let k = 0; k < taps.length; k++) sum += (taps[k] ?? 0) * (samples[first + k] ?? 0);
    out[n] = sum;
  }
  return out;
}

/** Taps for an output that lies `fraction` of a sample behind an input; `cutoff` is relative to the input's half rate. Sum 1. */
function sincPhase(fraction: number, cutoff: number): number[] {
  const half = Math.ceil(LOBES / cutoff);
  const taps = Array.from({ length: 2 * half }, (_, k) => {
    const distance = k - (half - 1) - fraction;
    const window = 0.5 + 0.5 * Math.cos((Math.PI * distance) / (half + 1));
    return window * (distance === 0 ? 1 : Math.sin(Math.PI * cutoff * distance) / (Math.PI * cutoff * distance));
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
