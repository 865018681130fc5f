import { MODEL_SAMPLE_RATE_HZ } from '../contract.ts';

/** 440 + 480 Hz, 2 s on, 4 s off (ITU-T E.180, North America), -19 dBm0 each; edges of 10 ms so that nothing clicks. */
const tonesHz = [440, 480] as const;
const ON_S = 2;
const OFF_S = 4;
const AMPLITUDE = 0.06;
const EDGE_S = 0.01;

/** One period of what somebody hears while another phone rings: mono at 24 kHz. */
export function ringbackPeriod(): Float32Array {
  const samples = new Float32Array((ON_S + OFF_S) * MODEL_SAMPLE_RATE_HZ);
  for (let i = 0; i < ON_S * MODEL_SAMPLE_RATE_HZ; i++) {
    const second = i / MODEL_SAMPLE_RATE_HZ;
    const edge = Math.min(1, second / EDGE_S, (ON_S - second) / EDGE_S);
    for (const hz of tonesHz) samples[i] = (samples[i] ?? 0) + AMPLITUDE * edge * Math.sin(2 * Math.PI * hz * second);
  }
  return samples;
}
