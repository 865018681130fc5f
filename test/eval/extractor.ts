import type { OrderSnapshot } from '../../src/orders/contract.ts';
import { createOrderExtractor } from '../../src/orders/extraction/order-extractor.ts';
import { loadMenu, type Menu } from '../../src/orders/menu/menu.ts';
import { piecesOf } from './pieces.ts';

export interface Sample {
  readonly turns: readonly { readonly text: string; readonly cut?: boolean; readonly tokens?: readonly string[] }[];
}

export interface ExtractedItem {
  readonly name: string;
  readonly quantity: number;
  readonly size?: string;
  readonly modifiers: readonly string[];
}

export interface Extracted {
  readonly orders: readonly { readonly items: readonly ExtractedItem[]; readonly status: 'confirmed' | 'abandoned' }[];
  readonly flags: readonly string[];
  readonly spokenTotal: number | undefined;
  readonly notes: readonly string[];
  readonly unresolved: readonly string[];
  readonly tokens: number;
}

const FRAME_MS = 80;
const BETWEEN_TURNS_MS = 1_600;
const menus = new WeakMap<object, Menu>();

/** Runs a row of the evaluation set through the extractor, as pieces at the model's frame rate. `menuJson` is the raw menu. */
export function extract(menuJson: object, sample: Sample): Extracted {
  let menu = menus.get(menuJson);
  if (menu === undefined) {
    menu = loadMenu(menuJson, 'evaluation menu');
    menus.set(menuJson, menu);
  }
  const extractor = createOrderExtractor(menu);
  let atMs = 0;
  let tokens = 0;
  for (const turn of sample.turns) {
    for (const piece of turn.tokens ?? piecesOf(turn.text)) {
      atMs += FRAME_MS;
      extractor.push({ piece: piece === 'PAD' || piece === 'EPAD' ? null : piece, atMs });
      tokens++;
    }
    if (turn.cut === true) extractor.cut(atMs);
    for (const endMs = atMs + BETWEEN_TURNS_MS; atMs < endMs; ) {
      atMs += FRAME_MS;
      extractor.push({ piece: null, atMs });
      tokens++;
    }
  }
  extractor.end(atMs, 'left');
  return describe(menu, extractor.orders, tokens);
}

function describe(menu: Menu, orders: readonly OrderSnapshot[], tokens: number): Extracted {
  const flags = new Set(
    orders.flatMap(({ reviewReasons }) => reviewReasons.filter((reason) => reason !== 'no_final_readback')),
  );
  return {
    orders: orders.map((order) => ({
      items: itemsOf(menu, order),
      status: order.status === 'abandoned' ? 'abandoned' : 'confirmed',
    })),
    // The evaluation set calls this one by a shorter name; a missing read-back is no flag there.
    flags: [...flags].map((flag) => (flag === 'out_of_stock_in_ticket' ? 'out_of_stock' : flag)),
    spokenTotal: orders.at(-1)?.totals.spokenTotalCents ?? undefined,
    notes: orders.flatMap(({ notes }) => notes.map(({ text }) => text)),
    unresolved: orders.flatMap(({ unresolved }) => unresolved),
    tokens,
  };
}

/** An order's lines as the evaluation set writes them. */
export function itemsOf(menu: Menu, order: OrderSnapshot): ExtractedItem[] {
  const nameOf = (id: string) => menu.items.find((item) => item.id === id)?.name ?? id;
  return order.lines.map((line) => ({
    name: line.name,
    quantity: line.quantity,
    ...(line.size === null ? {} : { size: line.size }),
    modifiers: [
      ...line.modifiers.map(({ name, action, half }) =>
        half !== null
          ? `${half === 'first' ? 'half1' : 'half2'}:${name}`
          : action === 'add'
            ? name
            : `${action}:${name}`,
      ),
      ...Object.entries(line.combo?.slots ?? {}).map(([id, { itemId }]) => `${id}=${nameOf(itemId)}`),
    ],
  }));
}
