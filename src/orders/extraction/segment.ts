import type { Span } from './clause.ts';

export type SegmentAct =
  | 'state'
  | 'none'
  | 'greet'
  | 'offer'
  | 'question'
  | 'menu'
  | 'unavailable'
  | 'out'
  | 'allow'
  | 'remove'
  | 'forget'
  | 'clear'
  | 'replace'
  | 'make'
  | 'total';

/** A run of a clause with one act. */
export interface Segment {
  act: SegmentAct;
  readonly spans: Span[];
  /** "so", "that's", "I have": the order is said again. */
  isReadback: boolean;
  /** "just the burger": nothing else. */
  isExclusive: boolean;
  /** "sorry", "actually", "instead": it takes the place of what was said. */
  isCorrection: boolean;
  isAddition: boolean;
  /** "instead", "change that to": it takes the place of something of its kind. */
  isChange: boolean;
  /** "substitute rings for the fries": the new comes first. */
  isReversed: boolean;
  /** "sold out", "right now": what is missing is missed for a time only. */
  isTemporary: boolean;
  /** "out of": said of the thing itself. */
  isRunOut: boolean;
  /** The words that opened it: "we have got". */
  lead: string;
}

export function newSegment(act: SegmentAct): Segment {
  return {
    act,
    spans: [],
    isReadback: false,
    isExclusive: false,
    isCorrection: false,
    isAddition: false,
    isChange: false,
    isReversed: false,
    isTemporary: false,
    isRunOut: false,
    lead: '',
  };
}

/** The two sides of "change the fries to rings", and of "substitute rings for the fries". */
export function oldAndNew({ act, spans, isReversed }: Segment): {
  readonly old: readonly Span[];
  readonly target: readonly Span[];
} {
  const isTurn = (span: Span) => span.kind === 'word' && /^(?:to|with|for|into|by)$/.test(span.text);
  const at =
    act === 'replace'
      ? spans.findLastIndex((span, index) => isTurn(span) && spans.slice(index + 1).some(({ kind }) => kind === 'menu'))
      : -1;
  if (at < 0) return { old: [], target: spans };
  const left = spans.slice(0, at);
  const right = spans.slice(at + 1);
  if (!isReversed || at === 0) return { old: left, target: right };
  // "rings instead of fries, and a coke": the list goes on after what gave way.
  const named = right.findIndex(({ kind }) => kind === 'menu');
  const end = right.findIndex(
    (span, index) => index > named && (span.kind === 'mark' || (span.kind === 'word' && span.text === 'and')),
  );
  return end < 0 ? { old: right, target: left } : { old: right.slice(0, end), target: [...left, ...right.slice(end)] };
}
