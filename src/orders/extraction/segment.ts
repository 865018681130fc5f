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
  };
}
