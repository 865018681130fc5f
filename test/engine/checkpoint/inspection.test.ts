import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openCheckpoint } from '../../../src/engine/checkpoint/checkpoint.ts';
import { inspectCheckpoint } from '../../../src/engine/checkpoint/inspection.ts';
import { modelMemory } from '../../../src/engine/checkpoint/memory.ts';
import { cacheLayout } from '../../../src/engine/lm/cache-layout.ts';
import { temporalGraph } from '../../../src/engine/lm/temporal.ts';
import { decoderGraph, encoderGraph } from '../../../src/engine/mimi/codec.ts';
import { copyWrap, editTensors, nanoDirectory, writeTensors } from '../model/support.ts';

t.test('a whole checkpoint has no faults and no tensor without a use', async (t) => {
  const found = inspectCheckpoint(nanoDirectory);
  t.same(found.faults, []);
  t.same([found.lm.unused, found.mimi.unused], [[], []]);
  t.equal(found.lm.parameters + found.mimi.parameters, 29_710_881);
  t.match(found.lm, { names: ['lm.safetensors'], types: { F16: 131 }, missing: [] });
});

t.test('every missing and misshapen tensor is listed, with what else a call needs', async (t) => {
  const directory = t.testdir();
  copyWrap(directory);
  editTensors(directory, 'lm.safetensors', (tensors) => {
    tensors.delete('linears.15.weight');
    tensors.delete('transformer.layers.1.norm2.alpha');
    const head = tensors.get('text_linear.weight');
    if (head !== undefined) tensors.set('text_linear.weight', { ...head, shape: [48, 64] });
    tensors.set('lm_head.weight', { dtype: 'F32', shape: [1], data: Buffer.alloc(4) });
  });
  const { lm, faults } = inspectCheckpoint(directory);
  t.same(lm.missing.toSorted(), ['linears.15.weight', 'transformer.layers.1.norm2.alpha']);
  t.same(lm.wrongShapes, [{ tensor: 'text_linear.weight', found: '[48, 64]', expected: '[64, 48]' }]);
  t.same(lm.unused, ['lm_head.weight']);
  t.match(faults.join('\n'), /norm2.*\n.*linears\.15.*\n.*expected \[64, 48\]\nthe tokenizer .* is missing\nno voice/s);
});

t.test('a folder of another architecture is told apart before its sizes are looked at', async (t) => {
  const directory = t.testdir();
  copyWrap(directory);
  rmSync(join(directory, 'config.json'));
  rmSync(join(directory, 'lm.safetensors'));
  writeFileSync(join(directory, 'config.json'), '{"model_type": "llama", "hidden_size": 4096}');
  const layer = { dtype: 'F32', shape: [2, 2], data: Buffer.alloc(16) };
  writeTensors(join(directory, 'model.safetensors'), new Map([['model.layers.0.self_attn.q_proj.weight', layer]]));
  t.throws(() => openCheckpoint(directory), {
    code: 'MODEL_TENSOR_MISSING',
    details: { tensor: 'text_emb.weight' },
    remedy: /PersonaPlex architecture/,
  });
});

t.test('the memory of a lane is that of the tensors which the graphs keep for it', async (t) => {
  const { configuration, lm, mimi } = openCheckpoint(nanoDirectory);
  const graphs = [
    temporalGraph(configuration.lm, lm, cacheLayout(configuration.lm.context, configuration.lm.context, 'ring', false)),
    encoderGraph(configuration.mimi, mimi),
    decoderGraph(configuration.mimi, mimi),
  ];
  const stateBytes = graphs
    .flatMap(({ states }) => states)
    .reduce((total, { shape }) => total + 4 * shape.reduce((product, size) => product * size, 1), 0);
  const { laneBytes } = modelMemory(configuration, 'cpu float32');
  t.ok(laneBytes > stateBytes && laneBytes < 1.1 * stateBytes, `${laneBytes} for ${stateBytes} bytes of state`);
});
