import { test } from 'tap';
import { createScalarKernel, createSimdKernel } from '../../../src/media/resample/fir-kernel.ts';
import { type Resampler, ResamplerFactory } from '../../../src/media/resample/resampler.ts';
import { seededRandom } from '../jitter/network.ts';
import { fitSine, sine } from './sine-fit.ts';

const scalar = new ResamplerFactory(createScalarKernel());
const SETTLING_SECONDS = 0.05;

function inChunks(resampler: Resampler, samples: Float32Array, chunk: number): Float32Array {
  const out: number[] = [];
  for (let at = 0; at < samples.length; at += chunk) out.push(...resampler.process(samples.subarray(at, at + chunk)));
  return Float32Array.from(out);
}

/** Gain in dB and signal to noise of a sine that goes through. */
function measure(resampler: Resampler, frequencyHz: number, fromHz: number, toHz: number) {
  const out = inChunks(resampler, sine(frequencyHz, fromHz, 1), fromHz / 50).slice(SETTLING_SECONDS * toHz);
  const { amplitude, snrDb } = fitSine(out, frequencyHz, toHz);
  return { gainDb: 20 * Math.log10(amplitude / 0.5), snrDb };
}

const simdKernel = createSimdKernel();
const factories = [
  { name: 'JavaScript', factory: scalar },
  ...(simdKernel === null ? [] : [{ name: 'WASM SIMD', factory: new ResamplerFactory(simdKernel) }]),
];

test('this machine has the SIMD kernel', (t) => {
  t.not(simdKernel, null);
  t.end();
});

for (const { name, factory } of factories) {
  test(`${name}, 8 to 24 kHz: flat to 3.4 kHz, a sine of 1 kHz stands 85 dB above its images`, (t) => {
    for (const frequencyHz of [50, 300, 1_000, 2_000, 3_000, 3_400]) {
      const { gainDb, snrDb } = measure(factory.up(), frequencyHz, 8_000, 24_000);
      t.ok(Math.abs(gainDb) <= 0.3, `${frequencyHz} Hz: ${gainDb.toFixed(4)} dB`);
      t.ok(snrDb >= 85, `${frequencyHz} Hz: ${snrDb.toFixed(1)} dB above the rest`);
    }
    t.end();
  });

  test(`${name}, 24 to 8 kHz: flat to 3.4 kHz, nothing from 4.6 kHz on folds back above -80 dB`, (t) => {
    for (const frequencyHz of [50, 300, 1_000, 2_000, 3_000, 3_400]) {
      const { gainDb, snrDb } = measure(factory.down(), frequencyHz, 24_000, 8_000);
      t.ok(Math.abs(gainDb) <= 0.3, `${frequencyHz} Hz: ${gainDb.toFixed(4)} dB`);
      t.ok(snrDb >= 85, `${frequencyHz} Hz: ${snrDb.toFixed(1)} dB above the rest`);
    }
    for (const frequencyHz of [4_600, 5_000, 7_000, 9_000, 11_500]) {
      const out = inChunks(factory.down(), sine(frequencyHz, 24_000, 1), 480).slice(SETTLING_SECONDS * 8_000);
      const leftDb = 10 * Math.log10(out.reduce((sum, y) => sum + y * y, 0) / out.length / 0.125);
      t.ok(leftDb <= -80, `${frequencyHz} Hz: ${leftDb.toFixed(1)} dB left`);
    }
    t.end();
  });

  test(`${name}, 16 to 24 kHz and back: flat to 7 kHz, images and what folds back stay low`, (t) => {
    for (const [frequencyHz, leastDb] of [
      [50, 85],
      [1_000, 85],
      [3_400, 85],
      [5_000, 75],
      [7_000, 70],
    ] as const) {
      for (const [resampler, fromHz, toHz] of [
        [factory.up(16_000), 16_000, 24_000],
        [factory.down(16_000), 24_000, 16_000],
      ] as const) {
        const { gainDb, snrDb } = measure(resampler, frequencyHz, fromHz, toHz);
        t.ok(Math.abs(gainDb) <= 0.3, `${fromHz}, ${frequencyHz} Hz: ${gainDb.toFixed(4)} dB`);
        t.ok(snrDb >= leastDb, `${fromHz}, ${frequencyHz} Hz: ${snrDb.toFixed(1)} dB above the rest`);
      }
    }
    for (const frequencyHz of [9_000, 10_000, 11_500]) {
      const out = inChunks(factory.down(16_000), sine(frequencyHz, 24_000, 1), 480).slice(SETTLING_SECONDS * 16_000);
      const leftDb = 10 * Math.log10(out.reduce((sum, y) => sum + y * y, 0) / out.length / 0.125);
      t.ok(leftDb <= -70, `${frequencyHz} Hz: ${leftDb.toFixed(1)} dB left`);
    }
    const samples = sine(440, 24_000, 0.02);
    t.equal(factory.up(24_000).process(samples), samples, '24 kHz is left as it is');
    t.end();
  });

  test(`${name}: how the stream is cut makes no difference, and resamplers do not disturb each other`, (t) => {
    const random = seededRandom(1);
    const samples = Float32Array.from({ length: 5_760 }, () => random() * 2 - 1);
    const other = factory.up();
    for (const make of [() => factory.up(), () => factory.down(), () => factory.down(16_000)]) {
      const whole = inChunks(make(), samples, 1_920);
      for (const chunk of [3, 60, 480, 960]) t.same(inChunks(make(), samples, chunk), whole, `${chunk} at a time`);
      const disturbed = make();
      const interleaved: number[] = [];
      for (let at = 0; at < samples.length; at += 480) {
        interleaved.push(...disturbed.process(samples.subarray(at, at + 480)));
        other.process(samples.subarray(0, 160));
      }
      t.same(Float32Array.from(interleaved), whole, 'with another stream between');
    }
    t.end();
  });

  test(`${name}: the delay there and back is 4.2 ms`, (t) => {
    const impulse = new Float32Array(480);
    impulse[100] = 1;
    const back = factory.down().process(factory.up().process(impulse));
    const peak = back.indexOf(Math.max(...back));
    t.ok(Math.abs(peak - 100 - 4.2 * 8) < 1, `peak after ${peak - 100} samples of 8 kHz`);
    t.end();
  });
}

test('both kernels give the same to within rounding', (t) => {
  const random = seededRandom(2);
  const samples = Float32Array.from({ length: 1_920 }, () => random() * 2 - 1);
  const simd = new ResamplerFactory(createSimdKernel() ?? undefined);
  const furthest = (one: Float32Array, two: Float32Array) =>
    Math.max(...one.map((sample, index) => Math.abs(sample - (two[index] ?? 9))));
  t.ok(furthest(simd.up().process(samples), scalar.up().process(samples)) < 1e-6);
  t.ok(furthest(simd.down().process(samples), scalar.down().process(samples)) < 1e-6);
  t.end();
});

test('a chunk that cannot be resampled is refused rather than cut', (t) => {
  t.throws(() => scalar.down().process(new Float32Array(100)), RangeError);
  t.throws(() => scalar.up().process(new Float32Array(5_000)), RangeError);
  t.equal(scalar.up().process(new Float32Array(0)).length, 0);
  t.end();
});
