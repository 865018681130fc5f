import { globSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { readCallScript, scriptOfWav, withDigits } from '../../src/phone/call-script.ts';
import { formatWav } from '../../src/runtime/wav.ts';
import { levelAt, tone } from '../support/signals.ts';

const customers = globSync(join(import.meta.dirname, '../../assets/customers/*.json'));

t.test('every customer of the demo reads: two to four utterances that can be heard, within 45 s', async (t) => {
  t.ok(customers.some((file) => basename(file) === 'two-items.json'));
  for (const file of customers) {
    const script = await readCallScript(file);
    t.ok(script.steps.length >= 2 && script.steps.length <= 4, file);
    t.ok(script.maxMs <= 45_000);
    for (const { samples, text } of script.steps) {
      t.ok(text.length > 2);
      t.ok(samples.length > 0.3 * 24_000 && samples.some((sample) => Math.abs(sample) > 0.1), `${file}: ${text}`);
    }
  }
});

t.test('a script is refused with its file, the place in it, and the reason', async (t) => {
  const directory = t.testdir({
    'syntax.json': '{',
    'empty.json': '{"utterances": []}',
    'both.json': '{"utterances": [{"wav": "a.wav", "atMs": 5, "afterSilenceMs": 5}]}',
    'nothing.json': '{"utterances": [{"text": "hello"}]}',
    'unknown.json': '{"utterances": [{"wav": "a.wav", "atSeconds": 5}]}',
    'missing.json': '{"utterances": [{"wav": "missing.wav"}]}',
    'digits.json': '{"utterances": [{"dtmf": "12x"}]}',
  });
  const refused = (name: string, expected: { code: string; message?: RegExp }) =>
    t.rejects(readCallScript(join(directory, name)), expected);
  await refused('absent.json', { code: 'CALL_SCRIPT_INVALID', message: /absent\.json.*ENOENT/ });
  await refused('syntax.json', { code: 'CALL_SCRIPT_INVALID' });
  await refused('empty.json', { code: 'CALL_SCRIPT_INVALID', message: /utterances/ });
  await refused('both.json', { code: 'CALL_SCRIPT_INVALID', message: /utterances\.0.*not both/ });
  await refused('nothing.json', { code: 'CALL_SCRIPT_INVALID', message: /utterances\.0.*wav, dtmf/ });
  await refused('unknown.json', { code: 'CALL_SCRIPT_INVALID', message: /atSeconds/ });
  await refused('missing.json', { code: 'WAV_INVALID', message: /missing\.wav/ });
  await refused('digits.json', { code: 'CALL_SCRIPT_INVALID', message: /dtmf/ });
});

t.test('sounds of any usual rate come at 24 kHz with their pitch and level', async (t) => {
  const directory = t.testdir();
  for (const rateHz of [8_000, 16_000, 24_000, 44_100]) {
    const file = join(directory, `${rateHz}.wav`);
    writeFileSync(file, formatWav(rateHz, [tone(1_000, 1, rateHz)]));
    const samples = (await scriptOfWav(file)).steps[0]?.samples ?? new Float32Array(0);
    t.equal(samples.length, 24_000);
    const level = levelAt(samples.slice(6_000, 18_000), 1_000, 24_000);
    t.ok(Math.abs(level / (0.3 / Math.SQRT2) - 1) < 0.01, `${rateHz} Hz: ${level}`);
    t.ok(levelAt(samples.slice(6_000, 18_000), 7_000, 24_000) < 0.001, 'no image of an 8 kHz file');
  }
});

t.test('digits are a step of their own and leave the others as they are', async (t) => {
  const script = await readCallScript(customers[0] ?? '');
  const changed = withDigits(script, '12#', 1_000);
  t.match(changed.steps[0], { digits: '12#', start: { kind: 'moment', atMs: 1_000 } });
  t.same(changed.steps.slice(1), script.steps);
});
