import { frameSamples, type PromptConfiguration } from '../checkpoint/configuration.ts';
import type { Mimi } from '../mimi/mimi.ts';
import type { PersonaPrompt, VoicePrompt } from '../model-contract.ts';
import type { LanguageModel } from './language-model.ts';

/** What a prompt step returned: a token a row, or null. */
export type PromptStep = Int32Array | null;

/**
 * Takes a fresh lane through the four phases (personaplex.md section 5): voice, silence, role text, silence; the user's rows
 * are the sine frame throughout. Yields after every step but those of a replay; where steps are run together, `ran` after every such run.
 */
export async function* runPrompt(
  model: LanguageModel,
  mimi: Mimi,
  lane: number,
  prompt: PersonaPrompt,
  settings: PromptConfiguration,
): AsyncGenerator<PromptStep | 'ran'> {
  const { silence, sine, textPadding, silenceFrames } = settings;
  const step = (text: number, agent: ArrayLike<number>): Promise<PromptStep> =>
    model.promptStep(lane, text, agent, sine);
  const { voice } = prompt;
  if (voice.kind === 'embeddings') {
    await model.replay(lane, voice.embeddings, voice.cache, { text: textPadding, agent: silence, user: sine });
  } else {
    for await (const codes of voiceFrames(voice, mimi, lane)) yield await step(textPadding, codes);
  }
  for (let i = 0; i < silenceFrames; i++) yield await step(textPadding, silence);
  for (const token of prompt.textTokens) yield await step(token, silence);
  for (let i = 0; i < silenceFrames; i++) yield await step(textPadding, silence);
  while (await model.finishPrompt(lane)) yield 'ran';
}

/** The voice as frames of codes; a sample goes through a fresh encoder, its last frame filled up with zeros. */
export async function* voiceFrames(
  voice: Exclude<VoicePrompt, { readonly kind: 'embeddings' }>,
  mimi: Mimi,
  lane: number,
): AsyncGenerator<ArrayLike<number>> {
  if (voice.kind === 'codes') {
    yield* voice.frames;
    return;
  }
  mimi.reset(lane);
  for (let start = 0; start < voice.samples.length; start += frameSamples) {
    const samples = new Float32Array(frameSamples);
    samples.set(voice.samples.subarray(start, start + frameSamples));
    yield* await mimi.encode([{ lane, samples }]);
  }
  mimi.reset(lane);
}
