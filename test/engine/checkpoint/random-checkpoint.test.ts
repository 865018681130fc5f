import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { publishedNames } from '../../../src/engine/checkpoint/checkpoint.ts';
import { readConfigFile } from '../../../src/engine/checkpoint/config-file.ts';
import { inspectCheckpoint } from '../../../src/engine/checkpoint/inspection.ts';
import { writeRandomCheckpoint } from '../../../src/engine/checkpoint/random-checkpoint.ts';
import { loadModel } from '../../../src/engine/load-model.ts';
import { loadTokenizer } from '../../../src/engine/prompt/tokenizer.ts';
import { wrapDirectory } from '../model/support.ts';

const config = readConfigFile(join(wrapDirectory, 'config.json'));
const bytesOf = (directory: string, name: string) => readFileSync(join(directory, name));

t.test('a random checkpoint is whole, has the published names and types, and talks', async (t) => {
  const directory = join(t.testdir(), 'random');
  const progress: number[] = [];
  let total = 0;
  writeRandomCheckpoint({
    directory,
    config,
    seed: 7,
    onProgress(writtenBytes, totalBytes) {
      progress.push(writtenBytes);
      total = totalBytes;
    },
  });
  t.equal(progress.at(-1), total);
  const { lm, mimi, faults, checkpoint } = inspectCheckpoint(directory);
  t.same(faults, []);
  t.match(lm, { names: [publishedNames.lm], types: { BF16: 187 }, unused: [] });
  t.match(mimi, { names: [publishedNames.mimi], unused: [] });
  t.same(Object.keys(mimi.types), ['F32']);
  t.equal(lm.parameters, inspectCheckpoint(wrapDirectory).lm.parameters, 'all 16 depth steps');

  const model = await loadModel(directory, { lanes: 1, device: 'cpu', threads: 1 });
  const { textTokens, voice } = model.summary.ownPrompt;
  if (textTokens === null || voice === null) throw new Error('it brings no prompt');
  model.resetLane(0, await model.preparePersona({ textTokens, voice }), 1);
  const said = new Set<number>();
  for (let frame = 0; frame < 20; frame++) {
    const [result] = await model.step([{ lane: 0, samples: new Float32Array(1920).fill(0.1) }]);
    said.add(result?.tokens?.text ?? -1);
    t.ok(
      result?.samples.every((sample) => Math.abs(sample) < 10),
      'sound of a sane size',
    );
  }
  t.ok(said.size > 3, 'it draws different tokens');
  model.close();
  const tokenizer = await loadTokenizer(checkpoint.tokenizerFile);
  t.equal(tokenizer.size, checkpoint.configuration.lm.textCard);
  t.ok(tokenizer.encode('a burger').length > 3);
});

t.test('the seed fixes every byte; another seed gives others', async (t) => {
  const at = (name: string) => join(t.testdirName, name);
  t.testdir();
  for (const [name, seed] of [
    ['a', 1],
    ['b', 1],
    ['c', 2],
  ] as const)
    writeRandomCheckpoint({ directory: at(name), config, seed });
  for (const name of [publishedNames.lm, publishedNames.mimi, 'config.json']) {
    t.ok(bytesOf(at('a'), name).equals(bytesOf(at('b'), name)), name);
    t.notOk(bytesOf(at('a'), name).equals(bytesOf(at('c'), name)), name);
  }
});

t.test('a model of 8 depth steps is made and checked as one', async (t) => {
  const directory = join(t.testdir(), 'eight');
  writeRandomCheckpoint({ directory, config: { ...config, lm: { ...config.lm, dep_q: 8 } }, seed: 1 });
  const { faults, checkpoint } = inspectCheckpoint(directory);
  t.same(faults, []);
  t.equal(checkpoint.configuration.lm.depth.storedSteps, 8);
});

t.test('dimensions that make no model are refused', async (t) => {
  const directory = join(t.testdir(), 'none');
  t.throws(() => writeRandomCheckpoint({ directory, config: { ...config, lm: { ...config.lm, n_q: 8 } }, seed: 1 }), {
    code: 'MODEL_CONFIG_INVALID',
    details: { path: 'lm.n_q' },
  });
});
