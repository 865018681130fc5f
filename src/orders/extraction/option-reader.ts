import type { Span } from './clause.ts';
import { takes } from './line-matching.ts';
import type { Mention, MentionedOption } from './mention.ts';
import { type MentionDraft, noPrefix } from './mention-draft.ts';
import { moveToAll } from './option-scope.ts';
import type { MenuMeaning } from './vocabulary.ts';

/** Whether words that name an item and an option too mean the option here. */
export function isOption(draft: MentionDraft, meaning: MenuMeaning, index: number): boolean {
  if (meaning.item === null) return true;
  const target = draft.current?.item ?? null;
  if (draft.preposition) return false;
  if (draft.prefix.isForAll) return true;
  if (meaning.isShort && (draft.half !== null || draft.afterWith)) return true;
  if (meaning.isShort) return draft.prefix.sizePhrase === null || draft.itemAhead(index) !== null;
  if (draft.prefix.quantity !== null || draft.prefix.isDefinite || draft.prefix.sizePhrase !== null) return false;
  // "two with coleslaw": what was counted takes it, or it is a choice of its own.
  if (draft.current?.isSplit === true && target === null)
    return draft.takerOf(meaning) !== null || !draft.mentions.some(({ item }) => item !== null);
  if (draft.action !== null && target === null) {
    const next = draft.spans[index + 1];
    // "no guac on those"
    return draft.action !== 'no' || (next?.kind === 'word' && /^(?:on|in)$/.test(next.text));
  }
  if (target === null) return draft.afterWith || nextIsSide(draft, index) || draft.itemAhead(index) !== null;
  return takes(target, meaning);
}

function nextIsSide(draft: MentionDraft, index: number): boolean {
  const next = draft.spans[index + 1];
  return next?.kind === 'cue' && next.cue === 'side';
}

/** Gives an option to the item ahead, to the one before, or to one that is told by the order. */
export function readOption(draft: MentionDraft, span: Extract<Span, { kind: 'menu' }>, index: number): void {
  const next = draft.spans[index + 1];
  // "cheese curds": an option's name inside an unknown product's.
  if (next?.kind === 'word' && !next.isKnown && draft.prefix.quantity !== null && draft.current?.isSplit !== true)
    return;
  const before = draft.spans[index - 1];
  // "teriyaki sauce": another sauce than the menu's.
  if (before?.kind === 'word' && !before.isKnown && before.text.length > 3 && !span.text.includes(' ')) {
    if (!draft.unknownOptions.some((words) => words.endsWith(before.text))) draft.unknownOptions.push(before.text);
    return;
  }
  const option: MentionedOption = {
    options: span.meaning.options,
    action: draft.action ?? 'add',
    half: draft.half,
    chunk: draft.chunk,
  };
  const ahead = draft.itemAhead(index);
  const current = draft.current;
  if (draft.isDenied && draft.action === null) {
    takeBack(draft, option, span);
    return;
  }
  if (
    ahead !== null &&
    takes(ahead, span.meaning) &&
    (draft.action === null || draft.prefix.quantity !== null || current === null)
  ) {
    draft.prefixOptions.push(option);
    draft.prefix.from ??= span.from;
  } else if (
    current !== null &&
    !draft.preposition &&
    (takesOwn(current, span.meaning) || draft.takerOf(span.meaning) !== null)
  ) {
    const taker = takesOwn(current, span.meaning) ? current : (draft.takerOf(span.meaning) ?? current);
    taker.options.push(option);
    if (taker.isSplit && taker.options.length === 1)
      draft.namings.set(taker, { kind: [], shortFor: span.meaning.isShort ? span.meaning.item : null });
    taker.to = Math.max(taker.to, span.to);
    draft.prefix = { ...noPrefix(), isForAll: draft.prefix.isForAll };
  } else if (current === null || draft.preposition) {
    const loose = draft.newMention(null, draft.prefix);
    loose.options.push(option);
    loose.to = span.to;
    loose.followsWith = draft.afterWith;
    draft.mentions.push(loose);
    draft.current = loose;
    draft.prefix = noPrefix();
  } else if (option.action !== 'no') {
    draft.misfitOptions.push(span.text);
  }
  if (draft.prefix.isForAll && draft.current !== null && !draft.prefixOptions.includes(option))
    moveToAll(draft, option);
  if (!draft.keepsAction && draft.action !== null) draft.action = null;
}

/** "not vanilla, hazelnut": the option was never meant. */
function takeBack(draft: MentionDraft, option: MentionedOption, span: Span): void {
  const mention = draft.newMention(null, { ...noPrefix(), from: span.from });
  mention.isDenied = true;
  mention.options.push(option);
  mention.to = span.to;
  draft.mentions.push(mention);
}

/** True where the mention itself, or the combo that it is a choice of, takes the option. */
function takesOwn({ item, isSplit, slotOf }: Mention, meaning: MenuMeaning): boolean {
  if (item === null || takes(item, meaning)) return true;
  return isSplit && slotOf?.item != null && takes(slotOf.item, meaning);
}
