import type { Span } from './clause.ts';

export function isInPlaceOf(text: string): boolean {
  return text === 'instead of' || text === 'rather than' || text === 'in place of';
}

export function namesProduct(span: Span): boolean {
  return span.kind === 'menu' && (span.meaning.item !== null || span.meaning.options.length > 0);
}

/** An item of the menu, and nothing else. */
export function isProduct(span: Span): boolean {
  return span.kind === 'menu' && span.meaning.item !== null && span.meaning.options.length === 0;
}

export function isUnknown(span: Span | undefined): boolean {
  return span?.kind === 'word' && !span.isKnown;
}

export function isOrdinal(span: Span | undefined): boolean {
  return span?.kind === 'cue' && (span.cue === 'split' || span.cue === 'next-order');
}

export function isPoliteness(span: Span): boolean {
  return span.kind === 'mark' || (span.kind === 'cue' && (span.cue === 'ack' || span.cue === 'filler'));
}

export function isBetweenMarks(spans: readonly Span[], index: number): boolean {
  const before = spans.slice(0, index).findLast((span) => span.kind !== 'cue' || span.cue !== 'filler');
  return before?.kind === 'mark' && spans[index + 1]?.kind === 'mark';
}

export function isHello(span: Span | undefined): boolean {
  return span?.kind === 'cue' && /^(?:hi|hello|hey|good morning|good afternoon|good evening)$/.test(span.text);
}
