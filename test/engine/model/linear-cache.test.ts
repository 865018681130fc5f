import { type Test, test } from 'tap';
import { openCheckpoint } from '../../../src/engine/checkpoint/checkpoint.ts';
import { LanguageModel, type LmOptions, type LmSnapshot } from '../../../src/engine/lm/language-model.ts';
import { cpuDevice } from '../../../src/engine/ort/cpu-device.ts';
import { OrtRuntime } from '../../../src/engine/ort/session.ts';
import { nanoDirectory } from './support.ts';

const greedy = { temperature: 0, topK: 1 };
const rules = { text: greedy, audio: greedy };
const held = 48;

/** What the user says: codes that depend on lane and frame alone. */
function userCodes(lane: number, frame: number, codebooks: number, card: number): Int32Array {
  return Int32Array.from({ length: codebooks }, (_, row) => (lane * 131 + frame * 29 + row * 17) % card);
}

/** The first rows of each head of every layer's keys and values. */
function firstRows({ cache }: LmSnapshot, count: number): readonly string[] {
  const { lm } = openCheckpoint(nanoDirectory).configuration;
  const bytes = new Uint8Array(cache?.memory.byteLength ?? 0);
  cache?.memory.read(0, bytes);
  const rowBytes = (4 * lm.dim) / lm.heads;
  const headBytes = (cache?.rows ?? 0) * rowBytes;
  return Array.from({ length: 2 * lm.layers * lm.heads }, (_, head) =>
    Buffer.from(bytes.subarray(head * headBytes, head * headBytes + count * rowBytes)).toString('base64'),
  );
}

function open(t: Test, lanes: number, options: Partial<LmOptions>) {
  const checkpoint = openCheckpoint(nanoDirectory);
  const runtime = new OrtRuntime(cpuDevice);
  const model = new LanguageModel(runtime, checkpoint, rules, lanes, { threads: 1, positions: held, ...options });
  t.teardown(() => {
    model.close();
    runtime.close();
  });
  const { codebooks, card } = checkpoint.configuration.lm;
  for (let lane = 0; lane < lanes; lane++) model.reset(lane, 0);
  const step = async (lanesNow: readonly number[], frame: number) =>
    model.step(lanesNow.map((lane) => ({ lane, userCodes: userCodes(lane, frame, codebooks, card) })));
  return { model, step };
}

test('a linear cache gives what a ring gives, also when it has dropped positions many times', async (t) => {
  const ring = open(t, 3, { isFused: false });
  const linear = open(t, 3, {});
  let [most, different, rows] = [0, 0, 0];
  for (let frame = 0; frame < 4 * held; frame++) {
    // Lanes that began at other times, and one that is late now and then.
    const lanes = [0, ...(frame >= 7 ? [1] : []), ...(frame % 3 === 0 ? [] : [2])];
    const expected = await ring.step(lanes, frame);
    const found = await linear.step(lanes, frame);
    for (const [i, lane] of lanes.entries()) {
      if (expected[i] == null) continue;
      rows += 1;
      if (expected[i].join() !== found[i]?.join()) different += 1;
      const [a, b] = [ring.model.textLogits(lane), linear.model.textLogits(lane)];
      most = Math.max(most, ...a.map((value, k) => Math.abs(value - (b[k] ?? 0))));
    }
  }
  t.ok(rows > 8 * held);
  t.equal(different, 0, `${rows} rows`);
  t.ok(most < 2e-3, `logits differ by ${most}`);
});

test('a pinned persona stays as it is while the conversation goes round, and a lane begins as before', async (t) => {
  const prompt = 10;
  const { model, step } = open(t, 2, { policy: 'pin-persona' });
  const free = open(t, 2, { policy: 'pin-persona', positions: 4 * held });
  for (let frame = 0; frame < prompt; frame++) {
    await step([0], frame);
    await free.step([0], frame);
  }
  const persona = model.save(0);
  t.equal(persona.cache?.rows, prompt - 1);
  const run = async (on: ReturnType<typeof open>, image: typeof persona, frames: number) => {
    on.model.restore(1, image, 0);
    const said: string[] = [];
    for (let frame = 0; frame < frames; frame++) {
      const [row] = await on.step([1], frame);
      if (row != null) said.push(row.join());
    }
    return said;
  };
  const first = await run({ model, step }, persona, 4 * held);
  const roomy = await run(free, free.model.save(0), 4 * held - prompt);
  const together = first.findIndex((row, i) => row !== roomy[i]);
  t.ok(together < 0 || together >= held - prompt - 1, 'nothing is forgotten before the cache is full');
  t.same(await run({ model, step }, persona, 4 * held), first, 'the same call again gives the same');
  t.same(
    firstRows(model.save(1), prompt - 1),
    firstRows(persona, prompt - 1),
    'its keys and values are those of its image',
  );
});

test('a persona cannot be pinned where attention is no single operator, and that is said', async (t) => {
  t.throws(() => open(t, 1, { policy: 'pin-persona', isFused: false }), {
    code: 'ENGINE_CACHE_POLICY_UNAVAILABLE',
    details: { policy: 'pin-persona', type: 'float32', headDim: 64 },
  });
});
