import { impliedItem } from './implied-item.ts';
import { create, readItem } from './item-reading.ts';
import { meantItem, mergeOptions, optionsFor } from './line-matching.ts';
import { readLoose } from './loose-reading.ts';
import type { Mention } from './mention.ts';
import { changeLine, type OrderState, withCost } from './order-state.ts';
import type { ReadingContext } from './reading-context.ts';
import { denied } from './removal.ts';
import { readLateSlot, readSlot } from './slot-reading.ts';

/** All readings of one mention, applied to one reading of the order. Seldom more than one. */
export function readMention(state: OrderState, mention: Mention, context: ReadingContext): readonly OrderState[] {
  if (mention.isDenied) return [denied(state, mention, context)];
  if (mention.item === null) return readImplied(state, mention, context) ?? [readLoose(state, mention, context)];
  const item = meantItem(state, mention, mention.item);
  if (mention.slotOf !== null) return readSlot(state, mention, item, context);
  const read = readLateSlot(state, mention, item, context) ?? readItem(state, mention, item, context);
  return [...readAdded(state, mention, context), ...read];
}

/** "Bean burrito, add guac": of the burrito, or by itself. The total decides. */
function readAdded(state: OrderState, mention: Mention, context: ReadingContext): readonly OrderState[] {
  const focus = state.lines.find(({ id }) => id === state.focusId);
  if (focus === undefined || !context.segment.isAddition || mention.quantity !== null || mention.sizePhrase !== null)
    return [];
  const said = [{ options: mention.sameOptions, action: 'add' as const, half: null, chunk: 0 }];
  const options = optionsFor(focus.item, said);
  if (options.length === 0) return [];
  const changed = changeLine(
    state,
    focus.id,
    { options: mergeOptions(focus.item, focus.options, options) },
    context.source,
  );
  return [withCost(changed, -0.3)];
}

/** A count with size and options, and nothing on the order that takes them. It may be meant for nothing: the total decides, or a person. */
function readImplied(state: OrderState, mention: Mention, context: ReadingContext): readonly OrderState[] | null {
  const isFree = !state.lines.some(({ item }) => optionsFor(item, mention.options).length > 0);
  if (!isFree || context.askedItem !== null || mention.isMore || mention.isSplit || mention.isForAll) return null;
  const { sizePhrase } = mention;
  if (mention.kind.length > 0 || mention.becomesCombo || context.segment.act !== 'state') return null;
  if (sizePhrase !== null && state.lines.some(({ item }) => context.vocabulary.sizeOf(item, sizePhrase) !== null))
    return null;
  const item = impliedItem(mention, context.vocabulary);
  if (item === null) return null;
  const size = mention.sizePhrase === null ? null : context.vocabulary.sizeOf(item, mention.sizePhrase);
  return [create(state, { ...mention, size }, item, context), withCost(state, 0.5)];
}
