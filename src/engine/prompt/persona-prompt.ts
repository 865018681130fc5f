import { existsSync, readdirSync } from 'node:fs';
import { join, parse, resolve, sep } from 'node:path';
import { SpeakerpostError } from '../../runtime/errors.ts';
import type { Persona } from '../contract.ts';
import type { ModelSummary, PersonaPrompt, VoicePrompt } from '../model-contract.ts';
import { wrapSystemText } from './text-prompt.ts';
import type { Tokenizer } from './tokenizer.ts';
import { readVoiceFile } from './voice-file.ts';

/** What a checkpoint brings for personas: its folder (with `voices/` in it), its own prompt and its text vocabulary. */
export interface PromptSource {
  readonly directory: string;
  readonly ownPrompt: ModelSummary['ownPrompt'];
  readonly tokenizer: Tokenizer;
}

/**
 * The prompt of a persona on this checkpoint. A null text or voice is the checkpoint's own. Throws PERSONA_TEXT_MISSING or PERSONA_VOICE_MISSING
 * where the checkpoint has none either, VOICE_UNKNOWN, VOICE_INVALID, WAV_INVALID.
 */
export async function buildPersonaPrompt(persona: Persona, source: PromptSource): Promise<PersonaPrompt> {
  return { textTokens: textTokensOf(persona, source), voice: await voiceOf(persona, source) };
}

function textTokensOf(persona: Persona, { directory, ownPrompt, tokenizer }: PromptSource): readonly number[] {
  if (persona.text !== null) return tokenizer.encode(wrapSystemText(persona.text));
  if (ownPrompt.textTokens !== null) return ownPrompt.textTokens;
  throw new SpeakerpostError('PERSONA_TEXT_MISSING', { persona: persona.id, directory });
}

async function voiceOf(persona: Persona, { directory, ownPrompt }: PromptSource): Promise<VoicePrompt> {
  if (persona.voice !== null) return await readVoiceFile(findVoice(persona.voice, directory));
  if (ownPrompt.voice !== null) return ownPrompt.voice;
  const known = namesOf(voiceFilesOf(directory));
  throw new SpeakerpostError('PERSONA_VOICE_MISSING', { persona: persona.id, directory, known });
}

/** A name is looked up in `voices/`; what holds a slash is a file, relative to the checkpoint. */
function findVoice(voice: string, directory: string): string {
  const voices = voiceFilesOf(directory);
  const named = voices.find((file) => file === voice || parse(file).name === voice);
  if (named !== undefined) return join(directory, 'voices', named);
  const file = resolve(directory, voice);
  if (voice.includes(sep) && existsSync(file)) return file;
  throw new SpeakerpostError('VOICE_UNKNOWN', { voice, directory: join(directory, 'voices'), known: namesOf(voices) });
}

function voiceFilesOf(directory: string): string[] {
  const folder = join(directory, 'voices');
  return existsSync(folder) ? readdirSync(folder).filter((name) => /\.(pt|wav)$/i.test(name)) : [];
}

const namesOf = (files: readonly string[]): string =>
  files
    .map((file) => parse(file).name)
    .sort()
    .join(', ') || 'none';
