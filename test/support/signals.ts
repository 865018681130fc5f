/** A sine of 1 s times `seconds`. */
export function tone(frequencyHz: number, seconds: number, sampleRateHz: number, amplitude = 0.3): Float32Array {
  return Float32Array.from(
    { length: Math.round(seconds * sampleRateHz) },
    (_, i) => amplitude * Math.sin((2 * Math.PI * frequencyHz * i) / sampleRateHz),
  );
}

export function rms(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length === 0 ? 0 : Math.sqrt(sum / samples.length);
}

/** RMS of what the samples hold at one frequency (Goertzel), so that another sound beside it does not count. */
export function levelAt(samples: Float32Array, frequencyHz: number, sampleRateHz: number): number {
  let re = 0;
  let im = 0;
  samples.forEach((sample, i) => {
    const angle = (2 * Math.PI * frequencyHz * i) / sampleRateHz;
    re += sample * Math.cos(angle);
    im += sample * Math.sin(angle);
  });
  return samples.length === 0 ? 0 : (Math.SQRT2 * Math.hypot(re, im)) / samples.length;
}

/** The same in the tenth of a second in which it is loudest. */
export function peakLevelAt(samples: Float32Array, frequencyHz: number, sampleRateHz: number): number {
  const window = sampleRateHz / 10;
  let peak = 0;
  for (let at = 0; at + window <= samples.length; at += window)
    peak = Math.max(peak, levelAt(samples.subarray(at, at + window), frequencyHz, sampleRateHz));
  return peak;
}
