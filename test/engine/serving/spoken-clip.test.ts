import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { LaneFrame } from '../../../src/engine/model-contract.ts';
import { renderClip } from '../../../src/engine/serving/spoken-clip.ts';
import { startEngineProcess } from '../../../src/engine/serving/supervisor.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { parseWav } from '../../../src/runtime/wav.ts';
import { EchoModel } from './echo-model.ts';

/** Sounds as loud as its text token says: 0 is silence, 1000 is full. */
class LoudnessModel extends EchoModel {
  override async step(frames: readonly LaneFrame[]) {
    const results = await super.step(frames);
    return results.map((result, i) => ({
      ...result,
      samples: new Float32Array(1920).fill((frames[i]?.givenText ?? 0) / 1000),
    }));
  }
}

const image = { promptSteps: 0, byteLength: 0, firstToken: 10 };
const readWav = (file: string) => parseWav(readFileSync(file), file);

t.test('a clip is what the lane sounds like, without the silence around it, and is made once', async (t) => {
  const file = join(t.testdir(), 'cache/apology.wav');
  const model = new LoudnessModel(1);
  const request = { image, tokens: [0, 0, 500, 0, 250, 0], file, madeFrom: ['checkpoint', 'persona', 'Sorry.'] };
  t.equal(await renderClip(model, request), 'made');
  const { samples, sampleRateHz } = readWav(file);
  t.equal(sampleRateHz, 24_000);
  t.same(
    [0, 1920, 3840].map((at) => samples[at]?.toFixed(2)),
    ['0.50', '0.00', '0.25'],
  );
  t.equal(samples.length, 3 * 1920);
  const { mtimeMs } = statSync(file);
  t.equal(await renderClip(model, request), 'kept');
  t.equal(statSync(file).mtimeMs, mtimeMs);
  t.equal(
    await renderClip(model, { ...request, madeFrom: ['checkpoint', 'persona', 'Sorry!'] }),
    'made',
    'other words',
  );
});

t.test('what cannot be heard, or takes too long, is no clip, and an older one is not left in its place', async (t) => {
  const file = join(t.testdir(), 'apology.wav');
  const model = new LoudnessModel(1);
  await renderClip(model, { image, tokens: [500], file, madeFrom: ['a'] });
  const silent = { image, tokens: [0, 1, 0], file, madeFrom: ['b'] };
  await t.rejects(renderClip(model, silent), { code: 'CLIP_UNUSABLE', message: /-45 dBFS/ });
  t.notOk(existsSync(file));
  const long = { image, tokens: new Array<number>(200).fill(500), file, madeFrom: ['c'] };
  await t.rejects(renderClip(model, long), { code: 'CLIP_UNUSABLE', message: /16 s/ });
});

t.test('the embedded model says an apology of its own when the engine starts', async (t) => {
  const directory = t.testdir();
  const clip = (name: string, words: string) => ({ personaId: 'own', words, file: join(directory, name) });
  const supervisor = startEngineProcess(
    {
      modelDirectory: join(import.meta.dirname, '../../../models/nano'),
      lanes: 1,
      device: 'cpu',
      threads: 1,
      personas: [{ id: 'own', text: null, voice: null }],
      clips: [clip('unsayable.wav', '歡迎'), clip('apology.wav', 'Sorry, please pull forward.')],
    },
    { clock: systemClock, log: silentLog },
  );
  t.teardown(() => supervisor.stop());
  await supervisor.ready;
  t.notOk(existsSync(join(directory, 'unsayable.wav')), 'one that cannot be said keeps nothing else from being made');
  const { samples } = readWav(join(directory, 'apology.wav'));
  t.ok(samples.length > 24_000 && samples.length < 5 * 24_000, `${samples.length / 24_000} s`);
  t.ok(samples.some((sample) => Math.abs(sample) > 0.05));
});
