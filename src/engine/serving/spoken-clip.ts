import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SpeakerpostError } from '../../runtime/errors.ts';
import { formatWav } from '../../runtime/wav.ts';
import { frameSamples } from '../checkpoint/configuration.ts';
import type { PersonaImage, SpeechModel } from '../model-contract.ts';

const sampleRateHz = 24_000;
/** An apology that is cut off after this: `calls` does not hold a guest longer. */
const longestFrames = 187;
/** Frames below this are cut off at both ends, and a clip that never rises above it is none. */
const silenceDb = -45;
/** The same clip each time, so that what was listened to once is what guests hear. */
const seed = 1;

export interface ClipRequest {
  readonly image: PersonaImage;
  /** One a frame, with the lead of the text before its sound at the end. */
  readonly tokens: readonly number[];
  readonly file: string;
  /** Whatever makes it another clip: checkpoint, persona, words. */
  readonly madeFrom: readonly string[];
}

/**
 * Has the model say `tokens` on its first lane and writes what is heard as a WAV file, for the time when there is no model. A file that was
 * made from the same is left as it is. The lane must be free, and is to be reset afterwards.
 * @throws CLIP_UNUSABLE; no file is left then
 */
export async function renderClip(
  model: SpeechModel,
  { image, tokens, file, madeFrom }: ClipRequest,
): Promise<'made' | 'kept'> {
  const mark = createHash('sha256').update(JSON.stringify(madeFrom)).digest('hex');
  const markFile = `${file}.made-from`;
  if (existsSync(file) && isMarked(markFile, mark)) return 'kept';
  rmSync(file, { force: true });
  if (tokens.length > longestFrames)
    throw unusable(file, `it would last ${((tokens.length * 80) / 1000).toFixed(0)} s`);
  const silence = new Float32Array(frameSamples);
  const frames: Float32Array[] = [];
  model.resetLane(0, image, seed);
  for (const givenText of tokens) {
    const [result] = await model.step([{ lane: 0, samples: silence, givenText }]);
    if (result !== undefined) frames.push(result.samples);
  }
  const heard = withoutSilentEnds(frames);
  if (heard.length === 0) throw unusable(file, `the model's voice stays below ${silenceDb} dBFS`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.part`, formatWav(sampleRateHz, [joined(heard)]));
  renameSync(`${file}.part`, file);
  writeFileSync(markFile, mark);
  return 'made';
}

function withoutSilentEnds(frames: readonly Float32Array[]): readonly Float32Array[] {
  const sounds = frames.map((samples) => levelDb(samples) > silenceDb);
  return frames.slice(Math.max(0, sounds.indexOf(true)), sounds.lastIndexOf(true) + 1);
}

function levelDb(samples: Float32Array): number {
  let power = 0;
  for (const sample of samples) power += sample * sample;
  return 10 * Math.log10(power / samples.length);
}

function joined(frames: readonly Float32Array[]): Float32Array {
  const samples = new Float32Array(frames.length * frameSamples);
  for (const [i, frame] of frames.entries()) samples.set(frame, i * frameSamples);
  return samples;
}

function isMarked(markFile: string, mark: string): boolean {
  try {
    return readFileSync(markFile, 'latin1') === mark;
  } catch {
    return false;
  }
}

const unusable = (file: string, reason: string) => new SpeakerpostError('CLIP_UNUSABLE', { file, reason });
