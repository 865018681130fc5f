import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { voiceFrames } from '../lm/prompt.ts';
import type { Mimi } from '../mimi/mimi.ts';
import type { VoicePrompt } from '../model-contract.ts';
import { normaliseLoudness } from '../prompt/loudness.ts';
import { readVoiceFile } from '../prompt/voice-file.ts';
import { type Check, isEqual, maxDifference } from './check.ts';
import type { GoldenVectors } from './vectors.ts';

const sampleRateHz = 24_000;

/** A voice sample's way to codes: loudness, frames, a fresh encoder. */
export async function* voiceSampleChecks(mimi: Mimi, vectors: GoldenVectors): AsyncGenerator<Check> {
  if (!vectors.has('voice_pcm', 'voice_pcm_normalized')) return;
  const samples = normaliseLoudness(vectors.floats('voice_pcm').values, sampleRateHz);
  const expected = vectors.floats('voice_pcm_normalized').values;
  const figure = maxDifference(samples, expected);
  yield { name: 'voice sample: loudness', figure, limit: 1e-4, unit: 'max difference' };
  if (!vectors.has('voice_codes')) return;
  const codes = vectors.codes('voice_codes');
  let unequal = 0;
  let frame = 0;
  for await (const ours of voiceFrames({ kind: 'samples', samples }, mimi, 0)) {
    if (!isEqual(ours, codes[frame] ?? [])) unequal += 1;
    frame += 1;
  }
  const differing = unequal + Math.abs(codes.length - frame);
  yield { name: `voice sample: codes of ${codes.length} frames`, figure: differing, limit: 0, unit: 'frames differ' };
}

/** The recorded voice: what `voice.pt` beside the vectors holds, or else the tensors themselves. @param rows of the token ring */
export async function recordedVoice(
  vectorsDirectory: string,
  vectors: GoldenVectors,
  rows: number,
): Promise<{ readonly voice: VoicePrompt; readonly checks: readonly Check[] }> {
  const { values: embeddings, rows: count } = vectors.floats('pt_embeddings');
  const cells = Array.from(vectors.integers('pt_cache').values);
  const columns = cells.length / rows;
  const file = join(vectorsDirectory, 'voice.pt');
  if (!existsSync(file)) {
    const cache = Array.from({ length: rows }, (_, row) => cells.slice(row * columns, (row + 1) * columns));
    return { voice: { kind: 'embeddings', embeddings, count, cache }, checks: [] };
  }
  const voice = await readVoiceFile(file);
  if (voice.kind !== 'embeddings') throw new Error(`${file} holds no embeddings`);
  const unit = 'max difference';
  return {
    voice,
    checks: [
      { name: 'voice.pt: embeddings', figure: maxDifference(voice.embeddings, embeddings), limit: 0, unit },
      { name: 'voice.pt: token ring', figure: maxDifference(voice.cache.flat(), cells), limit: 0, unit },
    ],
  };
}
