import { matchesOf, mergeOptions, optionsFor } from './line-matching.ts';
import type { Mention } from './mention.ts';
import { addLine, changeLine, type OrderLine, type OrderState } from './order-state.ts';
import type { ReadingContext } from './reading-context.ts';

export function readLoose(state: OrderState, mention: Mention, context: ReadingContext): OrderState {
  let next = state;
  if (mention.isMore && mention.kind.length === 0) return repeatFocus(state, mention, context);
  if (mention.becomesCombo) next = upgraded(next, context);
  if (mention.isSplit && mention.sizePhrase !== null) next = splitBySize(next, mention, mention.sizePhrase, context);
  else if (mention.sizePhrase !== null) next = resize(next, mention, mention.sizePhrase, context);
  if (mention.options.length > 0) next = applyOptions(next, mention, context);
  else if (
    mention.quantity !== null &&
    !mention.isArticle &&
    mention.sizePhrase === null &&
    mention.kind.length === 0 &&
    !mention.becomesCombo &&
    context.isOfFocus
  ) {
    const focus = next.lines.find(({ id }) => id === next.focusId);
    if (focus !== undefined) next = changeLine(next, focus.id, { quantity: mention.quantity }, context.source);
  }
  return next;
}

/** "one more", "another one with steak", "another in large". */
function repeatFocus(state: OrderState, mention: Mention, { source, vocabulary }: ReadingContext): OrderState {
  const focus = state.lines.find(({ id }) => id === state.focusId);
  if (focus === undefined) return state;
  const options = optionsFor(focus.item, mention.options);
  const size = mention.sizePhrase === null ? null : vocabulary.sizeOf(focus.item, mention.sizePhrase);
  if (options.length > 0 || (size !== null && size !== focus.size)) {
    const line = { item: focus.item, quantity: mention.quantity ?? 1, size: size ?? focus.size, options };
    return addLine(state, line, source);
  }
  return changeLine(state, focus.id, { quantity: focus.quantity + (mention.quantity ?? 1) }, source);
}

/** The focus line becomes the combo that it is the entree of. */
export function upgraded(state: OrderState, { menu, source }: ReadingContext): OrderState {
  const comboOf = (line: OrderLine) =>
    menu.items.find(({ combo }) => combo?.number != null && combo.entree.id === line.item.id) ??
    menu.items.find(({ combo }) => combo?.entree.id === line.item.id);
  const focus = state.lines.find(({ id }) => id === state.focusId);
  const line =
    focus !== undefined && comboOf(focus) !== undefined
      ? focus
      : state.lines.findLast((each) => comboOf(each) !== undefined);
  const item = line === undefined ? undefined : comboOf(line);
  if (line === undefined || item === undefined) return state;
  return changeLine(
    state,
    line.id,
    { item, size: item.sizes.some(({ name }) => name === line.size) ? line.size : null },
    source,
    'replace',
  );
}

/** "two hot chocolates, one small and one large" */
function splitBySize(state: OrderState, mention: Mention, phrase: string, context: ReadingContext): OrderState {
  const { vocabulary, source } = context;
  const count = mention.quantity ?? 1;
  const fitting = state.lines.filter((line) => vocabulary.sizeOf(line.item, phrase) !== null && line.quantity >= count);
  const isOfSize = (line: OrderLine) => line.size === vocabulary.sizeOf(line.item, phrase);
  if (fitting.some((line) => state.touched.has(line.id) && isOfSize(line) && line.quantity === count)) return state;
  const line = fitting.find(({ id }) => id === state.focusId) ?? fitting.at(-1);
  if (line === undefined) return state;
  const size = vocabulary.sizeOf(line.item, phrase);
  if (line.quantity === count) return changeLine(state, line.id, { size }, source);
  const left = changeLine(state, line.id, { quantity: line.quantity - count }, source, 'split');
  const added = addLine(left, { item: line.item, quantity: count, size, options: line.options }, source);
  return { ...added, focusId: line.id };
}

function resize(state: OrderState, mention: Mention, phrase: string, context: ReadingContext): OrderState {
  const { vocabulary, source, askedItem } = context;
  const sized = (line: OrderLine) => vocabulary.sizeOf(line.item, phrase);
  const inKind = (line: OrderLine) => mention.kind.length === 0 || mention.kind.some(({ id }) => id === line.item.id);
  const focus = state.lines.find(({ id }) => id === state.focusId);
  const asked = state.lines.find(({ item }) => item.id === askedItem?.id);
  const candidates = mention.isForAll
    ? state.lines.filter((line) => sized(line) !== null)
    : [
        [asked, focus].find((line) => line !== undefined && sized(line) !== null && inKind(line)) ??
          state.lines.findLast((line) => sized(line) !== null && inKind(line)),
      ];
  if (askedItem !== null && asked === undefined) {
    const size = vocabulary.sizeOf(askedItem, phrase);
    if (size !== null)
      return addLine(state, { item: askedItem, quantity: mention.quantity ?? 1, size, options: [] }, source);
  }
  return candidates.reduce((next, line) => {
    const size = line === undefined ? null : sized(line);
    return line === undefined || size === null ? next : changeLine(next, line.id, { size }, source);
  }, state);
}

function applyOptions(state: OrderState, mention: Mention, context: ReadingContext): OrderState {
  const { source, cutWord } = context;
  const takers = state.lines.filter(
    ({ item }) =>
      optionsFor(item, mention.options).length > 0 &&
      (mention.kind.length === 0 || mention.kind.some(({ id }) => id === item.id)),
  );
  if (takers.length === 0) {
    const asked = context.askedItem;
    if (asked === null || optionsFor(asked, mention.options).length === 0) return state;
    return addLine(
      state,
      { item: asked, quantity: 1, size: null, options: optionsFor(asked, mention.options) },
      source,
    );
  }
  const touched = takers.filter(({ id }) => state.touched.has(id));
  if (mention.isForAll) {
    const latest = Math.max(...takers.map(({ turn }) => turn));
    const chosen =
      touched.length > 0 ? touched : takers.length > 1 ? takers.filter(({ turn }) => turn === latest) : takers;
    return chosen.reduce((next, line) => setOptions(next, line, mention, context), state);
  }
  const focus = takers.find(({ id }) => id === state.focusId);
  const line = focus ?? touched.at(-1) ?? takers.reduce((last, each) => (each.turn >= last.turn ? each : last));
  if (mention.isSplit && mention.quantity !== null) {
    const isThere = touched.some(
      (each) =>
        each.options.length > 0 &&
        optionsFor(each.item, mention.options).every(({ option, action }) =>
          each.options.some((other) => other.option === option && other.action === action),
        ),
    );
    if (isThere) return state;
    const again =
      mention.quantity === null
        ? undefined
        : state.lines.find((each) => each.quantity === mention.quantity && holdsAll(each, mention));
    if (
      again !== undefined &&
      !context.segment.isExclusive &&
      takers.some(({ quantity }) => quantity < (mention.quantity ?? 0) + 1) &&
      !touched.includes(again) &&
      touched.length === 0
    )
      return changeLine(state, again.id, {}, source);
    const remaining =
      focus !== undefined && focus.quantity >= mention.quantity && touched.length > 1 ? focus : undefined;
    const whole =
      remaining ??
      takers.findLast(
        ({ quantity, id }) => quantity > (mention.quantity ?? 1) && (state.touched.has(id) || touched.length === 0),
      );
    if (whole !== undefined && whole.quantity > mention.quantity) {
      const kept = givenWay(whole, optionsFor(whole.item, mention.options), context);
      const options = mergeOptions(whole.item, kept, optionsFor(whole.item, mention.options));
      // "only one of them without onion": the others have what was said of all.
      const said = optionsFor(whole.item, mention.options);
      const isOnlyOfPart = context.segment.isExclusive && said.every((each) => holds(whole, each));
      const rest = isOnlyOfPart
        ? whole.options.filter((each) => !said.some(({ option }) => option === each.option))
        : whole.options;
      const left = changeLine(
        state,
        whole.id,
        { quantity: whole.quantity - mention.quantity, options: rest },
        source,
        'split',
      );
      const added = addLine(
        left,
        { item: whole.item, quantity: mention.quantity, size: whole.size, options, slots: whole.slots },
        source,
      );
      if (added.focusId !== null) context.bound.set(mention, added.focusId);
      return { ...added, focusId: whole.id };
    }
  }
  const isRetraction =
    cutWord !== null &&
    mention.options.every(
      ({ action, options }) =>
        action === 'no' &&
        options.some(({ name, aliases }) =>
          [name, ...aliases].some((each) => each.split(' ').some((word) => word.startsWith(cutWord))),
        ),
    );
  if (isRetraction) {
    const ids = new Set(mention.options.flatMap(({ options }) => options.map(({ optionId }) => optionId)));
    return changeLine(
      state,
      line.id,
      { options: line.options.filter(({ option }) => !ids.has(option.optionId)) },
      source,
    );
  }
  if (mention.isSplit) context.bound.set(mention, line.id);
  return setOptions(state, line, mention, context);
}

function holds(line: OrderLine, { option, action }: OrderLine['options'][number]): boolean {
  return line.options.some((other) => other.option === option && other.action === action);
}

function holdsAll(line: OrderLine, mention: Mention): boolean {
  const said = optionsFor(line.item, mention.options);
  return said.length > 0 && said.every((each) => holds(line, each));
}

function setOptions(state: OrderState, line: OrderLine, mention: Mention, context: ReadingContext): OrderState {
  const said = optionsFor(line.item, mention.options);
  const kept = givenWay(line, said, context);
  return changeLine(state, line.id, { options: mergeOptions(line.item, kept, said, line.takenBack) }, context.source);
}

/** The line's options but for those that the new choice replaces. */
export function givenWay(
  line: OrderLine,
  said: OrderLine['options'],
  { replaces }: ReadingContext,
): OrderLine['options'] {
  if (replaces === 'none') return line.options;
  const chosen = said.filter(({ action }) => action === 'add').map(({ option }) => option);
  return line.options.filter(
    ({ option, action }) =>
      action !== 'add' ||
      !chosen.some(
        (other) =>
          other.groupId === option.groupId && (replaces === 'group' || lastWord(other.name) === lastWord(option.name)),
      ),
  );
}

function lastWord(name: string): string {
  return name.slice(name.lastIndexOf(' ') + 1);
}

/** "remove the onions": an added option is taken back, one that was never added is left off. */
export function removeOptions(state: OrderState, mention: Mention, context: ReadingContext): OrderState {
  const target = mention.item === null ? undefined : matchesOf(state, mention.item, mention)[0]?.line;
  const takers = state.lines.filter(({ item }) => optionsFor(item, mention.options).length > 0);
  const line = target ?? takers.find(({ id }) => id === state.focusId) ?? takers.at(-1);
  if (line === undefined) return state;
  let options = line.options;
  for (const each of optionsFor(line.item, mention.options)) {
    const isAdded = options.some(({ option, action }) => option === each.option && action !== 'no');
    options = options.filter(({ option }) => option !== each.option);
    if (!isAdded && !line.takenBack.includes(each.option)) options = [...options, { ...each, action: 'no' }];
  }
  return changeLine(state, line.id, { options }, context.source);
}

/** "pickles are fine": what was left off comes back. */
export function allowOptions(state: OrderState, mention: Mention, { source }: ReadingContext): OrderState {
  const line = state.lines.findLast(({ item, options }) =>
    optionsFor(item, mention.options).some((each) =>
      options.some(({ option, action }) => option === each.option && action === 'no'),
    ),
  );
  if (line === undefined) return state;
  const allowed = new Set(optionsFor(line.item, mention.options).map(({ option }) => option));
  const options = line.options.filter(({ option, action }) => action !== 'no' || !allowed.has(option));
  return changeLine(state, line.id, { options }, source);
}
