import type { MenuItem, MenuOption } from '../menu/menu.ts';
import { changeLine, type OrderState, removeLine, type Source } from './order-state.ts';

/** "The shake machine is down": every line of the kind goes. */
export function withoutKind(state: OrderState, kind: readonly MenuItem[], source: Source): OrderState {
  return state.lines
    .filter(({ item }) => kind.some(({ id }) => id === item.id))
    .reduce((left, line) => removeLine(left, line.id, source), state);
}

/** "We're out of pineapple": it is taken off every line that has it. */
export function withoutOptions(state: OrderState, gone: readonly MenuOption[], source: Source): OrderState {
  return state.lines.reduce((next, line) => {
    const options = line.options.filter(({ option, action }) => action === 'no' || !gone.includes(option));
    return options.length === line.options.length ? next : changeLine(next, line.id, { options }, source);
  }, state);
}
