import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openCheckpoint } from '../../../src/engine/checkpoint/checkpoint.ts';
import { SafetensorsFile } from '../../../src/engine/checkpoint/safetensors.ts';
import { runGolden } from '../../../src/engine/golden/golden.ts';
import { copyWrap, readTensors, wrapDirectory, writeTensors } from '../model/support.ts';

const parts = [
  'model-00001-of-00003.safetensors',
  'model-00002-of-00003.safetensors',
  'model-00003-of-00003.safetensors',
];

/** The wrap checkpoint under its published names, the language model dealt out over three files. */
function sharded(t: Test): string {
  const directory = t.testdir();
  copyWrap(directory);
  const tensors = [...readTensors(join(directory, 'lm.safetensors'))];
  const map: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const share = tensors.filter((_, position) => position % parts.length === index);
    writeTensors(join(directory, part), new Map(share));
    for (const [name] of share) map[name] = part;
  }
  rmSync(join(directory, 'lm.safetensors'));
  writeIndex(directory, map);
  cpSync(join(directory, 'mimi.safetensors'), join(directory, 'tokenizer-e351c8d8-checkpoint125.safetensors'));
  rmSync(join(directory, 'mimi.safetensors'));
  return directory;
}

function writeIndex(directory: string, map: unknown): void {
  writeFileSync(join(directory, 'model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map: map }));
}

t.test('a language model in three files gives the golden numbers', async (t) => {
  const directory = sharded(t);
  const { lm } = openCheckpoint(directory);
  t.equal(lm.parts.length, 3);
  t.equal(lm.parameters, openCheckpoint(wrapDirectory).lm.parameters);
  t.equal(await runGolden(directory, wrapDirectory, () => {}), true);
});

t.test('one whole file is taken before an index', async (t) => {
  const directory = sharded(t);
  cpSync(join(wrapDirectory, 'lm.safetensors'), join(directory, 'model.safetensors'));
  t.match(openCheckpoint(directory).lm.parts, [/model\.safetensors$/]);
});

t.test(
  'an index that points nowhere, outside the folder or to a file without the tensor is refused by name',
  async (t) => {
    const directory = sharded(t);
    const index = join(directory, 'model.safetensors.index.json');
    const cases = [
      [{ 'text_emb.weight': 'model-00009.safetensors' }, { code: 'MODEL_FILE_MISSING', message: /00009/ }],
      [{ 'text_emb.weight': '../lm.safetensors' }, { code: 'MODEL_FILE_INVALID', message: /text_emb\.weight/ }],
      [{ nothing: parts[0] }, { code: 'MODEL_TENSOR_MISSING', details: { tensor: 'nothing' } }],
      ['no map', { code: 'MODEL_FILE_INVALID', message: /weight_map/ }],
    ] as const;
    for (const [map, error] of cases) {
      writeIndex(directory, map);
      t.throws(() => new SafetensorsFile(index), error);
    }
    writeFileSync(index, '{"weight_map": ');
    t.throws(() => new SafetensorsFile(index), { code: 'MODEL_FILE_INVALID', message: /not JSON/ });
  },
);
