/** A payment card number has 13 to 19 digits (ISO/IEC 7812-1); no order has so many in a row. */
const CARD_DIGITS_MIN = 13;
const MASK = '****';

/** Words that can be part of one card number: 19 digits, spoken one by one. */
export const CARD_WORDS_MAX = 19;

const spokenDigits = new Set(['zero', 'oh', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']);

/** Digits that a word stands for: 4 for `4111`, 1 for `four`, 0 for anything else (`$4.00`, `small`). */
export function digitCount(word: string): number {
  const bare = word.replace(/^[("']+|[)"'.,;:!?-]+$/g, '');
  if (/^\d+(-\d+)*$/.test(bare)) return bare.replaceAll('-', '').length;
  return spokenDigits.has(bare.toLowerCase()) ? 1 : 0;
}

/**
 * Masks every run of words that together have the digits of a card number. Without a checksum: a misheard digit would
 * break it and let the rest through.
 */
export function maskCardWords(words: readonly string[]): string[] {
  const masked = [...words];
  for (let start = 0; start < words.length; ) {
    let end = start;
    let digits = 0;
    for (let count = digitCount(words[end] ?? ''); count > 0; count = digitCount(words[++end] ?? '')) digits += count;
    if (digits >= CARD_DIGITS_MIN) masked.fill(MASK, start, end);
    start = end + 1;
  }
  return masked;
}

/** The same for running text; its spaces stay. */
export function maskCardNumbers(text: string): string {
  const parts = text.split(/(\s+)/);
  const masked = maskCardWords(parts.filter((_, index) => index % 2 === 0));
  return parts.map((part, index) => (index % 2 === 0 ? (masked[index / 2] ?? part) : part)).join('');
}

/** JSON of an order or ticket: what was said and noted is masked; ids, checksums and prices are not looked at. */
export function maskedJson(value: unknown): string {
  return JSON.stringify(value, (key, entry: unknown) =>
    typeof entry === 'string' && (key === 'text' || key === 'note') ? maskCardNumbers(entry) : entry,
  );
}
