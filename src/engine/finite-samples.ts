/**
 * Whether every sample is a finite number. A sum is not when one of its parts is not, and a sum of finite float32 values in float64 always is: a
 * tenth of asking each.
 */
export function areFinite(samples: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i] ?? 0;
  return Number.isFinite(sum);
}
