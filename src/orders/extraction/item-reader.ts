import type { MenuItem } from '../menu/menu.ts';
import type { Span } from './clause.ts';
import { takes } from './line-matching.ts';
import { type MentionDraft, type MutableMention, noPrefix } from './mention-draft.ts';
import { moveChunk } from './option-scope.ts';

/** An item takes what was said before it, and what follows goes to it; after a combo it may be a choice of the combo. */
export function readItem(
  draft: MentionDraft,
  item: MenuItem,
  span: Extract<Span, { kind: 'menu' }>,
  index: number,
): void {
  const prefix = draft.prefix;
  const mention = draft.newMention(item, prefix);
  mention.to = span.to;
  mention.noun = span.text;
  mention.sameOptions = span.meaning.options;
  mention.isDenied = draft.isDenied || draft.action === 'no';
  mention.followsWith = draft.afterWith;
  mention.abuts = draft.separator === null;
  mention.followsComma = draft.separator === ',';
  draft.separator = null;
  if (prefix.sizePhrase !== null) {
    mention.sizePhrase = prefix.sizePhrase;
    mention.size = draft.vocabulary.sizeOf(item, prefix.sizePhrase);
  } else if (prefix.quantity !== null && !prefix.isArticle) countToSize(draft, item, mention);
  if (draft.action === 'extra') mention.isMore = true;
  mention.options.push(...draft.prefixOptions);
  for (const { options } of draft.prefixOptions)
    if (!takes(item, { options })) draft.misfitOptions.push(options[0]?.name ?? '');
  if (draft.preposition) moveChunk(draft, mention);
  const split = draft.current;
  // "two kids meals, one with apple slices"
  if (
    split?.isSplit === true &&
    split.item === null &&
    split.options.length === 0 &&
    draft.mentions.at(-1) === split &&
    draft.afterWith
  ) {
    draft.mentions.pop();
    draft.current = null;
    mention.isSplit = true;
    mention.quantity = split.quantity;
  }
  if (draft.combo !== null && !mention.isDenied && !mention.isMore && !mention.isForAll)
    offerSlot(draft, mention, draft.combo);
  draft.mentions.push(mention);
  if (span.meaning.kind.includes(item)) draft.namings.set(mention, { kind: span.meaning.kind, shortFor: null });
  // "one with a coke and chicken": the option is of the combo that has the coke.
  if (mention.slotOf === null || mention.isSplit) {
    draft.current = mention;
    if (item.combo !== null && mention.slotOf === null) draft.combo = mention;
  }
  draft.prefix = noPrefix();
  draft.prefixOptions = [];
  const next = draft.spans[index + 1];
  const listGoesOn = mention.isDenied && next?.kind === 'word' && (next.text === 'or' || next.text === 'and');
  if (!listGoesOn) draft.action = null;
  draft.isDenied = listGoesOn;
  draft.afterWith = false;
  draft.preposition = false;
  draft.half = null;
  draft.chunk++;
}

/** "twelve wings" where twelve is a size; "ten nuggets" where there is a ten piece. */
export function countToSize(draft: MentionDraft, item: MenuItem, mention: MutableMention): void {
  const count = mention.quantity ?? 0;
  const size =
    draft.vocabulary.sizeOf(item, String(count)) ??
    (count >= 4 ? draft.vocabulary.sizeOf(item, `${count} piece`) : null);
  if (size === null) return;
  mention.size = size;
  mention.sizePhrase = String(count);
  mention.quantity = 1;
}

function offerSlot(draft: MentionDraft, mention: MutableMention, combo: MutableMention): void {
  const item = mention.item;
  const before = draft.mentions.at(-1);
  const isOfCombo = before?.slotOf === combo || (before?.isSplit === true && before.item === null);
  const splitBefore = before !== undefined && isOfCombo ? (before.isSplit ? before : before.slotWith) : null;
  if (!mention.isSplit && !mention.followsComma && (mention.quantity === null || mention.isArticle))
    mention.slotWith = splitBefore;
  const slot = combo.item?.combo?.slots.find(
    ({ id, options }) =>
      item !== null &&
      options.some((each) => each.id === item.id) &&
      !draft.mentions.some(
        (other) =>
          other.slotOf === combo &&
          other.slotId === id &&
          !other.isSplit &&
          other.slotWith === mention.slotWith &&
          (other.quantity === null || other.isArticle || mention.quantity === null || mention.isArticle),
      ),
  );
  if (slot === undefined) return;
  mention.slotOf = combo;
  mention.slotId = slot.id;
  combo.hasChoices = true;
}

/** "the shakes": a word for several items. */
export function readKind(draft: MentionDraft, span: Extract<Span, { kind: 'menu' }>, index: number): void {
  const isPlain =
    draft.prefix.quantity === null &&
    !draft.prefix.isDefinite &&
    draft.action === null &&
    draft.spans[index + 1] !== undefined;
  if (isPlain && draft.current !== null) return;
  const mention = draft.newMention(null, draft.prefix);
  mention.kind = span.meaning.kind;
  mention.isDenied = draft.isDenied || draft.action === 'no';
  mention.options.push(...draft.prefixOptions);
  mention.to = span.to;
  if (draft.preposition) moveChunk(draft, mention);
  draft.mentions.push(mention);
  draft.current = mention;
  draft.prefix = noPrefix();
  draft.prefixOptions = [];
  draft.endOptions();
}
