import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { LaneModule } from '../../../src/engine/lanes/lane-module.ts';
import { sample } from '../../../src/engine/lm/sampling.ts';
import { GraphBuilder } from '../../../src/engine/onnx/graph-builder.ts';
import { cpuDevice } from '../../../src/engine/ort/cpu-device.ts';
import { OrtLibrary } from '../../../src/engine/ort/library.ts';
import { OrtRuntime } from '../../../src/engine/ort/session.ts';

const here = { threads: 1 };

test('a library that is missing or of another kind is refused by its file', (t) => {
  const directory = t.testdir();
  const missing = join(directory, 'libonnxruntime.so');
  t.throws(() => new OrtLibrary(missing), { code: 'ORT_LIBRARY_MISSING', details: { file: missing } });
  writeFileSync(missing, 'not a library');
  t.throws(() => new OrtLibrary(missing), { code: 'ORT_LIBRARY_MISSING' });
  t.throws(() => new OrtLibrary('libc.so.6'), { code: 'ORT_LIBRARY_MISSING' });
  process.env['ORT_LIBRARY'] = missing;
  t.teardown(() => {
    delete process.env['ORT_LIBRARY'];
  });
  t.throws(() => new OrtLibrary(), { code: 'ORT_LIBRARY_MISSING', details: { file: missing } });
  t.end();
});

test('a version that was not tested is refused, naming both', (t) => {
  t.throws(() => new OrtLibrary(undefined, ['1.29.1', '1.31.0']), {
    code: 'ORT_VERSION_UNTESTED',
    message: /is ONNX Runtime 1\.30\.0; tested are 1\.29\.1, 1\.31\.0/,
  });
  t.end();
});

test('a model that is not valid is an error with the reason of ONNX Runtime', (t) => {
  const runtime = new OrtRuntime(cpuDevice);
  t.throws(() => runtime.createSession(Uint8Array.of(1, 2, 3), here), { code: 'ORT_FAILED' });
  const graph = new GraphBuilder('strange');
  graph.output('y', graph.node('NoSuchOperator', [graph.input('x', 'float32', [2])]), 'float32', [2]);
  t.throws(() => runtime.createSession(graph.finish().model, here), { code: 'ORT_FAILED', message: /NoSuchOperator/ });
  runtime.close();
  t.end();
});

test('state written in place carries over runs, and neighbouring lanes run as one batch', async (t) => {
  const runtime = new OrtRuntime(cpuDevice);
  const graph = new GraphBuilder('running-sum');
  const x = graph.input('x', 'float32', [3]);
  const state = graph.state('sum', [3]);
  const sum = graph.node('Add', [x, state.value]);
  state.next(sum);
  graph.output('doubled', graph.node('Mul', [sum, graph.floats([2])]), 'float32', [3]);
  const module = new LaneModule(runtime, graph.finish(), 3, here);
  for (const lane of [0, 1, 2])
    module.tensor('x').write(
      lane,
      Float32Array.of(1, 2, 3).map((value) => value + lane),
    );
  await module.run([2, 0, 1]);
  await module.run([1]);
  t.same(
    [0, 1, 2].map((lane) => [...module.tensor('sum').readFloats(lane)]),
    [
      [1, 2, 3],
      [4, 6, 8],
      [3, 4, 5],
    ],
  );
  t.same([...module.tensor('doubled').readFloats(1)], [8, 12, 16]);
  t.throws(() => module.tensor('x').write(0, new Float32Array(4)), { message: /16 bytes for a lane of 12/ });
  const saved = module.save(1, 3);
  module.clear(1);
  t.same([...module.tensor('sum').readFloats(1)], [0, 0, 0]);
  module.restore(0, saved);
  t.same([...module.tensor('sum').readFloats(0)], [4, 6, 8]);
  module.close();
  runtime.close();
});

test('sampling keeps the k likeliest, and without noise takes the likeliest', async (t) => {
  const logits = Float32Array.of(0, 3, 1, 2.5, -1, 2);
  const runtime = new OrtRuntime(cpuDevice);
  for (const topK of [1, 3, 6]) {
    const graph = new GraphBuilder('sampling');
    const scores = graph.input('logits', 'float32', [6]);
    const noise = graph.input('noise', 'float32', [topK]);
    graph.output('id', sample(graph, scores, noise, { temperature: 1, topK }, 6), 'int64', []);
    const module = new LaneModule(runtime, graph.finish(), 1, here);
    const draw = async (...values: number[]): Promise<number | undefined> => {
      module.tensor('logits').write(0, logits);
      module.tensor('noise').write(
        0,
        Float32Array.from({ length: topK }, (_, i) => values[i] ?? 0),
      );
      await module.run([0]);
      return module.tensor('id').readIds(0)[0];
    };
    t.equal(await draw(), 1, `likeliest of ${topK}`);
    // Noise is by rank where ids are left out (1, 3, 5 in this order), by id otherwise.
    if (topK === 3) t.same([await draw(0, 1), await draw(0, 0, 5)], [3, 5]);
    if (topK === 6) t.same([await draw(9), await draw(0, 0, 0, 0, 9)], [0, 4]);
    module.close();
  }
  runtime.close();
});
