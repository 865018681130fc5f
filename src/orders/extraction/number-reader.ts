import type { Span } from './clause.ts';
import { countToSize } from './item-reader.ts';
import type { MentionedOption } from './mention.ts';
import { type MentionDraft, type MutableMention, noPrefix } from './mention-draft.ts';

/** A number counts what follows it, or so many of what was said before: "one with cheese". */
export function readNumber(draft: MentionDraft, value: number, span: Span, index: number): void {
  const before = draft.spans[index - 1];
  // "ten, no, not ten, twenty piece": the number is taken back.
  if (before?.kind === 'cue' && before.cue === 'not') {
    draft.prefix = noPrefix();
    draft.endOptions();
    return;
  }
  if (isPartScope(draft, index)) {
    moveToPart(draft, value, span);
    return;
  }
  if (isTrailingCount(draft, index) && draft.current !== null) {
    draft.current.quantity = value;
    draft.current.to = span.to;
    if (draft.current.item !== null) countToSize(draft, draft.current.item, draft.current);
    return;
  }
  const next = draft.spans[index + 1];
  if (
    next?.kind === 'word' &&
    /^(?:pump|pumps|packet|packets|oz|ounce|ounces|shot|percent|pack|packs|cup|cups)$/.test(next.text)
  ) {
    return;
  }
  if (draft.action === 'no' && !draft.keepsAction && draft.current === null) draft.action = null;
  draft.action = null;
  draft.isDenied = false;
  draft.half = null;
  draft.prefix = {
    ...noPrefix(),
    isMore: draft.prefix.isMore,
    // "all 3 with cheese"; but "all large, one cheese" begins anew.
    isForAll: draft.prefix.isForAll && before?.kind === 'cue' && before.cue === 'all',
    quantity: value,
    from: span.from,
  };
  // "one with cheese", "one decaf", "one plain": so many of what was said before.
  const at = draft.spans.slice(index + 1).findIndex((other) => other.kind !== 'mark');
  const follower = at < 0 ? undefined : draft.spans[index + 1 + at];
  const isOfThem = follower?.kind === 'cue' && follower.cue === 'split' && follower.text.startsWith('of ');
  const isWith = follower?.kind === 'word' && follower.text === 'with';
  const isNo =
    follower?.kind === 'cue' &&
    (follower.cue === 'no' || follower.cue === 'extra' || follower.cue === 'plain' || follower.cue === 'light');
  const isBareOption =
    follower?.kind === 'menu' &&
    follower.meaning.options.length > 0 &&
    (follower.meaning.item === null || (follower.meaning.isShort && draft.takerOf(follower.meaning) !== null)) &&
    draft.itemAhead(index + 1 + at) === null;
  // "two hot chocolates, one small and one large"
  const counted = draft.mentions.findLast(({ item }) => item !== null);
  const isBareSize =
    follower?.kind === 'menu' &&
    follower.meaning.isSize &&
    follower.meaning.item === null &&
    (counted?.quantity ?? 0) > value &&
    draft.itemAhead(index + 1 + at) === null;
  const described = draft.mentions.findLast(({ item, slotOf }) => item !== null && slotOf === null);
  if (isWith && isUsedUp(described, value)) startAnother(draft, described, value, span);
  else if (isWith || isNo || isBareOption || isBareSize || isOfThem) startSplit(draft, value, span.from, span.to);
}

/** "one combo with a coke, and one with a sprite": the one was described in full, so this is another. */
function isUsedUp(counted: MutableMention | undefined, value: number): counted is MutableMention {
  if (counted === undefined || counted.isSplit || counted.isDenied || value !== 1 || counted.quantity !== 1)
    return false;
  return counted.options.length > 0 || counted.hasChoices;
}

function startAnother(draft: MentionDraft, counted: MutableMention, value: number, span: Span): void {
  const mention = draft.newMention(counted.item, { ...draft.prefix, quantity: value, isMore: true, from: span.from });
  mention.noun = counted.noun;
  mention.size = counted.size;
  mention.to = span.to;
  draft.mentions.push(mention);
  draft.current = mention;
  if (counted.item?.combo != null) draft.combo = mention;
  draft.prefix = noPrefix();
  draft.endOptions();
  draft.chunk++;
}

/** "Muffin, two.": the count follows its item. */
function isTrailingCount({ current, spans, prefix }: MentionDraft, index: number): boolean {
  if (current === null || current.item === null || current.quantity !== null || current.size !== null) return false;
  if (prefix.isMore || prefix.sizePhrase !== null) return false;
  const before = spans.slice(0, index).findLast((span) => span.kind !== 'mark');
  const next = spans[index + 1];
  return before?.kind === 'menu' && before.to === current.to && (next === undefined || next.kind === 'mark');
}

/** "no onion on one of them": the options before it are of so many. */
function isPartScope({ spans, chunk, current, mentions }: MentionDraft, index: number): boolean {
  const before = spans[index - 1];
  if (current === null || before?.kind !== 'word' || !/^(?:on|in|for)$/.test(before.text)) return false;
  const ofThem = spans[index + 1];
  const after = ofThem?.kind === 'cue' && ofThem.cue === 'split' ? spans[index + 2] : ofThem;
  const ends = after === undefined || after.kind === 'mark' || (after.kind === 'word' && after.text === 'and');
  return ends && mentions.some(({ options }) => options.some((option) => option.chunk === chunk));
}

/** The options said without a break before "on one of them" go to so many of what was counted. */
export function moveToPart(draft: MentionDraft, value: number, span: Span): void {
  const { chunk } = draft;
  const moved: MentionedOption[] = [];
  for (const mention of draft.mentions) {
    moved.push(...mention.options.filter((option) => option.chunk === chunk));
    mention.options.splice(0, mention.options.length, ...mention.options.filter((option) => option.chunk !== chunk));
  }
  startSplit(draft, value, span.from, span.to);
  draft.current?.options.push(...moved);
  draft.endOptions();
  draft.chunk++;
  const counted = draft.mentions.findLast(({ item }) => item !== null);
  if (counted !== undefined) draft.current = counted;
}

export function startSplit(draft: MentionDraft, value: number, from: number, to: number): void {
  const last = draft.mentions.findLast(({ item }) => item !== null);
  draft.current = draft.newMention(null, {
    ...draft.prefix,
    quantity: value,
    from,
  });
  draft.current.isSplit = true;
  draft.current.to = to;
  if (last !== undefined && last.quantity !== null && last.quantity < value) draft.current.isSplit = false;
  draft.mentions.push(draft.current);
  draft.prefix = noPrefix();
}
