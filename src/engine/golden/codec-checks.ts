import { frameSamples } from '../checkpoint/configuration.ts';
import type { Mimi } from '../mimi/mimi.ts';
import { type Check, isEqual, maxDifference } from './check.ts';
import type { GoldenVectors } from './vectors.ts';

/** The codec frame by frame: codes of the recorded sound, sound of the recorded codes. */
export async function* codecChecks(mimi: Mimi, vectors: GoldenVectors): AsyncGenerator<Check> {
  const lane = 0;
  if (vectors.has('pcm_in', 'mimi_codes')) {
    mimi.reset(lane);
    const sound = vectors.floats('pcm_in').values;
    const expected = vectors.codes('mimi_codes');
    let unequal = 0;
    for (const [frame, codes] of expected.entries()) {
      const samples = sound.subarray(frame * frameSamples, (frame + 1) * frameSamples);
      const [ours = []] = await mimi.encode([{ lane, samples }]);
      if (!isEqual(ours, codes)) unequal += 1;
      if (frame === 0 && vectors.has('mimi_latent_first')) {
        const figure = maxDifference(mimi.latent(lane), vectors.floats('mimi_latent_first').values);
        yield { name: 'mimi: latent of the first frame', figure, limit: 1e-3, unit: 'max difference' };
      }
    }
    yield { name: `mimi: codes of ${expected.length} frames`, figure: unequal, limit: 0, unit: 'frames differ' };
  }
  if (vectors.has('mimi_codes', 'mimi_pcm_out')) {
    mimi.reset(lane);
    const sound = vectors.floats('mimi_pcm_out').values;
    let most = 0;
    for (const [frame, codes] of vectors.codes('mimi_codes').entries()) {
      const [ours = []] = await mimi.decode([{ lane, codes }]);
      const expected = sound.subarray(frame * frameSamples, (frame + 1) * frameSamples);
      most = Math.max(most, maxDifference(ours, expected));
    }
    yield { name: 'mimi: sound of the codes', figure: most, limit: 1e-4, unit: 'max difference' };
  }
  mimi.reset(lane);
}
