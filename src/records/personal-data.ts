/**
 * What guests say of themselves and the agent repeats: numbers of cards and telephones, security codes, number plates, e-mail addresses.
 * Masked before anything is written. Names stay: they cannot be told from other words, and a kitchen calls them out.
 *
 * A payment card number has 13 to 19 digits (ISO/IEC 7812-1), a telephone number 7 to 15 (ITU-T E.164); no order has so many in a row.
 * Without a checksum: a misheard digit would break it and let the rest through.
 */
const SPOKEN_DIGITS_MIN = 10;
/** Where some of them were written together, as in 555 1234. */
const WRITTEN_DIGITS_MIN = 7;
const WRITTEN_TOGETHER = 3;
const MASK = '****';

/** Words that can be part of one: 19 digits, spoken one by one. */
export const PERSONAL_WORDS_MAX = 19;

const spokenDigits = new Set(['zero', 'oh', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']);
/** After these the digits that follow within a few words are nobody's business, however few. */
const codeCues = /\b(security code|cvv|cvc|pin code|pin number|expiration date|expiry date)\b/i;
const plateCues = /\b(license plate|licence plate|number plate|plate number)\b/i;
const CUE_REACH = 5;
const topLevel = new Set(['com', 'net', 'org', 'edu', 'gov', 'io', 'co', 'us', 'uk', 'de', 'fr']);

/** Digits that a word stands for: 4 for `4111`, 1 for `four`, 0 for anything else (`$4.00`, `small`). */
function digitCount(word: string): number {
  const plain = bare(word);
  if (/^\+?\d+(-\d+)*$/.test(plain)) return plain.replace(/\D/g, '').length;
  return spokenDigits.has(plain.toLowerCase()) ? 1 : 0;
}

/** True for a word that may end or be a part of what is masked: only then the words before need to be looked at again. */
export function mayBePersonal(word: string): boolean {
  return digitCount(word) > 0 || word.includes('@') || topLevel.has(bare(word).toLowerCase()) || /\d/.test(word);
}

/** The words with the personal ones masked, each for itself, so that their places stay. */
export function maskWords(words: readonly string[]): string[] {
  const masked = [...words];
  maskDigitRuns(words, masked);
  maskAddresses(words, masked);
  maskAfterCues(words, masked);
  return masked;
}

function maskDigitRuns(words: readonly string[], masked: string[]): void {
  for (let start = 0; start < words.length; ) {
    let end = start;
    let digits = 0;
    let together = 0;
    for (let count = digitCount(words[end] ?? ''); count > 0; count = digitCount(words[++end] ?? '')) {
      digits += count;
      together = Math.max(together, count);
    }
    if (digits >= (together >= WRITTEN_TOGETHER ? WRITTEN_DIGITS_MIN : SPOKEN_DIGITS_MIN))
      masked.fill(MASK, start, end);
    start = end + 1;
  }
}

/** `ann@example.com`, and "ann dot lee at example dot com". */
function maskAddresses(words: readonly string[], masked: string[]): void {
  const is = (at: number, word: string) => bare(words[at] ?? '').toLowerCase() === word;
  for (const [index, word] of words.entries()) {
    if (/\S@\S+\.\S/.test(word)) masked[index] = MASK;
    if (!topLevel.has(bare(word).toLowerCase()) || !is(index - 1, 'dot')) continue;
    let start = index - 2;
    while (is(start - 1, 'dot')) start -= 2;
    if (!is(start - 1, 'at')) continue;
    start -= 2;
    while (is(start - 1, 'dot')) start -= 2;
    masked.fill(MASK, Math.max(0, start), index + 1);
  }
}

function maskAfterCues(words: readonly string[], masked: string[]): void {
  for (let index = 1; index < words.length; index++) {
    const pair = `${bare(words[index - 1] ?? '')} ${bare(words[index] ?? '')}`;
    const isCode = codeCues.test(pair);
    if (!isCode && !plateCues.test(pair)) continue;
    for (let at = index + 1; at <= index + CUE_REACH && at < words.length; at++) {
      const plain = bare(words[at] ?? '');
      const isPlate = !isCode && (/^[A-Z0-9]{2,8}$/.test(plain) || /^[A-Z]$/.test(plain));
      if (digitCount(plain) > 0 || isPlate) masked[at] = MASK;
    }
  }
}

function bare(word: string): string {
  return word.replace(/^[("']+|[)"'.,;:!?-]+$/g, '');
}

/** The same for running text; its spaces stay. */
export function maskText(text: string): string {
  const parts = text.split(/(\s+)/);
  const masked = maskWords(parts.filter((_, index) => index % 2 === 0));
  return parts.map((part, index) => (index % 2 === 0 ? (masked[index / 2] ?? part) : part)).join('');
}

/** JSON of an order or ticket: what was said and noted is masked; ids, checksums and prices are not looked at. */
export function maskedJson(value: unknown): string {
  return JSON.stringify(value, (key, entry: unknown) =>
    typeof entry === 'string' && (key === 'text' || key === 'note') ? maskText(entry) : entry,
  );
}
