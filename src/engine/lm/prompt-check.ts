import { SpeakerpostError } from '../../runtime/errors.ts';
import type { LmConfiguration } from '../checkpoint/configuration.ts';
import type { PersonaPrompt } from '../model-contract.ts';

/** @throws MODEL_PROMPT_INVALID naming the part that does not fit the model's sizes */
export function checkPrompt(prompt: PersonaPrompt, lm: LmConfiguration, ringColumns: number): void {
  const fail = (part: string, reason: string): never => {
    throw new SpeakerpostError('MODEL_PROMPT_INVALID', { part, reason });
  };
  const { textTokens, voice } = prompt;
  const strangeText = textTokens.find((token) => !isBetween(token, 0, lm.textCard - 1));
  if (strangeText !== undefined) fail('text', `token ${strangeText} is not below ${lm.textCard}`);
  switch (voice.kind) {
    case 'codes':
      for (const [i, frame] of voice.frames.entries()) {
        if (frame.length !== lm.codebooks) fail(`voice frame ${i}`, `${frame.length} codes, not ${lm.codebooks}`);
        const strange = frame.find((code) => !isBetween(code, 0, lm.card - 1));
        if (strange !== undefined) fail(`voice frame ${i}`, `code ${strange} is not below ${lm.card}`);
      }
      break;
    case 'samples':
      if (!voice.samples.every(Number.isFinite)) fail('voice', 'a sample is not a finite number');
      break;
    case 'embeddings': {
      const rows = lm.delays.length;
      const expected = voice.count * lm.dim;
      if (voice.embeddings.length !== expected) fail('voice', `${voice.embeddings.length} numbers, not ${expected}`);
      if (!voice.embeddings.every(Number.isFinite)) fail('voice', 'an embedding is not a finite number');
      if (voice.cache.length !== rows || voice.cache.some((row) => row.length !== ringColumns)) {
        fail('voice', `its token ring is not of ${rows} rows and ${ringColumns} columns`);
      }
      const highest = (row: number): number => (row === 0 ? lm.textCard : lm.card);
      // -2: a cell not generated yet, -1: no input.
      if (voice.cache.some((row, i) => row.some((token) => !isBetween(token, -2, highest(i))))) {
        fail('voice', 'its token ring holds ids that the model does not have');
      }
      break;
    }
  }
}

function isBetween(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high;
}
