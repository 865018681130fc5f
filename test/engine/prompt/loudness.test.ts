import { join } from 'node:path';
import t from 'tap';
import { integratedLoudness, normaliseLoudness } from '../../../src/engine/prompt/loudness.ts';
import { resample } from '../../../src/engine/prompt/resample.ts';
import { goldenTensor } from './safetensors-fixture.ts';

const wrap = join(import.meta.dirname, '../../fixtures/wrap/golden.safetensors');
const sine = (frequencyHz: number, rateHz: number, seconds: number, amplitude = 1) =>
  Float32Array.from(
    { length: Math.round(rateHz * seconds) },
    (_, i) => amplitude * Math.sin((2 * Math.PI * frequencyHz * i) / rateHz),
  );

t.test('a voice sample gets the gain that the published code gives it', async (t) => {
  const normalised = normaliseLoudness(Float32Array.from(goldenTensor(wrap, 'voice_pcm')), 24_000);
  const expected = goldenTensor(wrap, 'voice_pcm_normalized');
  t.equal(normalised.length, expected.length);
  t.ok(normalised.every((sample, i) => Math.abs(sample - (expected[i] ?? 0)) <= 1e-6));
  t.ok(Math.abs(integratedLoudness(normalised, 24_000) + 24) < 1e-3);
});

t.test('a full-scale sine of 997 Hz has -3.01 LUFS (BS.1770-4, annex 1) at 48 kHz and at 24 kHz', async (t) => {
  for (const rateHz of [48_000, 24_000])
    t.ok(Math.abs(integratedLoudness(sine(997, rateHz, 5), rateHz) + 3.01) < 0.1, `${rateHz}`);
});

t.test('silence around speech does not count: the gates leave it out', async (t) => {
  const speech = sine(1000, 24_000, 4, 0.1);
  const padded = new Float32Array(speech.length * 3);
  padded.set(speech, speech.length);
  t.ok(Math.abs(integratedLoudness(padded, 24_000) - integratedLoudness(speech, 24_000)) < 0.5); // without gates: 4.8
});

t.test('silence and a sample under 400 ms have no loudness', async (t) => {
  t.throws(() => normaliseLoudness(new Float32Array(24_000), 24_000), /silent/);
  t.throws(() => normaliseLoudness(sine(440, 24_000, 0.3), 24_000), /0\.4 s/);
});

t.test('resampling keeps a tone below half of the lower rate and removes one above it', async (t) => {
  for (const fromHz of [8_000, 16_000, 22_050, 44_100, 48_000]) {
    const kept = resample(sine(1000, fromHz, 0.5, 0.5), fromHz, 24_000);
    const expected = sine(1000, 24_000, 0.5, 0.5);
    t.equal(kept.length, 12_000, `${fromHz}`);
    const worst = expected
      .slice(2_000, 10_000)
      .reduce((most, x, i) => Math.max(most, Math.abs(x - (kept[i + 2_000] ?? 0))), 0);
    t.ok(worst < 1e-3, `${fromHz} Hz: worst difference ${worst}`);
  }
  const removed = resample(sine(15_000, 48_000, 0.5), 48_000, 24_000).slice(2_000, 10_000);
  t.ok(removed.every((sample) => Math.abs(sample) < 1e-3));
});
