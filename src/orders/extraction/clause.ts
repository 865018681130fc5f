import { distance } from 'fastest-levenshtein';
import { commonWords } from './common-words.ts';
import { type CueKind, cuePhrases, cueWords } from './cues.ts';
import { moneyAt } from './money.ts';
import type { Spelling } from './spelling.ts';
import { isMark, numberOf, type Token } from './tokens.ts';
import { type MenuMeaning, singularOf, type Vocabulary } from './vocabulary.ts';

interface Extent {
  /** Indexes of the clause's tokens, half open. */
  readonly from: number;
  readonly to: number;
}

export type Span = Extent &
  (
    | { readonly kind: 'menu'; readonly meaning: MenuMeaning; readonly text: string }
    | { readonly kind: 'cue'; readonly cue: CueKind; readonly text: string }
    | { readonly kind: 'number'; readonly value: number }
    | { readonly kind: 'money'; readonly cents: number }
    | { readonly kind: 'mark'; readonly text: string }
    | { readonly kind: 'word'; readonly text: string; readonly isKnown: boolean; readonly isOfMenu: boolean }
  );

/** Puts words together that the menu writes as one: milk shake, cheese burger. */
export function joinCompounds(tokens: readonly Token[], vocabulary: Vocabulary): Token[] {
  const joined: Token[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined) break;
    const both = token.text + (tokens[at + 1]?.text ?? '');
    if (
      both.length > 6 &&
      token.text.length > 2 &&
      both !== token.text &&
      vocabulary.words.has(both) &&
      vocabulary.phrases.longest([token.text, tokens[at + 1]?.text ?? ''], 0)?.length !== 2
    ) {
      joined.push({ text: both, word: token.word });
      at++;
    } else joined.push(token);
  }
  return joined;
}

/** Names the parts of a clause: the longest phrase of the menu or of the cues wins, the menu's where both are as long. */
export function spansOf(tokens: readonly Token[], vocabulary: Vocabulary, spelling: Spelling): Span[] {
  const texts = tokens.map(({ text }) => text);
  for (const [at, text] of texts.entries()) {
    if (text.length <= 4 || cueWords.has(text) || vocabulary.words.has(text)) continue;
    const corrected = spelling.correct(text);
    if (corrected !== null) texts[at] = corrected;
  }
  for (let at = 0; at < texts.length - 1; at++) mendPhrase(texts, at, vocabulary);
  const spans: Span[] = [];
  for (let at = 0; at < texts.length; ) {
    const span = spanAt(texts, at, vocabulary, spans);
    spans.push(span);
    at = span.to;
  }
  return spans;
}

/** "root bear": a short word is mended only where a phrase of the menu waits for its like. */
function mendPhrase(texts: string[], from: number, vocabulary: Vocabulary): void {
  const waiting = vocabulary.phrases.following(texts, from);
  const text = waiting === null ? undefined : texts[waiting.at];
  if (waiting === null || text === undefined || text.length < 4 || commonWords.has(text) || cueWords.has(text)) return;
  for (const word of waiting.words) {
    if (word.length < 4 || Math.abs(word.length - text.length) > 1 || distance(word, text) !== 1) continue;
    texts[waiting.at] = word;
    return;
  }
}

function spanAt(texts: readonly string[], at: number, vocabulary: Vocabulary, before: readonly Span[]): Span {
  const text = texts[at] ?? '';
  if (isMark(text)) return { kind: 'mark', text, from: at, to: at + 1 };
  const menu = vocabulary.phrases.longest(texts, at);
  const cue = cuePhrases.longest(texts, at);
  const money = moneyAt(texts, at, before.at(-1), (from) => (vocabulary.phrases.longest(texts, from)?.length ?? 0) > 0);
  if (money !== null && money.length >= (menu?.length ?? 0))
    return { kind: 'money', cents: money.cents, from: at, to: at + money.length };
  if (menu !== null && menu.length >= (cue?.length ?? 0)) {
    const to = at + menu.length;
    return { kind: 'menu', meaning: menu.value, text: texts.slice(at, to).join(' '), from: at, to };
  }
  if (cue !== null && cue.value.kind !== null) {
    const to = at + cue.length;
    return { kind: 'cue', cue: cue.value.kind, text: texts.slice(at, to).join(' '), from: at, to };
  }
  const number = numberOf(text);
  if (number !== null) {
    const ones = number >= 20 && number < 100 && number % 10 === 0 ? numberOf(texts[at + 1] ?? '') : null;
    const isCompound = ones !== null && ones >= 1 && ones <= 9 && vocabulary.phrases.longest(texts, at + 1) === null;
    return { kind: 'number', value: number + (isCompound ? (ones ?? 0) : 0), from: at, to: at + (isCompound ? 2 : 1) };
  }
  return {
    kind: 'word',
    text,
    isKnown:
      commonWords.has(text) || commonWords.has(singularOf(text)) || cueWords.has(text) || text.startsWith('allerg'),
    isOfMenu: vocabulary.words.has(text),
    from: at,
    to: at + 1,
  };
}

/** What is left of a clause at whose end the guest barged in: the thing that was being named is not counted. */
export function withoutUnfinished(spans: readonly Span[]): readonly Span[] {
  let end = spans.length;
  for (; end > 0; end--) {
    const span = spans[end - 1];
    const isArticle = span?.kind === 'word' && /^(?:an?|the)$/.test(span.text);
    const isPart = span?.kind === 'menu' && (span.meaning.isSize || span.meaning.isShort || span.meaning.item === null);
    const isBegun = span?.kind === 'word' && span.isOfMenu && !span.isKnown;
    if (!isArticle && !isPart && !isBegun && span?.kind !== 'number') break;
  }
  return spans.slice(0, end);
}
