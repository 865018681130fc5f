import t from 'tap';
import { isError } from '../../src/runtime/errors.ts';
import { formatWav, parseWav } from '../../src/runtime/wav.ts';

const ramp = Float32Array.from({ length: 100 }, (_, i) => (i - 50) / 64);

t.test('a written file reads back to the 16-bit step', async (t) => {
  const wav = parseWav(formatWav(8_000, [ramp]), 'ramp.wav');
  t.equal(wav.sampleRateHz, 8_000);
  t.equal(wav.samples.length, ramp.length);
  for (const [i, sample] of wav.samples.entries()) t.ok(Math.abs(sample - (ramp[i] ?? 0)) <= 1 / 32_768);
});

t.test('channels are averaged, and values beyond full scale are clipped', async (t) => {
  const loud = Float32Array.from([2, -2]);
  const quiet = Float32Array.from([0, 0]);
  const { samples } = parseWav(formatWav(24_000, [loud, quiet]), 'two.wav');
  t.ok(Math.abs((samples[0] ?? 0) - 0.5) < 1e-3);
  t.ok(Math.abs((samples[1] ?? 0) + 0.5) < 1e-3);
});

t.test('every cut of a file is refused with its name or read as far as it goes', async (t) => {
  const whole = formatWav(8_000, [ramp]);
  for (let length = 0; length < whole.length; length++) {
    try {
      t.ok(parseWav(whole.subarray(0, length), 'cut.wav').samples.length < ramp.length);
    } catch (error) {
      t.ok(isError(error, 'WAV_INVALID') && error.message.includes('cut.wav'), `length ${length}`);
    }
  }
});
