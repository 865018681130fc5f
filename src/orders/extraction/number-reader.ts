import type { Span } from './clause.ts';
import { type MentionDraft, noPrefix } from './mention-draft.ts';

/** A number counts what follows it, or so many of what was said before: "one with cheese". */
export function readNumber(draft: MentionDraft, value: number, span: Span, index: number): void {
  const before = draft.spans[index - 1];
  // "ten, no, not ten, twenty piece": the number is taken back.
  if (before?.kind === 'cue' && before.cue === 'not') {
    draft.prefix = noPrefix();
    draft.endOptions();
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
  const isOfThem = follower?.kind === 'cue' && follower.cue === 'split' && follower.text === 'of them';
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
  if (isWith || isNo || isBareOption || isBareSize || isOfThem) startSplit(draft, value, span.from, span.to);
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
