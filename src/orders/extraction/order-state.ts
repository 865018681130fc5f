import type { Menu, MenuItem, MenuOption } from '../menu/menu.ts';
import { priceOrder, unitPriceCents } from '../menu/pricing.ts';
import type { TicketEvidence, TicketHistoryEntry } from '../ticket.ts';
import type { ModifierAction } from './mention.ts';

export interface LineOption {
  readonly option: MenuOption;
  readonly action: ModifierAction;
  readonly half: 'first' | 'second' | null;
}

export interface OrderLine {
  readonly id: string;
  readonly item: MenuItem;
  readonly quantity: number;
  readonly size: string | null;
  readonly options: readonly LineOption[];
  readonly slots: ReadonlyMap<string, MenuItem>;
  /** Options that were added and taken off again: "no vanilla" then asks for nothing. */
  readonly takenBack: readonly MenuOption[];
  readonly evidence: readonly TicketEvidence[];
  readonly confidence: number;
  /** The turn that last said something of it. */
  readonly turn: number;
}

/** The latest entry first; shared by the states that grew from one another. */
export interface History {
  readonly entry: TicketHistoryEntry;
  readonly before: History | null;
}

/** One reading of the order. Never changed: a step makes a new one, so that several readings live side by side. */
export interface OrderState {
  readonly lines: readonly OrderLine[];
  readonly nextLine: number;
  /** The line that "that", a bare size or a bare option is about. */
  readonly focusId: string | null;
  /** What the reading's doubtful choices cost; the cheapest one is shown. */
  readonly cost: number;
  readonly history: History | null;
  /** Lines that this segment spoke of. */
  readonly touched: ReadonlySet<string>;
}

export const emptyState: OrderState = {
  lines: [],
  nextLine: 1,
  focusId: null,
  cost: 0,
  history: null,
  touched: new Set(),
};

/** Evidence a line keeps: the first words and the latest. */
const EVIDENCE_KEPT = 12;
const LINES_KEPT = 60;

export interface Source {
  readonly evidence: TicketEvidence;
  readonly atMs: number;
}

export interface NewLine {
  readonly item: MenuItem;
  readonly quantity: number;
  readonly size: string | null;
  readonly options: readonly LineOption[];
  readonly slots?: ReadonlyMap<string, MenuItem>;
}

export function addLine(state: OrderState, line: NewLine, source: Source): OrderState {
  if (state.lines.length >= LINES_KEPT) return state;
  const id = `l${state.nextLine}`;
  const added: OrderLine = {
    slots: new Map(),
    ...line,
    id,
    quantity: Math.min(line.quantity, 999),
    takenBack: [],
    evidence: [source.evidence],
    confidence: 1,
    turn: source.evidence.turn,
  };
  return {
    ...state,
    lines: [...state.lines, added],
    nextLine: state.nextLine + 1,
    focusId: id,
    touched: new Set([...state.touched, id]),
    history: entry(state, 'add', id, source),
  };
}

export function changeLine(
  state: OrderState,
  id: string,
  change: Partial<Pick<OrderLine, 'item' | 'quantity' | 'size' | 'options' | 'slots'>>,
  source: Source,
  op: TicketHistoryEntry['op'] = 'set',
): OrderState {
  const old = state.lines.find((line) => line.id === id);
  if (old === undefined) return state;
  const merged = { ...old, ...change };
  const gone = old.options
    .filter(({ option, action }) => action !== 'no' && !merged.options.some((each) => each.option === option))
    .map(({ option }) => option);
  const isSame =
    merged.item === old.item &&
    merged.quantity === old.quantity &&
    merged.size === old.size &&
    sameOptions(merged.options, old.options) &&
    sameSlots(merged.slots, old.slots);
  const line: OrderLine = {
    ...merged,
    quantity: Math.min(merged.quantity, 999),
    takenBack: gone.length === 0 ? old.takenBack : [...old.takenBack, ...gone],
    evidence: withEvidence(old.evidence, source.evidence),
    turn: source.evidence.turn,
  };
  return {
    ...state,
    lines: state.lines.map((each) => (each.id === id ? line : each)),
    focusId: id,
    touched: new Set([...state.touched, id]),
    history: isSame ? state.history : entry(state, op, id, source),
  };
}

export function removeLine(state: OrderState, id: string, source: Source): OrderState {
  const lines = state.lines.filter((line) => line.id !== id);
  if (lines.length === state.lines.length) return state;
  return {
    ...state,
    lines,
    focusId: state.focusId === id ? (lines.at(-1)?.id ?? null) : state.focusId,
    history: entry(state, 'remove', id, source),
  };
}

export function clearLines(state: OrderState, source: Source): OrderState {
  if (state.lines.length === 0) return state;
  return { ...state, lines: [], focusId: null, history: entry(state, 'clear', null, source) };
}

export function withCost(state: OrderState, cost: number): OrderState {
  return cost === 0 ? state : { ...state, cost: state.cost + cost };
}

export function linePriceCents(line: OrderLine): number {
  return unitPriceCents(
    line.item,
    line.size,
    line.options.map(({ option, action }) => ({ action, priceCents: option.priceCents })),
  );
}

export function totalCents(menu: Menu, state: OrderState): number {
  return priceOrder(
    menu,
    state.lines.map((line) => linePriceCents(line) * line.quantity),
  ).totalCents;
}

/** Equal for orders that hold the same, whatever the order of their lines. */
export function signature(lines: readonly OrderLine[]): string {
  return lines
    .map(({ item, size, quantity, options, slots }) => {
      const parts = options.map(({ option, action, half }) => `${half ?? ''}:${action}:${option.optionId}`).sort();
      const chosen = [...slots].map(([id, { id: chosenId }]) => `${id}=${chosenId}`).sort();
      return `${quantity} ${item.id}/${size ?? ''} ${parts.join(',')} ${chosen.join(',')}`;
    })
    .sort()
    .join('; ');
}

export function entry(state: OrderState, op: TicketHistoryEntry['op'], lineId: string | null, source: Source): History {
  const { turn, text } = source.evidence;
  return { entry: { op, lineId, turn, atMs: source.atMs, text }, before: state.history };
}

function withEvidence(kept: readonly TicketEvidence[], added: TicketEvidence): readonly TicketEvidence[] {
  const last = kept.at(-1);
  if (last !== undefined && last.fromMs === added.fromMs && last.toMs === added.toMs) return kept;
  const all = [...kept, added];
  return all.length <= EVIDENCE_KEPT ? all : [...all.slice(0, 2), ...all.slice(3)];
}

function sameOptions(left: readonly LineOption[], right: readonly LineOption[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ option, action, half }) =>
      right.some((other) => other.option === option && other.action === action && other.half === half),
    )
  );
}

function sameSlots(left: ReadonlyMap<string, MenuItem>, right: ReadonlyMap<string, MenuItem>): boolean {
  return left.size === right.size && [...left].every(([id, item]) => right.get(id)?.id === item.id);
}
