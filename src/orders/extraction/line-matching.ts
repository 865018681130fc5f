import type { MenuItem, MenuOption } from '../menu/menu.ts';
import type { Mention, MentionedOption } from './mention.ts';
import type { LineOption, OrderLine, OrderState } from './order-state.ts';
import { singularOf } from './vocabulary.ts';

/** The mention's options that the item takes, as the item's own. */
export function optionsFor(item: MenuItem, mentioned: readonly MentionedOption[]): LineOption[] {
  const found: LineOption[] = [];
  for (const { options, action, half } of mentioned) {
    const group = item.groups.find(({ id }) => options.some(({ groupId }) => groupId === id));
    const option = options.find(({ groupId }) => groupId === group?.id);
    if (option !== undefined && !found.some((other) => other.option === option && other.half === half))
      // There is one crust to a pizza: what can be chosen once is of the whole.
      found.push({ option, action, half: group?.max === 1 ? null : half });
  }
  return found;
}

const opposites: Readonly<Record<string, string>> = { hot: 'iced', iced: 'hot' };

/** What was said later of an option stands: "no cheese" takes added cheese back. A group with room for one keeps the last. */
export function mergeOptions(
  item: MenuItem,
  kept: readonly LineOption[],
  said: readonly LineOption[],
  takenBack: readonly MenuOption[] = [],
): readonly LineOption[] {
  let merged = [...kept];
  for (const each of said) {
    const group = item.groups.find(({ id }) => id === each.option.groupId);
    // "No onions." "You do want onions": as it comes.
    const wasLeftOff = kept.some(({ option, action }) => option === each.option && action === 'no');
    if (wasLeftOff && each.action === 'add' && each.option.priceCents === 0) {
      merged = merged.filter(({ option }) => option !== each.option);
      continue;
    }
    merged = merged.filter(
      ({ option, half, action }) =>
        !(option === each.option && (half === each.half || half === null || each.half === null)) &&
        !(group?.max === 1 && option.groupId === each.option.groupId && action === 'add' && each.action === 'add'),
    );
    // "no ice" said of an iced latte.
    const derived = merged.filter(
      ({ option, action }) =>
        action === 'add' &&
        each.action === 'no' &&
        [`${each.option.name}d`, `${each.option.name}ed`].includes(option.name),
    );
    if (derived.length > 0) {
      merged = merged.filter((other) => !derived.includes(other));
      continue;
    }
    // A drink is one or the other.
    const opposite = opposites[each.option.name];
    if (each.action === 'add' && opposite !== undefined)
      merged = merged.filter(({ option, action }) => action !== 'add' || option.name !== opposite);
    const wasAdded = kept.some(({ option, action }) => option === each.option && action === 'add');
    if (each.action === 'no' && (wasAdded || takenBack.includes(each.option))) continue;
    merged.push(each);
  }
  return merged;
}

export interface Match {
  readonly line: OrderLine;
  readonly sizeConflicts: boolean;
  readonly optionsConflict: boolean;
  readonly score: number;
}

/** The lines of the mention's item, best first. */
export function matchesOf(state: OrderState, item: MenuItem, mention: Mention): readonly Match[] {
  const said = optionsFor(item, mention.options);
  return state.lines
    .filter((line) => line.item.id === item.id)
    .map((line, index): Match => {
      const sizeConflicts = mention.size !== null && line.size !== null && mention.size !== line.size;
      const shared = said.filter((each) =>
        line.options.some((other) => other.option === each.option && other.action === each.action),
      ).length;
      const contradicts = said.some((each) =>
        line.options.some(
          (other) =>
            other.option === each.option &&
            other.action !== each.action &&
            (other.action === 'no' || each.action === 'no'),
        ),
      );
      const isNested = shared === said.length || shared === line.options.length;
      const optionsConflict = contradicts || !isNested;
      const score =
        (sizeConflicts ? -8 : mention.size !== null && mention.size === line.size ? 2 : 0) +
        (optionsConflict ? -4 : shared * 2 - Math.abs(line.options.length - said.length) * 0.5) +
        (state.touched.has(line.id) ? -1 : 0) +
        (line.quantity === mention.quantity ? 0.5 : 0) +
        index * 0.01;
      return { line, sizeConflicts, optionsConflict, score };
    })
    .sort((left, right) => right.score - left.score);
}

/** "the burger" is the cheeseburger of the order, where it is the only burger there. */
export function meantItem(state: OrderState, mention: Mention, item: MenuItem): MenuItem {
  if (!mention.isDefinite || mention.noun.includes(' ') || state.lines.some((line) => line.item.id === item.id))
    return item;
  const noun = singularOf(mention.noun);
  const lines = state.lines.filter(
    (line) =>
      line.item.combo === null &&
      line.item.name
        .toLowerCase()
        .split(' ')
        .some((word) => singularOf(word).endsWith(noun)),
  );
  return lines.length === 1 ? (lines[0]?.item ?? item) : item;
}

/** True when one of the meaning's options is of a group of the item. */
export function takes(item: MenuItem, meaning: { readonly options: readonly MenuOption[] }): boolean {
  return meaning.options.some(({ groupId }) => item.groups.some(({ id }) => id === groupId));
}
