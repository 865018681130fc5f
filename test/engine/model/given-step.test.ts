import { test } from 'tap';
import { openCheckpoint } from '../../../src/engine/checkpoint/checkpoint.ts';
import { LanguageModel } from '../../../src/engine/lm/language-model.ts';
import { cpuDevice } from '../../../src/engine/ort/cpu-device.ts';
import { OrtRuntime } from '../../../src/engine/ort/session.ts';
import { wrapDirectory } from './support.ts';

test('a given step says whether its logits are its own: the first of a conversation runs no network', async (t) => {
  const checkpoint = openCheckpoint(wrapDirectory);
  const { codebooks } = checkpoint.configuration.lm;
  const runtime = new OrtRuntime(cpuDevice);
  const greedy = { temperature: 0, topK: 1 };
  const model = new LanguageModel(runtime, checkpoint, { text: greedy, audio: greedy }, 1, { threads: 1 });
  t.teardown(() => {
    model.close();
    runtime.close();
  });
  for (const conversation of [1, 2]) {
    const codes = new Int32Array(codebooks).fill(conversation);
    model.reset(0, 0);
    const before = model.audioLogits(0);
    t.equal(await model.givenStep(0, 3, codes, codes), false, `conversation ${conversation}`);
    t.same(model.audioLogits(0), before, 'the logits are still those of what ran before');
    t.equal(await model.givenStep(0, 3, codes, codes), true);
    t.notSame(model.audioLogits(0), before);
  }
});
