import { test } from 'tap';
import { gumbelNoise } from '../../../src/engine/lm/gumbel.ts';

const noise = (length: number, seed: number, frame = 0, row = 0, scale = 1): Float32Array => {
  const target = new Float32Array(length);
  gumbelNoise(target, scale, seed, frame, row);
  return target;
};

test('the noise has the mean and the variance of the standard Gumbel distribution', (t) => {
  const values = noise(200_000, 1);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  t.ok(Math.abs(mean - 0.5772) < 0.01, `mean ${mean}`);
  t.ok(Math.abs(variance - Math.PI ** 2 / 6) < 0.03, `variance ${variance}`);
  t.end();
});

test('seed, frame and row alone decide it; each changes it', (t) => {
  const base = noise(8, 5, 6, 7);
  t.same(noise(8, 5, 6, 7), base);
  for (const other of [noise(8, 4, 6, 7), noise(8, 5 + 2 ** 40, 6, 7), noise(8, 5, 5, 7), noise(8, 5, 6, 8)]) {
    t.equal(other.filter((value, i) => value === base[i]).length, 0);
  }
  t.end();
});

test('adding it and taking the largest draws with the probabilities of the softmax', (t) => {
  const probabilities = [0.5, 0.3, 0.15, 0.05];
  const counts = [0, 0, 0, 0];
  const draws = 40_000;
  for (let frame = 0; frame < draws; frame++) {
    const scores = [...noise(4, 3, frame, 1)].map((value, i) => value + Math.log(probabilities[i] ?? 0));
    const winner = scores.indexOf(Math.max(...scores));
    counts[winner] = (counts[winner] ?? 0) + 1;
  }
  // Pearson's chi-squared, 3 degrees of freedom: 16.3 is passed once in a thousand fair runs; the seed is fixed.
  const chiSquared = counts.reduce((sum, count, i) => {
    const expected = draws * (probabilities[i] ?? 0);
    return sum + (count - expected) ** 2 / expected;
  }, 0);
  t.ok(chiSquared < 16.3, `chi-squared ${chiSquared}, counts ${counts.join(' ')}`);
  t.end();
});
