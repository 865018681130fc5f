import type { Menu } from '../menu/menu.ts';
import {
  emptyState,
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

/** The turn in which the order was last said again; sure: "just", nothing else. */
export interface Readback {
  readonly turn: number;
  readonly isSure: boolean;
}

export interface ClosingWords {
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
  const mended = isFound
    ? []
    : withoutReplaced(read[0] ?? emptyState, closing)
        .filter(fits)
        .slice(0, 1);
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

/** A line beside which a later one of its kind stands may have been replaced by it, in words that were missed. */
function withoutReplaced(state: OrderState, { turn, atMs }: ClosingWords): readonly OrderState[] {
  const isFollowed = (line: OrderState['lines'][number]) =>
    state.lines.some((later) => later.turn > line.turn && later.item.category === line.item.category);
  return state.lines.filter(isFollowed).map((line) => removeLine(state, line.id, silentSource(turn, atMs)));
}

/** Where what was not said counts. */
function silentSource(turn: number, atMs: number): Source {
  return { evidence: { turn, fromMs: atMs, toMs: atMs, text: '' }, atMs };
}
