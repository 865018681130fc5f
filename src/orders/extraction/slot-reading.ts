import type { MenuItem } from '../menu/menu.ts';
import { bind, readItem } from './item-reading.ts';
import { matchesOf, mergeOptions, optionsFor } from './line-matching.ts';
import type { Mention } from './mention.ts';
import { addLine, changeLine, type OrderLine, type OrderState, removeLine, withCost } from './order-state.ts';
import type { ReadingContext } from './reading-context.ts';

export function readSlot(
  state: OrderState,
  mention: Mention,
  item: MenuItem,
  context: ReadingContext,
): readonly OrderState[] {
  const isThere = state.lines.some(
    (line) => isOfCombo(line, mention) && state.touched.has(line.id) && line.quantity === mention.quantity,
  );
  if (mention.isSplit && isThere) return [state];
  const owner = mention.slotWith ?? mention.slotOf;
  const comboId = owner === null ? undefined : context.bound.get(owner);
  const combo = state.lines.find(({ id }) => id === comboId);
  if (combo === undefined || mention.slotId === null) return readItem(state, mention, item, context);
  if (mention.isSplit && mention.quantity !== null && combo.quantity >= mention.quantity)
    return [splitSlot(state, combo, mention.slotId, item, mention.quantity, mention, context)];
  const isCounted = mention.quantity !== null && !mention.isArticle && mention.quantity !== combo.quantity;
  const standsAlone = (isCounted || mention.size !== null) && !mention.followsWith;
  const isListed = context.segment.isReadback && matchesOf(state, item, mention).length > 0;
  const inSlot = withCost(
    fillSlot(state, combo, mention.slotId, item, mention, context),
    standsAlone || isListed ? 0.6 : 0,
  );
  if (mention.slotWith !== null && mention.slotOf !== null) {
    // The next "one with" is about the combos that are left.
    const restId = context.bound.get(mention.slotOf);
    return [restId === undefined ? inSlot : { ...inSlot, focusId: restId }];
  }
  const alone = readItem(state, mention, item, context).map((each) =>
    withCost(each, standsAlone || isListed ? 0 : 0.8),
  );
  // Said alone before, and now read back as the combo's own.
  const listed = isListed ? matchesOf(state, item, mention)[0]?.line : undefined;
  const moved = listed === undefined ? [] : [withCost(removeLine(inSlot, listed.id, context.source), 0)];
  return [inSlot, ...moved, ...ofComboSize(inSlot, combo.id, mention, context), ...alone];
}

/** "Both with coke", or a drink said after a combo that still lacks one. */
export function readLateSlot(
  state: OrderState,
  mention: Mention,
  item: MenuItem,
  context: ReadingContext,
): readonly OrderState[] | null {
  const fitting = state.lines.flatMap((line) => {
    const slot = line.item.combo?.slots.find(({ options }) => options.some(({ id }) => id === item.id));
    return slot === undefined ? [] : [{ line, slot }];
  });
  if (fitting.length === 0 || mention.isMore) return null;
  if (mention.isSplit && mention.quantity !== null) {
    const count = mention.quantity;
    const isThere = fitting.some(
      ({ line, slot }) => line.slots.get(slot.id)?.id === item.id && line.quantity === count,
    );
    if (isThere) return [state];
    const free = fitting.filter(({ line, slot }) => !line.slots.has(slot.id));
    const isDivisible = ({ line }: { readonly line: OrderLine }) => line.quantity > count;
    const { line, slot } = free.find(isDivisible) ?? free[0] ?? fitting.findLast(isDivisible) ?? {};
    if (line !== undefined && slot !== undefined)
      return [splitSlot(state, line, slot.id, item, mention.quantity, mention, context)];
  }
  if (mention.isForAll || (mention.followsWith && context.bound.size === 0)) {
    const chosen = mention.isForAll ? fitting : fitting.slice(-1);
    return [chosen.reduce((next, { line, slot }) => fillSlot(next, line, slot.id, item, mention, context), state)];
  }
  const lacking = fitting.filter(({ line, slot }) => !line.slots.has(slot.id));
  const focus = context.isOfFocus ? fitting.filter(({ line }) => line.id === state.focusId) : [];
  const target = lacking.at(-1) ?? focus.at(-1);
  if (target === undefined || matchesOf(state, item, mention).length > 0) return null;
  const isAwaited = context.awaitedSlots.has(target.slot.id);
  const standsAlone =
    !isAwaited &&
    (!target.slot.isRequired ||
      mention.size !== null ||
      (mention.quantity !== null && !mention.isArticle && mention.quantity !== target.line.quantity));
  return [
    withCost(fillSlot(state, target.line, target.slot.id, item, mention, context), standsAlone ? 0.5 : 0),
    ...readItem(state, mention, item, context).map((each) => withCost(each, standsAlone ? 0 : 0.5)),
  ];
}

/** So many of a line of combos get the choice; all of them when there are no more. */
function splitSlot(
  state: OrderState,
  combo: OrderLine,
  slotId: string,
  item: MenuItem,
  quantity: number,
  mention: Mention,
  context: ReadingContext,
): OrderState {
  if (combo.quantity <= quantity) return bind(fillSlot(state, combo, slotId, item, mention, context), mention, context);
  const left = changeLine(state, combo.id, { quantity: combo.quantity - quantity }, context.source, 'split');
  const slots = new Map([...combo.slots, [slotId, item] as const]);
  const added = addLine(
    left,
    { item: combo.item, quantity, size: combo.size, options: combo.options, slots },
    context.source,
  );
  return bind(added, mention, context);
}

function fillSlot(
  state: OrderState,
  line: OrderLine,
  slotId: string,
  item: MenuItem,
  mention: Mention,
  { source }: ReadingContext,
): OrderState {
  const options = mergeOptions(line.item, line.options, optionsFor(line.item, mention.options));
  return changeLine(state, line.id, { slots: new Map([...line.slots, [slotId, item]]), options }, source);
}

/** "A number six large curly fries": the size may be the combo's. */
function ofComboSize(
  inSlot: OrderState,
  comboId: string,
  { size }: Mention,
  { source }: ReadingContext,
): readonly OrderState[] {
  const combo = inSlot.lines.find(({ id }) => id === comboId);
  if (combo === undefined || size === null || combo.size !== null) return [];
  if (!combo.item.sizes.some(({ name }) => name === size)) return [];
  return [withCost(changeLine(inSlot, comboId, { size }, source), 0.3)];
}

/** True for a line of the combo that the mention is a choice of, which has that choice. */
function isOfCombo(line: OrderLine, { item, slotOf, slotId }: Mention): boolean {
  return slotId !== null && line.item.id === slotOf?.item?.id && line.slots.get(slotId)?.id === item?.id;
}
