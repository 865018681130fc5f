import type { MenuItem } from '../menu/menu.ts';
import { matchesOf, mergeOptions, optionsFor } from './line-matching.ts';
import { givenWay, upgraded } from './loose-reading.ts';
import type { Mention } from './mention.ts';
import { addLine, changeLine, type OrderLine, type OrderState, withCost } from './order-state.ts';
import type { ReadingContext } from './reading-context.ts';

export function readItem(
  state: OrderState,
  mention: Mention,
  item: MenuItem,
  context: ReadingContext,
): readonly OrderState[] {
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
  const isCorrectedAgain = segment.isCorrection && matches.some(({ line }) => line.quantity === mention.quantity);
  const isPlainRepeat =
    isCorrectedAgain || mention.quantity === null || mention.isDefinite || (mention.abuts && !mention.hasChoices);
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

export function create(state: OrderState, mention: Mention, item: MenuItem, context: ReadingContext): OrderState {
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

export function bind(state: OrderState, mention: Mention, context: ReadingContext): OrderState {
  if (state.focusId !== null) context.bound.set(mention, state.focusId);
  return state;
}
