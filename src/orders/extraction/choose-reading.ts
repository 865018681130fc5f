import type { Menu } from '../menu/menu.ts';
import {
  addLine,
  changeLine,
  emptyState,
  type NewLine,
  type OrderState,
  removeLine,
  type Source,
  signature,
  totalCents,
  withCost,
} from './order-state.ts';

const READINGS_KEPT = 4;
/** Readings whose costs are nearer than this are as likely as each other. */
const DOUBT = 0.55;
/** What a reading gains by costing what the agent said. */
const TOTAL_FITS = -10;
/** A read-back is final when no more turns than this lie between it and the closing. */
const READBACK_TURNS = 2;
/** A reading with more first mendings than this is not mended twice: the closing must not wait. */
const TWICE_MENDED = 24;

/** The turn in which the order was last said again; sure: "just", nothing else. */
export interface Readback {
  readonly turn: number;
  readonly isSure: boolean;
}

/** What was offered or priced and not counted: the guest may have taken it in words that were not heard here. */
export interface Withheld {
  readonly line: NewLine;
  readonly source: Source;
}

export interface ClosingWords {
  readonly withheld: readonly Withheld[];
  readonly menu: Menu;
  readonly readback: Readback | null;
  readonly spokenTotalCents: number | null;
  readonly turn: number;
  readonly atMs: number;
}

/** The cheapest few readings that hold different things, cheapest first. */
export function keepCheapest(states: readonly OrderState[]): readonly OrderState[] {
  if (states.length === 1) return states;
  const kept = new Map<string, OrderState>();
  for (const state of states.toSorted((left, right) => left.cost - right.cost)) {
    const key = signature(state.lines);
    if (!kept.has(key)) kept.set(key, state);
    if (kept.size >= READINGS_KEPT) break;
  }
  return [...kept.values()];
}

/**
 * The reading that the closing words speak for: the one whose price is the spoken total, else the cheapest. A final read-back
 * wins over what it left out. `isDoubtful` is null where there was nothing to choose.
 */
export function chooseReading(
  states: readonly OrderState[],
  closing: ClosingWords,
): { readonly state: OrderState; readonly isDoubtful: boolean | null } {
  const { menu, spokenTotalCents } = closing;
  const read = states.flatMap((state) => afterReadback(state, closing));
  const fits = (state: OrderState) =>
    spokenTotalCents !== null && state.lines.length > 0 && totalCents(menu, state) === spokenTotalCents;
  const weighed = read.map((state) => (fits(state) ? withCost(state, TOTAL_FITS) : state));
  const isFound = spokenTotalCents === null || read.some(fits);
  const mended = isFound ? [] : mendedReadings(read, closing, fits);
  const [first = emptyState, second] = keepCheapest([
    ...mended.map((state) => withCost(state, TOTAL_FITS)),
    ...weighed,
  ]);
  return { state: { ...first, cost: 0 }, isDoubtful: second === undefined ? null : second.cost - first.cost < DOUBT };
}

/** The order as it is, and without the lines that the read-back left out. */
function afterReadback(state: OrderState, { readback, turn, atMs }: ClosingWords): readonly OrderState[] {
  if (readback === null || turn - readback.turn > READBACK_TURNS) return [state];
  const left = state.lines.filter((line) => line.turn < readback.turn);
  const said = state.lines.length - left.length;
  if (left.length === 0 || said === 0) return [state];
  const dropped = left.reduce((next, line) => removeLine(next, line.id, silentSource(turn, atMs)), state);
  // One thing said again may be said for itself; two and more are a list.
  return readback.isSure || said >= 2 ? [withCost(state, 0.4), dropped] : [state, withCost(dropped, 0.4)];
}

/** The fewest mendings after which a reading costs what was said: one, or two of a short order. */
function mendedReadings(
  read: readonly OrderState[],
  closing: ClosingWords,
  fits: (state: OrderState) => boolean,
): readonly OrderState[] {
  const once = read.flatMap((state) => mendings(state, closing));
  const found = once.filter(fits);
  if (found.length > 0 || once.length > TWICE_MENDED) return found;
  return once.flatMap((state) => mendings(state, closing)).filter(fits);
}

/** What the order may be where words were missed. Only one that costs the spoken total is believed; two of them are a doubt. */
function mendings(state: OrderState, closing: ClosingWords): readonly OrderState[] {
  return [
    ...withoutReplaced(state, closing),
    ...withAbsorbed(state, closing),
    ...withoutEarlierOption(state, closing),
    ...(state.lines.length === 0 ? [] : closing.withheld).map(({ line, source }) => addLine(state, line, source)),
  ];
}

/** Of two options of a group the later may have taken the place of the earlier. */
function withoutEarlierOption(state: OrderState, { turn, atMs }: ClosingWords): readonly OrderState[] {
  return state.lines.flatMap((line) =>
    line.options
      .filter(({ option, action }, index) =>
        line.options.some(
          (later, at) =>
            at > index && later.option.groupId === option.groupId && action === 'add' && later.action === 'add',
        ),
      )
      .map((earlier) => {
        const options = line.options.filter((each) => each !== earlier);
        return changeLine(state, line.id, { options }, silentSource(turn, atMs));
      }),
  );
}

/** A line beside which a later one of its kind stands may have been replaced by it, in words that were missed. */
function withoutReplaced(state: OrderState, { turn, atMs }: ClosingWords): readonly OrderState[] {
  const isFollowed = (line: OrderState['lines'][number], index: number) =>
    state.lines.some(
      (later, at) => at > index && later.turn >= line.turn && later.item.category === line.item.category,
    );
  return state.lines.filter(isFollowed).map((line) => removeLine(state, line.id, silentSource(turn, atMs)));
}

/** A side or drink of its own may be the choice that a combo lacks. */
function withAbsorbed(state: OrderState, { turn, atMs }: ClosingWords): readonly OrderState[] {
  return state.lines.flatMap((combo) =>
    (combo.item.combo?.slots ?? []).flatMap((slot) =>
      state.lines
        .filter(({ item, quantity }) => quantity === combo.quantity && slot.options.some(({ id }) => id === item.id))
        .map((line) => {
          const source = silentSource(turn, atMs);
          const slots = combo.slots.has(slot.id) ? combo.slots : new Map([...combo.slots, [slot.id, line.item]]);
          return removeLine(changeLine(state, combo.id, { slots }, source), line.id, source);
        }),
    ),
  );
}

/** Where what was not said counts. */
function silentSource(turn: number, atMs: number): Source {
  return { evidence: { turn, fromMs: atMs, toMs: atMs, text: '' }, atMs };
}
