import { numberOf } from './tokens.ts';

interface Spoken {
  readonly value: number;
  readonly length: number;
}

/** A number below a thousand as it is spoken: 20 1 -> 21, 1 hundred and 5 -> 105. */
function spokenNumber(texts: readonly string[], at: number): Spoken | null {
  const first = numberOf(texts[at] ?? '');
  if (first === null || !Number.isInteger(first)) return null;
  if (texts[at + 1] === 'hundred' && first < 10) {
    const skip = texts[at + 2] === 'and' ? 3 : 2;
    const rest = spokenNumber(texts, at + skip);
    return rest === null || rest.value >= 100
      ? { value: first * 100, length: 2 }
      : { value: first * 100 + rest.value, length: skip + rest.length };
  }
  const ones = first >= 20 && first <= 90 && first % 10 === 0 ? numberOf(texts[at + 1] ?? '') : null;
  return ones !== null && ones >= 1 && ones <= 9 ? { value: first + ones, length: 2 } : { value: first, length: 1 };
}

/** What may stand after an amount that stands alone. */
const closers = new Set([',', 'please', 'at', 'pull', 'drive', 'see', 'thank', 'thanks', 'first', 'next', 'is']);

/** What may stand before a price without "dollars": a verb, a preposition, or a cue of totals. */
const priceLeads = new Set(['is', 'are', 'at', 'for', 'be', 'to', 'of', 'only', 'just', 'total']);

/**
 * An amount of money at `at`, in cents: `21 dollars and 50 cents`, `$ 21.50`, `50 cents`; after a verb also `19 99` and `5 oh 5`.
 * `isMenuAt` keeps "is two twenty piece nuggets" from being a price.
 */
export function moneyAt(
  texts: readonly string[],
  at: number,
  before: { readonly kind: string; readonly text?: string; readonly cue?: string } | undefined,
  isMenuAt: (from: number) => boolean,
): { readonly cents: number; readonly length: number } | null {
  if (texts[at] === '$') {
    const amount = numberOf(texts[at + 1] ?? '');
    if (amount === null) return null;
    const part = numberOf(texts[at + 2] ?? '');
    if (Number.isInteger(amount) && part !== null && part < 100 && (texts[at + 2] ?? '').length === 2)
      return { cents: amount * 100 + part, length: 3 };
    // "$2150": the point was lost on the way.
    if (Number.isInteger(amount) && amount >= 200) return { cents: amount, length: 2 };
    return { cents: Math.round(amount * 100), length: texts[at + 2] === 'dollars' ? 3 : 2 };
  }
  // "an extra dollar twenty"
  if (texts[at] === 'dollar') {
    const part = spokenNumber(texts, texts[at + 1] === 'and' ? at + 2 : at + 1);
    if (part === null || part.value < 5 || part.value >= 100 || isMenuAt(at + 1)) return null;
    const end = at + 1 + (texts[at + 1] === 'and' ? 1 : 0) + part.length;
    return { cents: 100 + part.value, length: end - at + (/^cents?$/.test(texts[end] ?? '') ? 1 : 0) };
  }
  const decimal = numberOf(texts[at] ?? '');
  if (decimal !== null && /^\d+\.\d\d$/.test(texts[at] ?? ''))
    return { cents: Math.round(decimal * 100), length: /^dollars?$/.test(texts[at + 1] ?? '') ? 2 : 1 };
  const whole = spokenNumber(texts, at);
  if (whole === null) return null;
  const next = at + whole.length;
  const unit = texts[next] ?? '';
  if (/^(?:dollars?|bucks?)$/.test(unit)) {
    const from = texts[next + 1] === 'and' || texts[next + 1] === ',' ? next + 2 : next + 1;
    const part = spokenNumber(texts, from);
    const end = part === null ? from : from + part.length;
    if (part !== null && /^cents?$/.test(texts[end] ?? ''))
      return { cents: whole.value * 100 + part.value, length: end + 1 - at };
    if (part !== null && part.value >= 10 && part.value < 100 && !isMenuAt(from) && !isMenuAt(end) && from === next + 1)
      return { cents: whole.value * 100 + part.value, length: end - at };
    return { cents: whole.value * 100, length: whole.length + 1 };
  }
  if (/^cents?$/.test(unit)) return { cents: whole.value, length: whole.length + 1 };
  return bareAmount(texts, at, whole, before, isMenuAt);
}

function bareAmount(
  texts: readonly string[],
  at: number,
  whole: Spoken,
  before: { readonly kind: string; readonly text?: string; readonly cue?: string } | undefined,
  isMenuAt: (from: number) => boolean,
): { readonly cents: number; readonly length: number } | null {
  const lead = before?.text?.split(' ').at(-1) ?? '';
  const isTotal = before?.kind === 'cue' && before.cue === 'total';
  // "Nineteen seventy eight, please pull forward.": an amount that stands alone.
  const opens = before === undefined || before.kind === 'mark' || before.cue === 'ack' || before.cue === 'so';
  if (!isTotal && !opens && !priceLeads.has(lead)) return null;
  const next = at + whole.length;
  const zero = texts[next] === 'oh' || texts[next] === 'o' || texts[next] === '0';
  const part = spokenNumber(texts, zero ? next + 1 : next);
  if (part !== null && (zero ? part.value < 10 : part.value >= 10 && part.value < 100)) {
    const end = next + (zero ? 1 : 0) + part.length;
    if (opens && !closers.has(texts[end] ?? ',')) return null;
    if (!isMenuAt(next) && !isMenuAt(end) && !/^(?:piece|pieces|pc)$/.test(texts[end] ?? ''))
      return { cents: whole.value * 100 + part.value, length: end - at };
  }
  // "your total is 21", or 2150 where the point was lost.
  if (isTotal && !isMenuAt(next))
    return { cents: whole.value >= 200 ? whole.value : whole.value * 100, length: whole.length };
  return null;
}
