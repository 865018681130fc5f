/**
 * Taps of a low-pass by the Kaiser window: `count` taps, cut-off (-6 dB) at `cutoff` of the sample rate, gain 1 at DC.
 * Linear phase, so the delay is (count - 1) / 2 samples.
 */
export function designLowpass(count: number, cutoff: number, beta: number): Float64Array {
  const taps = new Float64Array(count);
  const middle = (count - 1) / 2;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const x = i - middle;
    const sinc = x === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * x) / (Math.PI * x);
    taps[i] = (sinc * besselI0(beta * Math.sqrt(1 - (x / middle) ** 2))) / besselI0(beta);
    sum += taps[i] ?? 0;
  }
  return taps.map((tap) => tap / sum);
}

/** Modified Bessel function of order 0, by its power series. */
function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-16; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
