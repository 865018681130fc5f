import { test } from 'tap';
import { loadModel } from '../../../src/engine/load-model.ts';
import type { LaneResult, ModelOptions, PersonaPrompt, SpeechModel } from '../../../src/engine/model-contract.ts';
import { copyWrap, editConfig, nanoDirectory, wrapDirectory } from './support.ts';

const prompt: PersonaPrompt = {
  textTokens: [4, 5, 6, 7],
  voice: { kind: 'codes', frames: [[1, 2, 3, 4, 5, 6, 7, 8]] },
};

function load(options: Partial<ModelOptions> = {}): Promise<SpeechModel> {
  return loadModel(wrapDirectory, { lanes: 3, device: 'cpu', threads: 1, ...options });
}

function sound(frame: number, pitch = 1): Float32Array {
  return Float32Array.from({ length: 1920 }, (_, i) => 0.2 * Math.sin((frame * 1920 + i) * 0.03 * pitch));
}

async function listen(model: SpeechModel, lane: number, frames: number, pitch = 1): Promise<LaneResult[]> {
  const results: LaneResult[] = [];
  for (let frame = 0; frame < frames; frame++) {
    results.push(...(await model.step([{ lane, samples: sound(frame, pitch) }])));
  }
  return results;
}

const tokens = (results: readonly LaneResult[]) =>
  results.map((each) => [each.tokens?.text, ...(each.tokens?.agent ?? [])]);

test('a lane used for another persona and another seed equals a fresh one bit for bit', async (t) => {
  const fresh = await load();
  const image = await fresh.preparePersona(prompt);
  fresh.resetLane(1, image, 42);
  const expected = await listen(fresh, 1, 40);
  fresh.close();

  const used = await load();
  const other = await used.preparePersona({ ...prompt, textTokens: Array(30).fill(9) });
  const same = await used.preparePersona(prompt);
  used.resetLane(1, other, 7);
  await listen(used, 1, 50, 3);
  used.resetLane(1, same, 42);
  t.same(await listen(used, 1, 40), expected);
  t.equal(same.promptSteps, image.promptSteps);
  used.close();
});

test('what an earlier call left in slots that a new call has not reached is never seen', async (t) => {
  const directory = t.testdir();
  copyWrap(directory);
  editConfig(directory, (config) => Object.assign(config, { silence_frames: 0 }));
  const model = await loadModel(directory, { lanes: 2, device: 'cpu', threads: 1 });
  const image = await model.preparePersona({ ...prompt, textTokens: [4] });
  t.equal(image.promptSteps, 2);
  model.resetLane(0, image, 9);
  await listen(model, 0, 30, 3);
  for (const lane of [0, 1]) model.resetLane(lane, image, 9);
  const used = await listen(model, 0, 5);
  const fresh = (await listen(model, 1, 5)).map((result) => ({ ...result, lane: 0 }));
  t.same(used, fresh);
  model.close();
});

test('a closed model ends the steps asked for and refuses others', async (t) => {
  const model = await load();
  const image = await model.preparePersona(prompt);
  model.resetLane(0, image, 1);
  const last = model.step([{ lane: 0, samples: sound(0) }]);
  model.close();
  model.close();
  t.equal((await last).length, 1);
  await t.rejects(model.step([{ lane: 0, samples: sound(1) }]), /closed/);
});

test('a lane that is not in a step is untouched, wherever it lies between those that are', async (t) => {
  const model = await load();
  const image = await model.preparePersona(prompt);
  model.resetLane(1, image, 5);
  const expected = await listen(model, 1, 20);
  for (const lane of [0, 1, 2]) model.resetLane(lane, image, 5);
  const results: LaneResult[] = [];
  for (let frame = 0; frame < 20; frame++) {
    await model.step([2, 0].map((lane) => ({ lane, samples: sound(frame, 2 + lane) })));
    results.push(...(await model.step([{ lane: 1, samples: sound(frame) }])));
  }
  t.same(results, expected);
  model.close();
});

test('the seed decides what is sampled; without sampling it does not matter', async (t) => {
  const model = await load();
  const image = await model.preparePersona(prompt);
  const withSeed = async (of: SpeechModel, from: typeof image, seed: number) => {
    of.resetLane(0, from, seed);
    return tokens(await listen(of, 0, 12));
  };
  const first = await withSeed(model, image, 1);
  t.same(await withSeed(model, image, 1), first);
  t.notSame(await withSeed(model, image, 2), first);
  t.notSame(await withSeed(model, image, 1 + 2 ** 33), first);
  model.close();

  const greedy = await load({ sampling: 'greedy' });
  const greedyImage = await greedy.preparePersona(prompt);
  t.same(await withSeed(greedy, greedyImage, 1), await withSeed(greedy, greedyImage, 2));
  greedy.close();
});

test('words put into the mouth come back as the text of the frame, the voice is still sampled', async (t) => {
  const model = await load();
  const image = await model.preparePersona(prompt);
  model.resetLane(0, image, 3);
  const given = [10, 11, 12, 13, 14, 15];
  const results: LaneResult[] = [];
  for (const [frame, givenText] of given.entries()) {
    results.push(...(await model.step([{ lane: 0, samples: sound(frame), givenText }])));
  }
  // The published delay of one frame: a step returns the text of the frame before it.
  t.same(
    results.slice(1).map((each) => each.tokens?.text),
    given.slice(0, -1),
  );
  t.ok(results.every((each) => each.samples.length === 1920 && each.samples.some((value) => value !== 0)));
  model.close();
});

test('steps asked for at once run one after another, in order', async (t) => {
  const model = await load();
  const image = await model.preparePersona(prompt);
  model.resetLane(0, image, 3);
  const expected = await listen(model, 0, 6);
  model.resetLane(0, image, 3);
  const frames = [0, 1, 2, 3, 4, 5];
  const together = await Promise.all(frames.map((frame) => model.step([{ lane: 0, samples: sound(frame) }])));
  t.same(together.flat(), expected);
  model.close();
});

test('a persona prepared in the middle of a call does not disturb it', async (t) => {
  const model = await load();
  const image = await model.preparePersona(prompt);
  model.resetLane(0, image, 3);
  const expected = await listen(model, 0, 8);
  model.resetLane(0, image, 3);
  const [results, second] = await Promise.all([
    listen(model, 0, 8),
    model.preparePersona({ textTokens: [9, 9], voice: { kind: 'samples', samples: sound(0).subarray(0, 900) } }),
  ]);
  t.same(results, expected);
  t.ok(second.promptSteps > 0);
  model.close();
});

test('input that does not fit is refused before anything runs', async (t) => {
  const model = await load();
  const image = await model.preparePersona(prompt);
  model.resetLane(0, image, 1);
  const samples = sound(0);
  const refuses = (frames: Parameters<SpeechModel['step']>[0], message: RegExp) =>
    t.rejects(model.step(frames), { code: 'MODEL_INPUT_INVALID', message });
  await refuses([{ lane: 3, samples }], /Lane 3: .*lanes 0 to 2/);
  await refuses([{ lane: -1, samples }], /Lane -1/);
  await refuses([{ lane: 0, samples: samples.subarray(1) }], /1920 samples, not 1919/);
  await refuses([{ lane: 0, samples: samples.with(7, Number.NaN) }], /not a finite number/);
  await refuses(
    [0, 0].map((lane) => ({ lane, samples })),
    /twice/,
  );
  await refuses([{ lane: 0, samples, givenText: 64 }], /text token 64/);
  t.throws(() => model.resetLane(9, image, 1), { code: 'MODEL_INPUT_INVALID' });
  t.throws(() => model.resetLane(0, { promptSteps: 1, byteLength: 0 }, 1), { code: 'MODEL_PROMPT_INVALID' });
  const running = model.step([{ lane: 0, samples }]);
  t.throws(() => model.resetLane(0, image, 1), { code: 'LANE_BUSY' });
  await running;
  t.doesNotThrow(() => model.resetLane(0, image, 1));
  model.close();
});

test('a prompt that does not fit the model is refused by its part', async (t) => {
  const model = await load();
  const refuses = (wrong: Partial<PersonaPrompt>, message: RegExp) =>
    t.rejects(async () => model.preparePersona({ ...prompt, ...wrong }), { code: 'MODEL_PROMPT_INVALID', message });
  await refuses({ textTokens: [64] }, /token 64/);
  await refuses({ voice: { kind: 'codes', frames: [[1, 2]] } }, /voice frame 0/);
  await refuses({ voice: { kind: 'codes', frames: [Array(8).fill(64)] } }, /code 64/);
  await refuses({ voice: { kind: 'samples', samples: Float32Array.of(Number.NaN) } }, /finite/);
  const cache = Array.from({ length: 17 }, () => [0, 0, 0, 0]);
  const embeddings = new Float32Array(48);
  await refuses({ voice: { kind: 'embeddings', embeddings, count: 2, cache } }, /48 numbers, not 96/);
  await refuses(
    { voice: { kind: 'embeddings', embeddings, count: 1, cache: cache.slice(1) } },
    /17 rows and 4 columns/,
  );
  model.close();
});

test('the event loop goes on while the model runs', async (t) => {
  const model = await loadModel(nanoDirectory, { lanes: 1, device: 'cpu', threads: 1 });
  const { ownPrompt } = model.summary;
  const image = await model.preparePersona({
    textTokens: ownPrompt.textTokens ?? [],
    voice: ownPrompt.voice ?? { kind: 'codes', frames: [] },
  });
  model.resetLane(0, image, 1);
  let turns = 0;
  let isRunning = true;
  const count = (): void => {
    turns += 1;
    if (isRunning) setImmediate(count);
  };
  setImmediate(count);
  await model.step([{ lane: 0, samples: sound(0) }]);
  isRunning = false;
  // Four graphs ran on another thread; a blocked loop would turn once for each at most.
  t.ok(turns > 20, `${turns} turns`);
  model.close();
});
