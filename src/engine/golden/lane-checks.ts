import { frameSamples } from '../checkpoint/configuration.ts';
import type { LaneResult, PersonaImage, PersonaPrompt, SpeechModel } from '../model-contract.ts';
import { type Check, isEqual, maxDifference } from './check.ts';
import type { GoldenVectors } from './vectors.ts';

/** What one lane hears: its seed, where in the sound it starts, and how many steps after the first lane. */
interface LanePlan {
  readonly seed: number;
  readonly firstFrame: number;
  readonly delay: number;
}

const plans: readonly LanePlan[] = [
  { seed: 11, firstFrame: 0, delay: 0 },
  { seed: 12, firstFrame: 3, delay: 2 },
  { seed: 13, firstFrame: 1, delay: 3 },
  { seed: 14, firstFrame: 5, delay: 7 },
];
export const lanesNeeded = plans.length;
const framesALane = 30;

/** Lanes do not feel each other: with sampling on, seeds and sound of their own. @param model of at least `lanesNeeded` lanes */
export async function* laneChecks(
  model: SpeechModel,
  prompt: PersonaPrompt,
  vectors: GoldenVectors,
): AsyncGenerator<Check> {
  const image = await model.preparePersona(prompt);
  const sound = vectors.floats('pcm_in').values;
  const wholeFrames = Math.floor(sound.length / frameSamples);
  const hear: Hear = (plan, frame) => {
    const start = ((plan.firstFrame + frame) % wholeFrames) * frameSamples;
    return sound.subarray(start, start + frameSamples);
  };

  const runAlone = async (plan: LanePlan): Promise<LaneResult[]> => {
    model.resetLane(0, image, plan.seed);
    const results: LaneResult[] = [];
    for (let frame = 0; frame < framesALane; frame++) {
      results.push(...(await model.step([{ lane: 0, samples: hear(plan, frame) }])));
    }
    return results;
  };

  const fresh: LaneResult[][] = [];
  for (const plan of plans) fresh.push(await runAlone(plan));
  const together = await runTogether(model, image, hear);
  yield* compare(`${plans.length} lanes at once as alone`, together, fresh, 1e-4);
  const reused: LaneResult[][] = [];
  for (const plan of plans.slice(0, 1)) reused.push(await runAlone(plan));
  yield* compare('a reused lane as a fresh one', reused, fresh.slice(0, 1), 0);
}

type Hear = (plan: LanePlan, frame: number) => Float32Array;

/** Lane i begins plans[i].delay steps after lane 0 and ends that much later. */
async function runTogether(model: SpeechModel, image: PersonaImage, hear: Hear): Promise<LaneResult[][]> {
  const together: LaneResult[][] = plans.map(() => []);
  const lastDelay = Math.max(...plans.map(({ delay }) => delay));
  for (const [lane, { seed }] of plans.entries()) model.resetLane(lane, image, seed);
  for (let step = 0; step < framesALane + lastDelay; step++) {
    const ready = plans.flatMap((plan, lane) => {
      const frame = step - plan.delay;
      return frame < 0 || frame >= framesALane ? [] : [{ lane, samples: hear(plan, frame) }];
    });
    for (const result of await model.step(ready)) together[result.lane]?.push(result);
  }
  return together;
}

function* compare(
  name: string,
  ours: readonly (readonly LaneResult[])[],
  expected: readonly (readonly LaneResult[])[],
  soundLimit: number,
): Generator<Check> {
  let unequal = 0;
  let sound = 0;
  for (const [lane, rows] of expected.entries()) {
    for (const [i, row] of rows.entries()) {
      const other = ours[lane]?.[i];
      const isSame =
        other !== undefined &&
        isEqual(
          [other.tokens?.text ?? -1, ...(other.tokens?.agent ?? [])],
          [row.tokens?.text ?? -1, ...(row.tokens?.agent ?? [])],
        );
      if (!isSame) unequal += 1;
      sound = Math.max(sound, maxDifference(other?.samples ?? [], row.samples));
    }
  }
  yield { name: `${name}: tokens`, figure: unequal, limit: 0, unit: 'rows differ' };
  yield { name: `${name}: sound`, figure: sound, limit: soundLimit, unit: 'max difference' };
}
