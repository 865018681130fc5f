import type { MenuItem } from '../menu/menu.ts';
import { matchesOf, meantItem } from './line-matching.ts';
import type { Mention } from './mention.ts';
import { changeLine, type OrderLine, type OrderState, removeLine } from './order-state.ts';
import type { ReadingContext } from './reading-context.ts';

/** "no nachos": the item is not wanted. */
export function denied(state: OrderState, mention: Mention, context: ReadingContext): OrderState {
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
