import type { MenuItem } from '../menu/menu.ts';
import type { Span } from './clause.ts';
import { takes } from './line-matching.ts';

/**
 * The item that the words at `index` lead up to, with nothing but options and sizes between; `joins`: also an "and"; `isSized`: a short
 * name ("a large pepperoni") may be the item.
 */
export function itemAhead(spans: readonly Span[], index: number, joins: boolean, isSized: boolean): MenuItem | null {
  let sized = isSized || isSize(spans[index]);
  // "large pepperoni deep dish": the short name is the item where no other follows.
  let short: MenuItem | null = null;
  for (let at = index + 1; at < spans.length; at++) {
    const span = spans[at];
    if (span === undefined) return short;
    if (span.kind === 'cue' && (span.cue === 'half' || span.cue === 'other-half')) continue;
    if (span.kind === 'menu') {
      sized ||= isSize(span);
      if (span.meaning.item !== null && (!span.meaning.isShort || sized)) {
        const isLast = spans[at + 1]?.kind !== 'menu' || span.meaning.options.length === 0;
        if (isLast) return span.meaning.item;
        short ??= span.meaning.isShort ? span.meaning.item : null;
      }
      if (span.meaning.options.length > 0 || span.meaning.isSize) continue;
      return short;
    }
    const isJoined = span.kind === 'word' && span.text === 'and' && joins;
    if (isJoined && spans[at + 1]?.kind === 'menu' && leadsToPlainItem(spans, at + 1)) continue;
    return short;
  }
  return short;
}

function isSize(span: Span | undefined): boolean {
  return span?.kind === 'menu' && span.meaning.isSize;
}

/** "pepperoni and mushroom pizza": after the "and", an option and then its item, with no number or article of its own. */
function leadsToPlainItem(spans: readonly Span[], at: number): boolean {
  const first = spans[at];
  const second = spans[at + 1];
  return (
    first?.kind === 'menu' &&
    first.meaning.item === null &&
    first.meaning.options.length > 0 &&
    second?.kind === 'menu' &&
    second.meaning.item !== null &&
    takes(second.meaning.item, first.meaning)
  );
}

/** "no lettuce, tomato or onion" denies all three, "no pickles, ketchup" one. */
export function deniesList(spans: readonly Span[], index: number): boolean {
  let commas = 0;
  for (let at = index + 1; at < spans.length; at++) {
    const span = spans[at];
    if (span?.kind === 'menu' && span.meaning.options.length > 0) continue;
    if (span?.kind === 'mark') {
      commas++;
      continue;
    }
    if (span?.kind === 'word' && span.text === 'or') return true;
    if (span?.kind === 'word' && span.text === 'and') {
      const next = spans[at + 1];
      const after = spans[at + 2];
      // "no lettuce and mayo on the side"
      if (after?.kind === 'cue' && (after.cue === 'side' || after.cue === 'add')) return false;
      return commas === 0 && next?.kind === 'menu' && next.meaning.item === null && next.meaning.options.length > 0;
    }
    return false;
  }
  return false;
}

/** "on the burger": a preposition that an item follows. */
export function leadsToItem(spans: readonly Span[], index: number): boolean {
  for (let at = index + 1; at < spans.length && at <= index + 4; at++) {
    const span = spans[at];
    if (span?.kind === 'menu') {
      if (span.meaning.item !== null || span.meaning.kind.length > 0) return true;
      if (span.meaning.isSize || span.meaning.options.length > 0) continue;
      return false;
    }
    if (span?.kind === 'word' && /^(?:the|your|that|those|this|each)$/.test(span.text)) continue;
    if (span?.kind === 'cue' && span.cue === 'all') continue;
    return false;
  }
  return false;
}

/** "pepperoni and ham on one half": both are of the half. */
export function halfFollows(spans: readonly Span[], index: number): boolean {
  for (let at = index + 1; at < spans.length; at++) {
    const span = spans[at];
    if (span?.kind === 'menu' && span.meaning.options.length > 0) continue;
    if (span?.kind === 'word' && span.text === 'and') continue;
    return at > index + 1 && span?.kind === 'cue' && (span.cue === 'half' || span.cue === 'other-half');
  }
  return false;
}

/** A number or a size, and nothing else. */
export function leadsToCount(next: Span | undefined): boolean {
  if (next?.kind === 'number') return true;
  return (
    next?.kind === 'menu' && next.meaning.isSize && next.meaning.item === null && next.meaning.options.length === 0
  );
}
