import { openCheckpoint } from '../checkpoint/checkpoint.ts';
import { frameSamples } from '../checkpoint/configuration.ts';
import type { Persona } from '../contract.ts';
import type { VoicePrompt } from '../model-contract.ts';
import { buildPersonaPrompt } from './persona-prompt.ts';
import { loadTokenizer } from './tokenizer.ts';

/** An order at the post: 120 s at 12.5 frames a second (a good one takes 90 s). */
const ORDER_FRAMES = 1_500;

/** What a persona takes of the model's context, in frames: one token of the role text a frame. */
export interface PromptBudget {
  readonly contextFrames: number;
  readonly voiceFrames: number;
  readonly textTokens: number;
  /**
   * What the role text may take, so that voice, text and an order of two minutes (half the context of a small model) are in the
   * model's view at once: what falls out of it is forgotten.
   */
  readonly budgetTokens: number;
}

/**
 * Counts with the checkpoint's own tokenizer and the persona's own voice.
 * @throws MODEL_CONFIG_INVALID, MODEL_FILE_MISSING, TOKENIZER_INVALID and what `buildPersonaPrompt` throws
 */
export async function promptBudget(persona: Persona, modelDirectory: string): Promise<PromptBudget> {
  const { configuration, tokenizerFile } = openCheckpoint(modelDirectory);
  const { prompt: own, lm } = configuration;
  const ownVoice: VoicePrompt | null = own.voiceCodes === null ? null : { kind: 'codes', frames: own.voiceCodes };
  const { voice, textTokens } = await buildPersonaPrompt(persona, {
    directory: modelDirectory,
    ownPrompt: { textTokens: own.textTokens, voice: ownVoice },
    tokenizer: await loadTokenizer(tokenizerFile),
  });
  const voiceFrames = framesOf(voice);
  const orderFrames = Math.min(ORDER_FRAMES, Math.floor(lm.context / 2));
  const budgetTokens = Math.max(0, lm.context - voiceFrames - 2 * own.silenceFrames - orderFrames);
  return { contextFrames: lm.context, voiceFrames, textTokens: textTokens.length, budgetTokens };
}

function framesOf(voice: VoicePrompt): number {
  if (voice.kind === 'codes') return voice.frames.length;
  return voice.kind === 'embeddings' ? voice.count : Math.ceil(voice.samples.length / frameSamples);
}
