import { SpeakerpostError } from '../../runtime/errors.ts';
import { spaceSign } from '../prompt/normalizer.ts';
import type { Tokenizer } from '../prompt/tokenizer.ts';

/** How text tokens lie in time when the model talks by itself (personaplex.md section 6 and its text stream). */
export interface Pace {
  /** Text that sounds for nothing: silence between words. */
  readonly paddingId: number;
  /** Comes in the place of the last padding before a word. */
  readonly endOfPaddingId: number;
  /** Frames from a word's first token to the next word's, for each character of the word. */
  readonly framesPerCharacter: number;
  /** Frames by which text comes before its sound. */
  readonly leadFrames: number;
}

/** By which the first word after a silence comes before its sound, where the others come earlier: nobody knew of it before. */
const firstLeadFrames = 2;
/** Frames of silence after a comma, and after the end of a sentence. */
const commaFrames = 2;
const sentenceFrames = 5;

/**
 * The text stream of a speaker saying `text`, one token a frame:
 *
 * ```
 *  0  _your  _total  .  0  _is  .  0  _seven  .  0  _dollars  .  .  .  .  .  .     . padding   0 end of padding
 *                                                               '- lead: sounds until here
 * ```
 * @throws LANE_WORDS_INVALID where a word has no tokens
 */
export function textStream(text: string, tokenizer: Tokenizer, pace: Pace, lane: number): readonly number[] {
  const stream: number[] = [pace.endOfPaddingId];
  let nextWordAt = 1;
  for (const word of wordsOf(text, tokenizer, lane)) {
    while (stream.length < nextWordAt - 1) stream.push(pace.paddingId);
    if (stream.length < nextWordAt) stream.push(pace.endOfPaddingId);
    const startsAt = stream.length;
    stream.push(...word.tokens);
    const spoken = Math.max(word.tokens.length, Math.round(word.characters * pace.framesPerCharacter));
    const early = startsAt === 1 ? Math.max(0, pace.leadFrames - firstLeadFrames) : 0;
    nextWordAt = Math.max(stream.length, startsAt + spoken - early) + word.pauseFrames;
  }
  for (let frame = 0; frame < pace.leadFrames; frame++) stream.push(pace.paddingId);
  return stream;
}

interface Word {
  readonly tokens: readonly number[];
  readonly characters: number;
  readonly pauseFrames: number;
}

function wordsOf(text: string, tokenizer: Tokenizer, lane: number): readonly Word[] {
  const words: { tokens: number[]; text: string }[] = [];
  for (const id of tokenizer.encode(text.trim())) {
    const piece = tokenizer.piece(id) ?? '';
    if (id === tokenizer.unknownId) {
      const reason = 'the text vocabulary does not have all of its signs';
      throw new SpeakerpostError('LANE_WORDS_INVALID', { lane, words: text.slice(0, 60), reason });
    }
    const last = words.at(-1);
    if (last === undefined || piece.startsWith(spaceSign)) words.push({ tokens: [id], text: piece });
    else {
      last.tokens.push(id);
      last.text += piece;
    }
  }
  return words
    .filter(({ text: word }) => word !== spaceSign)
    .map(({ tokens, text: word }) => ({
      tokens,
      characters: word.replaceAll(/[^\p{L}\p{N}]/gu, '').length,
      pauseFrames: /[.?!]$/.test(word) ? sentenceFrames : /[,;:]$/.test(word) ? commaFrames : 0,
    }));
}

/** What one lane has been given to say: one token a frame while there is any. */
export class GivenWords {
  readonly #sayings: { readonly tokens: readonly number[]; given: number; answered: number; onSaid(): void }[] = [];

  /** Tokens not given yet. */
  get waiting(): number {
    return this.#sayings.reduce((count, { tokens, given }) => count + tokens.length - given, 0);
  }

  add(tokens: readonly number[], onSaid: () => void): void {
    this.#sayings.push({ tokens, given: 0, answered: 0, onSaid });
  }

  /** The token of the frame that is about to run; undefined: the model chooses. */
  next(): number | undefined {
    const saying = this.#sayings.find(({ tokens, given }) => given < tokens.length);
    return saying?.tokens[saying.given++];
  }

  /** A frame that was given a token has been answered. */
  answered(): void {
    const [saying] = this.#sayings;
    if (saying === undefined || ++saying.answered < saying.tokens.length) return;
    this.#sayings.shift();
    saying.onSaid();
  }
}
