/** Least-squares fit of a sine of known frequency: its amplitude, and how far all the rest lies below it. */
export function fitSine(
  samples: Float32Array,
  frequencyHz: number,
  sampleRateHz: number,
): { readonly amplitude: number; readonly snrDb: number } {
  let [ss, cc, sc, ys, yc] = [0, 0, 0, 0, 0];
  const angle = (index: number) => (2 * Math.PI * frequencyHz * index) / sampleRateHz;
  samples.forEach((y, index) => {
    const [s, c] = [Math.sin(angle(index)), Math.cos(angle(index))];
    ss += s * s;
    cc += c * c;
    sc += s * c;
    ys += y * s;
    yc += y * c;
  });
  const determinant = ss * cc - sc * sc;
  const a = (ys * cc - yc * sc) / determinant;
  const b = (yc * ss - ys * sc) / determinant;
  let error = 0;
  samples.forEach((y, index) => {
    error += (y - a * Math.sin(angle(index)) - b * Math.cos(angle(index))) ** 2;
  });
  const signal = ((a * a + b * b) / 2) * samples.length;
  return { amplitude: Math.hypot(a, b), snrDb: 10 * Math.log10(signal / error) };
}

export function sine(frequencyHz: number, sampleRateHz: number, seconds: number, amplitude = 0.5): Float32Array {
  return Float32Array.from(
    { length: Math.round(seconds * sampleRateHz) },
    (_, index) => amplitude * Math.sin((2 * Math.PI * frequencyHz * index) / sampleRateHz),
  );
}
