import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';

const root = resolve(import.meta.dirname, '../..');
const run = (...args: string[]) =>
  spawnSync(process.execPath, [join(root, 'bin/speakerpost.mjs'), ...args], { encoding: 'utf8', timeout: 60_000 });

t.test('a checkpoint is described with its files, sizes and memory; a part is not enough', async (t) => {
  const whole = run('model', 'check', join(root, 'models/nano'), '--lanes', '4');
  t.equal(whole.status, 0, whole.stderr);
  t.match(whole.stdout, /language model +lm\.safetensors: 48\.70 MB, 24342528 parameters, 131 F16/);
  t.match(whole.stdout, /cuda bfloat16 +weights .* a lane .* 4 lanes .*\na whole model\n$/);
  const part = run('model', 'check', join(root, 'test/fixtures/wrap'), '--json');
  t.equal(part.status, 1);
  t.match(JSON.parse(part.stdout), {
    lm: { missing: [] },
    faults: [/tokenizer_spm_32k_3\.model is missing/, /no voice/],
  });
});

t.test("a random checkpoint of a config file's dimensions is whole", async (t) => {
  const directory = t.testdir();
  const config = join(directory, 'small.json');
  const lm = {
    dim: 32,
    num_heads: 2,
    num_layers: 1,
    text_card: 200,
    card: 16,
    depformer_dim: 16,
    depformer_num_heads: 2,
    depformer_num_layers: 1,
    depformer_dim_feedforward: 48,
  };
  const seanet = { dimension: 16, n_filters: 2 };
  const transformer = { d_model: 16, num_heads: 2, num_layers: 1, dim_feedforward: 32 };
  const mimi = { seanet, quantizer: { dimension: 8, bins: 16, n_q: 8 }, transformer };
  writeFileSync(config, JSON.stringify({ lm, mimi }));
  const out = join(directory, 'made');
  const made = run('model', 'random', '--config', config, '--out', out, '--seed', '3');
  t.equal(made.status, 0, made.stderr);
  t.match(made.stdout, /random parameters/);
  t.equal(run('model', 'check', out).status, 0);
});

t.test('wrong usage is told', async (t) => {
  for (const args of [
    ['check'],
    ['random', '--config', '7b'],
    ['check', 'a', 'b'],
    ['check', 'a', '--lanes', '0'],
    ['melt', 'a'],
  ])
    t.equal(run('model', ...args).status, 2, args.join(' '));
});
