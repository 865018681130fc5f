import type { MenuItem } from '../menu/menu.ts';
import { impliedItem } from './implied-item.ts';
import { matchesOf, meantItem, mergeOptions, optionsFor } from './line-matching.ts';
import { givenWay, readLoose, upgraded } from './loose-reading.ts';
import type { Mention } from './mention.ts';
import { addLine, changeLine, type OrderLine, type OrderState, removeLine, withCost } from './order-state.ts';
import type { ReadingContext } from './reading-context.ts';

/** All readings of one mention, applied to one reading of the order. Seldom more than one. */
export function readMention(state: OrderState, mention: Mention, context: ReadingContext): readonly OrderState[] {
  if (mention.isDenied) return [denied(state, mention, context)];
  if (mention.item === null) return readImplied(state, mention, context) ?? [readLoose(state, mention, context)];
  const item = meantItem(state, mention, mention.item);
  if (mention.slotOf !== null) return readSlot(state, mention, item, context);
  return readLateSlot(state, mention, item, context) ?? readItem(state, mention, item, context);
}

/** A count with size and options, and nothing on the order that takes them. It may be meant for nothing: the total decides, or a person. */
function readImplied(state: OrderState, mention: Mention, context: ReadingContext): readonly OrderState[] | null {
  const isFree = !state.lines.some(({ item }) => optionsFor(item, mention.options).length > 0);
  if (!isFree || context.askedItem !== null || mention.isMore) return null;
  const item = impliedItem(mention, context.vocabulary);
  if (item === null) return null;
  const size = mention.sizePhrase === null ? null : context.vocabulary.sizeOf(item, mention.sizePhrase);
  return [create(state, { ...mention, size }, item, context), withCost(state, 0.5)];
}

function readSlot(state: OrderState, mention: Mention, item: MenuItem, context: ReadingContext): readonly OrderState[] {
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

/** "Both with coke", or a drink said after a combo that still lacks one. */
function readLateSlot(
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

function readItem(state: OrderState, mention: Mention, item: MenuItem, context: ReadingContext): readonly OrderState[] {
  const { segment, source } = context;
  const matches = matchesOf(state, item, mention);
  const taken = new Set(context.bound.values());
  const isStutter = (line: OrderLine) =>
    mention.followsComma &&
    !mention.hasChoices &&
    line.options.length === 0 &&
    line.slots.size === 0 &&
    line.size === null &&
    (line.quantity === mention.quantity || line.quantity === 1);
  const free = matches.filter(({ line }) => !taken.has(line.id) || isStutter(line));
  const whole = wholeOf(state, mention, item, context);
  if (whole !== null) return [whole];
  const isPlainRepeat = mention.quantity === null || mention.isDefinite || (mention.abuts && !mention.hasChoices);
  const usable = isPlainRepeat ? matches : free;
  const best = usable[0];
  if (mention.isMore) return [bind(more(state, mention, item, context), mention, context)];
  if (best !== undefined) {
    const isSame = !best.sizeConflicts && !best.optionsConflict;
    const corrects = segment.isCorrection || segment.act === 'make' || segment.act === 'replace';
    if (isSame || corrects) return [bind(merge(state, best.line, mention, context), mention, context)];
    if (segment.isReadback || mention.isDefinite || mention.quantity === null) {
      const merged = bind(merge(state, best.line, mention, context), mention, context);
      if (!best.sizeConflicts) return [merged];
      return [merged, withCost(create(state, mention, item, context), 0.7)];
    }
  }
  const replaced = best === undefined ? replacedLine(state, item, context) : null;
  if (replaced !== null) {
    if (context.partialCount !== null && context.partialCount < replaced.quantity) {
      const left = changeLine(
        state,
        replaced.id,
        { quantity: replaced.quantity - context.partialCount },
        source,
        'split',
      );
      return [create(left, { ...mention, quantity: context.partialCount }, item, context)];
    }
    const isSure = context.isOfFocus || context.replaces === 'group';
    const slots = item.combo === null ? new Map<string, MenuItem>() : replaced.slots;
    const quantity = mention.quantity !== null && !mention.isArticle ? mention.quantity : replaced.quantity;
    const size = mention.size ?? (item.sizes.some(({ name }) => name === replaced.size) ? replaced.size : null);
    // What comes with a size and options of its own is described anew.
    const isDescribed = mention.size !== null && mention.options.length > 0;
    const inherited = isDescribed ? [] : replaced.options;
    const kept = inherited.filter(({ option }) => item.groups.some(({ id }) => id === option.groupId));
    const options = mergeOptions(item, kept, optionsFor(item, mention.options));
    const changed = changeLine(state, replaced.id, { item, quantity, size, options, slots }, source, 'replace');
    context.bound.set(mention, replaced.id);
    if (isSure) return [changed];
    return [create(state, mention, item, context), withCost(changed, 0.3)];
  }
  return [create(state, mention, item, context)];
}

/** "two lattes, one with oat milk" read back when both are on the order as lines of their own: all of them are meant. */
function wholeOf(
  state: OrderState,
  mention: Mention,
  item: MenuItem,
  { segment, source }: ReadingContext,
): OrderState | null {
  if (!segment.isReadback && segment.act !== 'state') return null;
  if (mention.quantity === null || mention.quantity < 2 || mention.options.length > 0 || mention.isMore) return null;
  const lines = state.lines.filter(
    (line) =>
      line.item.id === item.id &&
      !state.touched.has(line.id) &&
      (mention.size === null || line.size === null || line.size === mention.size),
  );
  const sum = lines.reduce((total, { quantity }) => total + quantity, 0);
  if (lines.length < 2 || sum !== mention.quantity) return null;
  return lines.reduce((next, line) => changeLine(next, line.id, {}, source), state);
}

/** The line whose place a corrected item takes: the last one of the same kind. */
function replacedLine(
  state: OrderState,
  item: MenuItem,
  { segment, isOfFocus, hasRemoved }: ReadingContext,
): OrderLine | null {
  if (hasRemoved || (!segment.isCorrection && !isOfFocus)) return null;
  const open = state.lines.filter(({ id }) => !state.touched.has(id));
  const focus = open.find(({ id }) => id === state.focusId);
  if (isOfFocus && focus !== undefined) return focus;
  return (
    open.findLast(({ item: { category, id } }) => category === item.category || item.combo?.entree.id === id) ?? null
  );
}

function create(state: OrderState, mention: Mention, item: MenuItem, context: ReadingContext): OrderState {
  const options = optionsFor(item, mention.options);
  const created = addLine(
    state,
    { item, quantity: mention.quantity ?? 1, size: mention.size, options },
    context.source,
  );
  return bind(mention.becomesCombo ? upgraded(created, context) : created, mention, context);
}

function merge(state: OrderState, line: OrderLine, mention: Mention, context: ReadingContext): OrderState {
  const { segment, source } = context;
  const setsOne = mention.isArticle && (segment.isReadback || segment.isCorrection);
  const quantity = mention.quantity !== null && (!mention.isArticle || setsOne) ? mention.quantity : line.quantity;
  const said = optionsFor(line.item, mention.options);
  const options = mergeOptions(line.item, givenWay(line, said, context), said, line.takenBack);
  const merged = changeLine(state, line.id, { quantity, size: mention.size ?? line.size, options }, source);
  return mention.becomesCombo ? upgraded(merged, context) : merged;
}

function more(state: OrderState, mention: Mention, item: MenuItem, context: ReadingContext): OrderState {
  const best = matchesOf(state, item, mention)[0];
  const isBare = mention.size === null && mention.options.length === 0;
  const isEqual =
    best !== undefined &&
    !best.sizeConflicts &&
    optionsFor(item, mention.options).length === best.line.options.length &&
    !best.optionsConflict &&
    (mention.size === null || mention.size === best.line.size);
  if (best === undefined || mention.hasChoices || !(isBare || isEqual)) return create(state, mention, item, context);
  return changeLine(state, best.line.id, { quantity: best.line.quantity + (mention.quantity ?? 1) }, context.source);
}

function bind(state: OrderState, mention: Mention, context: ReadingContext): OrderState {
  if (state.focusId !== null) context.bound.set(mention, state.focusId);
  return state;
}

/** "no nachos": the item is not wanted. */
function denied(state: OrderState, mention: Mention, context: ReadingContext): OrderState {
  if (mention.item === null && mention.options.length > 0) {
    const said = mention.options.flatMap(({ options }) => options);
    const holds = (isLeftOff: boolean) =>
      state.lines.findLast(({ options }) =>
        options.some(({ option, action }) => (action === 'no') === isLeftOff && said.includes(option)),
      );
    // "no mustard, not ketchup": what was left off by mistake comes back.
    const line = holds(false) ?? holds(true);
    if (line === undefined) return state;
    return changeLine(
      state,
      line.id,
      { options: line.options.filter(({ option }) => !said.includes(option)) },
      context.source,
    );
  }
  return removeMentioned(state, mention, context, false);
}

/** Takes off what a mention names: a line, some of a line, a combo's choice; or makes a combo its entree again. */
export function removeMentioned(
  state: OrderState,
  mention: Mention,
  context: ReadingContext,
  isPartial: boolean,
): OrderState {
  const { source } = context;
  if (mention.item === null && mention.kind.length > 0) {
    const combos = state.lines.filter(({ item }) => mention.kind.some(({ id }) => id === item.id));
    const isCombo = mention.kind.every(({ combo }) => combo !== null);
    return combos.reduce((next, line) => {
      const entree = line.item.combo?.entree;
      if (!isCombo || entree === undefined || mention.isDefinite) return removeLine(next, line.id, source);
      const item = context.menu.items.find(({ id }) => id === entree.id) ?? entree;
      const options = line.options.filter(({ option }) => item.groups.some(({ id }) => id === option.groupId));
      return {
        ...changeLine(next, line.id, { item, slots: new Map(), size: null, options }, source, 'replace'),
        touched: next.touched,
      };
    }, state);
  }
  if (mention.item === null) return state;
  const item = meantItem(state, mention, mention.item);
  const matches = matchesOf(state, item, mention).filter(({ sizeConflicts }) => !sizeConflicts);
  const line = matches[0]?.line ?? lineOfEntree(state, item);
  if (line === undefined) {
    const holder = state.lines.find(({ slots }) => [...slots.values()].some(({ id }) => id === item.id));
    if (holder === undefined) return state;
    return changeLine(
      state,
      holder.id,
      { slots: new Map([...holder.slots].filter(([, chosen]) => chosen.id !== item.id)) },
      source,
    );
  }
  const count = mention.quantity;
  if (isPartial && count !== null && count < line.quantity)
    return changeLine(state, line.id, { quantity: line.quantity - count }, source);
  return removeLine(state, line.id, source);
}

/** "the burger" may mean a burger of more name, when there is but one of its category. */
function lineOfEntree(state: OrderState, item: MenuItem): OrderLine | undefined {
  return state.lines.find(({ item: { combo } }) => combo?.entree.id === item.id);
}
