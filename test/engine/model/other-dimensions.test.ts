import { join } from 'node:path';
import t from 'tap';
import type { ConfigFile } from '../../../src/engine/checkpoint/config-file.ts';
import { publishedConfig } from '../../../src/engine/checkpoint/published-config.ts';
import { writeRandomCheckpoint } from '../../../src/engine/checkpoint/random-checkpoint.ts';
import { loadModel } from '../../../src/engine/load-model.ts';
import type { LaneResult, SpeechModel } from '../../../src/engine/model-contract.ts';

const { lm, mimi } = publishedConfig;

/** No size that any other checkpoint of these tests has, and rings that wrap within the conversation. */
const sixteenSteps: ConfigFile = {
  ...publishedConfig,
  lm: {
    ...lm,
    dim: 40,
    num_heads: 5,
    num_layers: 4,
    context: 90,
    card: 96,
    text_card: 130,
    dep_q: 16,
    depformer_dim: 36,
    depformer_num_heads: 3,
    depformer_num_layers: 1,
    depformer_dim_feedforward: 60,
  },
  mimi: {
    ...mimi,
    seanet: { ...mimi.seanet, n_filters: 3, dimension: 28 },
    quantizer: { ...mimi.quantizer, dimension: 12, bins: 96, n_q: 8 },
    transformer: {
      ...mimi.transformer,
      d_model: 28,
      num_heads: 2,
      num_layers: 3,
      dim_feedforward: 44,
      context: 22,
    },
  },
};
/** Fewer codebooks, as many depth steps as are used. */
const fourCodebooks: ConfigFile = {
  ...sixteenSteps,
  lm: {
    ...sixteenSteps.lm,
    n_q: 8,
    dep_q: 4,
    delays: [0, 0, 1, 1, 1, 0, 1, 1, 1],
    num_heads: 2,
    num_layers: 1,
    context: 200,
  },
  mimi: { ...sixteenSteps.mimi, num_codebooks: 4, quantizer: { dimension: 10, bins: 96, n_q: 4 } },
  silence_tokens: [1, 2, 3, 4],
  sine_tokens: [5, 6, 7, 8],
};

const frames = 30;
const lanes = 8;

/** Each lane has its own seed, sound and frame at which it starts. */
const startOf = (lane: number): number => (lane * 3) % 7;
function sound(lane: number, frame: number): Float32Array {
  return Float32Array.from({ length: 1920 }, (_, i) => 0.3 * Math.sin((0.01 + 0.004 * lane) * (i + 1920 * frame)));
}

/** So many lanes in one batch, each from its own start on. @returns by lane */
async function converse(model: SpeechModel, together: readonly number[]): Promise<Map<number, LaneResult[]>> {
  const image = await model.preparePersona({
    textTokens: [...(model.summary.ownPrompt.textTokens ?? [])],
    voice: model.summary.ownPrompt.voice ?? { kind: 'codes', frames: [] },
  });
  const results = new Map<number, LaneResult[]>(together.map((lane) => [lane, []]));
  for (const lane of together) model.resetLane(lane, image, 50 + lane);
  const earliest = Math.min(...together.map(startOf));
  for (let run = earliest; run < frames + 7; run++) {
    const ready = together.filter((lane) => run >= startOf(lane) && run < startOf(lane) + frames);
    if (ready.length === 0) continue;
    const step = ready.map((lane) => ({ lane, samples: sound(lane, run - startOf(lane)) }));
    for (const result of await model.step(step)) results.get(result.lane)?.push(result);
  }
  return results;
}

for (const [name, config] of Object.entries({ '16 depth steps': sixteenSteps, '4 codebooks': fourCodebooks })) {
  t.test(
    `a checkpoint of other dimensions (${name}) loads, and batches of 1, 3 and 8 give the same rows`,
    async (t) => {
      const directory = join(t.testdir(), 'checkpoint');
      writeRandomCheckpoint({ directory, config, seed: 11 });
      const model = await loadModel(directory, { lanes, device: 'cpu', threads: 1 });
      t.teardown(() => model.close());
      const all = await converse(model, [0, 1, 2, 3, 4, 5, 6, 7]);
      const texts = new Set<string>();
      for (const together of [[0], [5], [0, 1, 2], [1, 4, 6]]) {
        for (const [lane, results] of await converse(model, together)) {
          const expected = all.get(lane) ?? [];
          const rows = (of: readonly LaneResult[]) =>
            of.map(({ tokens, userCodes }) => ({ tokens, userCodes: Array.from(userCodes) }));
          t.same(rows(results), rows(expected), `lane ${lane} beside ${together.length - 1} others`);
          const apart = results.map(({ samples }, i) => furthest(samples, expected[i]?.samples ?? samples));
          t.ok(Math.max(...apart) < 1e-4, `its sound is ${Math.max(...apart)} apart`);
          texts.add(JSON.stringify(results.map(({ tokens }) => tokens?.text)));
        }
      }
      t.ok(texts.size > 3, 'lanes say different things');
    },
  );
}

function furthest(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, sample, i) => Math.max(most, Math.abs(sample - (b[i] ?? 0))), 0);
}
