import type { Menu, MenuItem } from '../menu/menu.ts';
import type { Mention } from './mention.ts';
import type { Source } from './order-state.ts';
import type { Segment } from './segment.ts';
import type { Vocabulary } from './vocabulary.ts';

/** What a mention is read in the light of. */
export interface ReadingContext {
  readonly menu: Menu;
  readonly vocabulary: Vocabulary;
  readonly segment: Pick<Segment, 'act' | 'isReadback' | 'isCorrection' | 'isExclusive' | 'isAddition'>;
  /** Which options give way to the new ones: of the same group ("change that to"), or of the same kind ("whole milk", "oat milk"). */
  readonly replaces: 'group' | 'kind' | 'none';
  /** "make that", "change it to": what follows is about the last line, whatever it is. */
  readonly isOfFocus: boolean;
  readonly source: Source;
  /** The item whose particulars the agent asked for, before it was said to be ordered. */
  readonly askedItem: MenuItem | null;
  /** Lines that this segment's mentions made or found. */
  readonly bound: Map<Mention, string>;
  /** The beginning of the word at which the guest barged in. */
  readonly cutWord: string | null;
  /** Something was taken off in this clause: what comes "instead" is added. */
  readonly hasRemoved: boolean;
  /** "switch one of those": so many of the line; null: all. */
  readonly partialCount: number | null;
  /** The slots that the agent asked for last. */
  readonly awaitedSlots: ReadonlySet<string>;
}

/** Which options give way to the mention's own. */
export function givingWay(segment: Segment, mention: Mention): ReadingContext['replaces'] {
  if (segment.act === 'replace' || segment.isChange) return 'group';
  const [only, ...others] = mention.options;
  // "Make one of them chicken."
  if (segment.act === 'make' && mention.isSplit && only?.action === 'add' && others.length === 0) return 'group';
  // "Chicken, my mistake."
  if (
    segment.isCorrection &&
    segment.act === 'state' &&
    mention.item === null &&
    only?.action === 'add' &&
    others.length === 0
  )
    return 'group';
  return segment.isCorrection || segment.isReadback ? 'kind' : 'none';
}
